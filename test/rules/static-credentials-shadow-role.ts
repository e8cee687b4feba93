import type { Facts } from '../../src/facts/facts.js'
import { known } from '../../src/model/fact.js'
import { accountFacts, associatedFacts, deploymentOf, podOf } from '../support/pods.js'
import type { Case } from '../support/rule-case.js'

const key = { name: 'AWS_ACCESS_KEY_ID', value: 'AKIAIOSFODNN7EXAMPLE' }
const secret = { name: 'AWS_SECRET_ACCESS_KEY', valueFrom: { secretKeyRef: { name: 'aws', key: 'secret' } } }
const withEnv = (...env: object[]): object => deploymentOf({ containers: [{ name: 'app', env }] })

const fromSecret = (name: string, key: string, optional?: boolean): object => ({
  name,
  valueFrom: { secretKeyRef: { name: 'aws', key, ...(optional && { optional }) } }
})
const envFrom = (...sources: object[]): object =>
  deploymentOf({ containers: [{ name: 'app', envFrom: sources }] })
const withFile = (container: object, volume: object = { secret: { secretName: 'velero' } }): object =>
  deploymentOf({ containers: [{ name: 'app', ...container }], volumes: [{ name: 'keys', ...volume }] })
const given = (keys: Readonly<Record<string, readonly string[]>>): Facts => ({
  ...accountFacts(),
  dataKeys: known(new Map(Object.entries(keys).map(([name, list]) => [name, new Set(list)])))
})

export const cases: readonly Case[] = [
  {
    why: 'key and secret',
    object: withEnv({ name: 'A' }, key, secret),
    facts: accountFacts(),
    field: 'spec.template.spec.containers[0].env[1]',
    message: /^container app sets AWS_ACCESS_KEY_ID, so .* instead of role .*cart$/
  },
  {
    why: 'from a Secret',
    object: withEnv({ ...key, value: undefined, valueFrom: {} }, secret),
    facts: accountFacts(),
    message: /sets AWS_ACCESS_KEY_ID/
  },
  {
    why: 'in a pod',
    object: podOf({ containers: [{ name: 'app', env: [key, secret] }] }),
    facts: accountFacts(),
    message: /sets/
  },
  {
    why: 'from an optional Secret that is not in sight, as the EBS CSI driver has it',
    object: withEnv(
      fromSecret('AWS_ACCESS_KEY_ID', 'key', true),
      fromSecret('AWS_SECRET_ACCESS_KEY', 'secret', true)
    ),
    facts: accountFacts()
  },
  {
    why: 'from an optional Secret that is there',
    object: withEnv(
      fromSecret('AWS_ACCESS_KEY_ID', 'key', true),
      fromSecret('AWS_SECRET_ACCESS_KEY', 'secret', true)
    ),
    facts: given({ 'Secret/aws': ['key', 'secret'] }),
    field: 'spec.template.spec.containers[0].env[0]',
    message: /^container app sets AWS_ACCESS_KEY_ID, so/
  },
  {
    why: 'from an optional Secret that lacks one of the keys',
    object: withEnv(
      fromSecret('AWS_ACCESS_KEY_ID', 'key', true),
      fromSecret('AWS_SECRET_ACCESS_KEY', 'secret', true)
    ),
    facts: given({ 'Secret/aws': ['key'], 'ConfigMap/aws': ['secret'] })
  },
  {
    why: 'from a Secret that must be there',
    object: withEnv(fromSecret('AWS_ACCESS_KEY_ID', 'key'), fromSecret('AWS_SECRET_ACCESS_KEY', 'secret')),
    facts: accountFacts(),
    message: /sets AWS_ACCESS_KEY_ID/
  },
  {
    why: 'from an optional ConfigMap that is there',
    object: withEnv(
      {
        name: 'AWS_ACCESS_KEY_ID',
        valueFrom: { configMapKeyRef: { name: 'aws', key: 'key', optional: true } }
      },
      secret
    ),
    facts: given({ 'ConfigMap/aws': ['key'] }),
    message: /sets AWS_ACCESS_KEY_ID/
  },
  {
    why: 'all keys of a Secret that is there',
    object: envFrom({ secretRef: { name: 'aws' } }),
    facts: given({ 'Secret/aws': ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY'] }),
    field: 'spec.template.spec.containers[0].envFrom[0]',
    message: /^container app sets AWS_ACCESS_KEY_ID \(from Secret aws\), so AWS SDKs/
  },
  {
    why: 'with a prefix, and the secret from another object',
    object: envFrom(
      { configMapRef: { name: 'ids' }, prefix: 'AWS_' },
      { secretRef: { name: 'aws', optional: true } }
    ),
    facts: given({ 'ConfigMap/ids': ['ACCESS_KEY_ID'], 'Secret/aws': ['AWS_SECRET_ACCESS_KEY'] }),
    message: /\(from ConfigMap ids\)/
  },
  {
    why: 'with a prefix that is not one of AWS',
    object: envFrom({ secretRef: { name: 'aws' }, prefix: 'OLD_' }),
    facts: given({ 'Secret/aws': ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY'] })
  },
  {
    why: 'an empty variable wins over the keys of a Secret',
    object: deploymentOf({
      containers: [
        { name: 'app', env: [{ name: 'AWS_ACCESS_KEY_ID' }], envFrom: [{ secretRef: { name: 'aws' } }] }
      ]
    }),
    facts: given({ 'Secret/aws': ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY'] })
  },
  {
    why: 'all keys of a Secret that is not in sight',
    object: envFrom({ secretRef: { name: 'aws' } }, {}, { secretRef: 7 }),
    facts: accountFacts()
  },
  ...['AWS_SHARED_CREDENTIALS_FILE', 'AWS_CONFIG_FILE'].map((name) => ({
    why: `${name} in a Secret`,
    object: withFile({
      env: [{ name, value: '/credentials/cloud' }],
      volumeMounts: [{ name: 'keys', mountPath: '/credentials' }]
    }),
    facts: accountFacts(),
    field: 'spec.template.spec.containers[0].env[0]',
    message: new RegExp(
      `^container app has AWS credentials or settings from Secret velero in ${name} \\("/credentials/cloud"\\), which AWS SDKs may prefer over role .*cart$`
    )
  })),
  {
    why: 'a file in a projected Secret',
    object: withFile(
      {
        env: [{ name: 'AWS_CONFIG_FILE', value: '/credentials/cloud' }],
        volumeMounts: [{ name: 'keys', mountPath: '/credentials' }]
      },
      { projected: { sources: [{ configMap: { name: 'a' } }, { secret: { name: 'velero' } }] } }
    ),
    facts: accountFacts(),
    message: /from Secret velero in AWS_CONFIG_FILE/
  },
  ...['/root/.aws', '/home/app/.aws/', '/root/.aws/credentials', '/root/.aws/config'].map((mountPath) => ({
    why: `a Secret at ${mountPath}`,
    object: withFile({
      volumeMounts: [
        { name: 'other', mountPath: '/x' },
        { name: 'keys', mountPath, subPath: 'a' }
      ]
    }),
    facts: accountFacts(),
    field: 'spec.template.spec.containers[0].volumeMounts[1]',
    message: /from Secret velero in "/
  })),
  {
    why: 'an optional Secret that is not in sight',
    object: withFile(
      { volumeMounts: [{ name: 'keys', mountPath: '/root/.aws' }] },
      { secret: { secretName: 'velero', optional: true } }
    ),
    facts: accountFacts()
  },
  {
    why: 'an optional Secret that is there',
    object: withFile(
      { volumeMounts: [{ name: 'keys', mountPath: '/root/.aws' }] },
      { secret: { secretName: 'velero', optional: true } }
    ),
    facts: given({ 'Secret/velero': [] }),
    message: /from Secret velero/
  },
  {
    why: 'a file outside the volume, a path known only at run time, an empty path',
    object: withFile({
      env: [
        { name: 'AWS_CONFIG_FILE', value: '/etc/aws' },
        { name: 'AWS_SHARED_CREDENTIALS_FILE', valueFrom: {} }
      ],
      volumeMounts: [{ name: 'keys', mountPath: '/credentials' }]
    }),
    facts: accountFacts()
  },
  {
    why: 'a file that is not in a Secret',
    object: withFile(
      {
        env: [
          { name: 'AWS_CONFIG_FILE', value: '/credentials/cloud' },
          { name: 'AWS_SHARED_CREDENTIALS_FILE', value: '' }
        ],
        volumeMounts: [
          { name: 'keys', mountPath: '/credentials' },
          { name: 'gone', mountPath: '/root/.aws' }
        ]
      },
      { configMap: { name: 'settings' } }
    ),
    facts: accountFacts()
  },
  { why: 'key without secret does nothing', object: withEnv(key), facts: accountFacts() },
  { why: 'empty', object: withEnv({ ...key, value: '' }, secret), facts: accountFacts() },
  {
    why: 'no role requested',
    object: withEnv(key, secret),
    facts: accountFacts({ 'eks.amazonaws.com/role-arn': undefined })
  },
  {
    why: 'only one of two containers',
    object: deploymentOf({ containers: [{ name: 'app', env: [key, secret] }, { name: 'proxy' }] }),
    facts: accountFacts(),
    message: /container app/
  },
  {
    why: 'a container that is not meant to have a role',
    object: deploymentOf(
      { containers: [{ name: 'app', env: [key, secret] }] },
      { annotations: { 'eks.amazonaws.com/skip-containers': 'app' } }
    ),
    facts: accountFacts()
  },
  {
    why: 'an association, and an access key',
    object: deploymentOf({
      containers: [
        {
          name: 'app',
          env: [
            { name: 'AWS_ACCESS_KEY_ID', value: 'AKIAIOSFODNN7EXAMPLE' },
            { name: 'AWS_SECRET_ACCESS_KEY', value: 'x' }
          ]
        }
      ]
    }),
    facts: associatedFacts(),
    message: /use that access key instead of the role of its EKS Pod Identity association$/,
    fix: /from the container, or delete the association$/
  },
  {
    why: 'an association, and a credentials file',
    object: deploymentOf({
      containers: [{ name: 'app', volumeMounts: [{ name: 'aws', mountPath: '/root/.aws' }] }],
      volumes: [{ name: 'aws', secret: { secretName: 'aws' } }]
    }),
    facts: associatedFacts(),
    message: /may prefer over the role of its EKS Pod Identity association$/
  }
]
