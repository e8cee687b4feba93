// An object may hold thousands of entries of each kind: whatever judges it costs linear time, and the answer
// stays small.
import t from 'tap'
import { noDeadline } from '../../src/model/deadline.js'
import { parseRoleArn } from '../../src/model/role-arn.js'
import { loadSnapshots } from '../../src/sources/iam-file/snapshot.js'
import { growthOf } from './growth.js'
import {
  admit,
  annotated,
  hook,
  mountPath,
  pod,
  type Request,
  role,
  serviceAccount,
  workload
} from './places.js'

const each = <T>(count: number, make: (index: number) => T): T[] =>
  Array.from({ length: count }, (_, index) => make(index))
const keys = (count: number, make: (index: number) => readonly [string, unknown]): object =>
  Object.fromEntries(each(count, make))
const variables = [
  { name: 'AWS_ROLE_ARN', value: role },
  { name: 'AWS_WEB_IDENTITY_TOKEN_FILE', value: `${mountPath}/token` }
]
const mount = { name: 'aws-iam-token', mountPath }
const tokens = (count: number): object[] =>
  each(count, (index) => ({ serviceAccountToken: { path: `token${index}` } }))
const hooks = (count: number, make: (index: number) => object): Record<string, unknown> => ({
  ...hook({}),
  webhooks: each(count, (index) => ({
    name: `hook-${index}.example.com`,
    clientConfig: { url: 'https://127.0.0.1/' },
    ...make(index)
  }))
})
const wrongBundle = (index: number): object => ({
  clientConfig: { url: `https://127.0.0.1/${index}`, caBundle: 'AAAA' }
})

const makers: Readonly<Record<string, (count: number) => Request>> = {
  'annotations of an account': (count) => ({
    object: annotated(keys(count, (index) => [`eks.amazonaws.com/role${index}`, role]))
  }),
  'waivers of a malformed role': (count) => ({
    object: serviceAccount({
      annotations: {
        'eks.amazonaws.com/role-arn': 'x',
        ...keys(count, (index) => [`ignore.irsa-guard.io/role-arn-${index}`, 'x'])
      }
    })
  }),
  'containers without credentials': (count) => ({
    object: pod({ containers: each(count, (index) => ({ name: `c${index}` })) })
  }),
  'containers with a part of them': (count) => ({
    object: pod({ containers: each(count, (index) => ({ name: `c${index}`, env: [variables[0]] })) })
  }),
  'containers with access keys': (count) => ({
    object: pod({
      containers: each(count, (index) => ({
        name: `c${index}`,
        env: ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY'].map((name) => ({ name, value: 'x' }))
      }))
    })
  }),
  'mounts of a volume of Secrets': (count) => ({
    object: pod({
      containers: [
        {
          name: 'app',
          volumeMounts: each(count, (index) => ({ name: 'keys', mountPath: `/${index}/.aws` })),
          envFrom: each(count, (index) => ({ secretRef: { name: `s${index}` } }))
        }
      ],
      volumes: [
        {
          name: 'keys',
          projected: { sources: each(count, (index) => ({ secret: { name: `s${index}`, optional: true } })) }
        }
      ]
    })
  }),
  'containers and volumes': (count) => ({
    object: pod({
      containers: each(count, (index) => ({
        name: `c${index}`,
        env: variables,
        volumeMounts: [{ ...mount, name: `v${index}` }]
      })),
      volumes: each(count, (index) => ({ name: `v${index}` }))
    })
  }),
  'containers and tokens': (count) => ({
    object: pod({
      containers: each(count, (index) => ({ name: `c${index}`, env: variables, volumeMounts: [mount] })),
      volumes: [{ name: 'aws-iam-token', projected: { sources: tokens(count) } }]
    })
  }),
  'containers and tokens of a template': (count) => ({
    object: workload(
      pod({
        containers: each(count, (index) => ({ name: `c${index}`, env: variables, volumeMounts: [mount] })),
        volumes: [{ name: 'aws-iam-token', projected: { sources: tokens(count) } }]
      })
    )
  }),
  'variables of a container': (count) => ({
    object: pod({}, {}, { env: each(count, (index) => ({ name: `AWS_${index}`, value: 'x' })) })
  }),
  'mounts of a container': (count) => ({
    object: pod(
      {},
      {},
      {
        env: variables,
        volumeMounts: each(count, (index) => ({
          name: `v${index}`,
          mountPath: `/${'a/'.repeat(index % 50)}`
        }))
      }
    )
  }),
  'skipped containers': (count) => ({
    object: pod(
      { containers: each(count, (index) => ({ name: `c${index}` })) },
      { annotations: { 'eks.amazonaws.com/skip-containers': each(count, (index) => `c${index}`).join(',') } }
    )
  }),
  'node selector terms': (count) => ({
    object: pod({
      affinity: {
        nodeAffinity: {
          requiredDuringSchedulingIgnoredDuringExecution: {
            nodeSelectorTerms: each(count, () => ({
              matchExpressions: [{ key: 'kubernetes.io/os', operator: 'In', values: ['windows'] }]
            }))
          }
        }
      }
    })
  }),
  'members of a custom resource': (count) => ({
    object: { apiVersion: 'example.com/v1', kind: 'Wide', spec: each(count, () => ({ a: { b: {} } })) }
  }),
  'templates of a custom resource': (count) => ({
    object: {
      apiVersion: 'example.com/v1',
      kind: 'Wide',
      metadata: {},
      spec: each(count, () => pod({}, {}, { env: [variables[0]] }))
    }
  }),
  'webhooks that an update leaves wrong': (count) => ({
    object: hooks(count, wrongBundle),
    old: hooks(count, wrongBundle)
  }),
  'webhooks that an update makes wrong': (count) => ({
    object: hooks(count, wrongBundle),
    old: hooks(count, () => ({}))
  }),
  'identity webhooks that an update removes': (count) => ({
    object: hooks(count, () => ({})),
    old: hooks(count, () => ({ name: 'iam-for-pods.amazonaws.com' }))
  }),
  'identity webhooks of one configuration': (count) => ({
    object: hooks(count, () => ({ name: 'iam-for-pods.amazonaws.com' }))
  }),
  'rules of a webhook': (count) => ({
    object: hook({ rules: each(count, () => ({ apiGroups: ['apps'] })) })
  }),
  'match conditions of a webhook': (count) => ({
    object: hook({ matchConditions: each(count, (index) => ({ name: `m${index}` })) })
  }),
  'selector of a webhook': (count) => ({
    object: hook({
      objectSelector: { matchExpressions: each(count, (index) => ({ key: `k${index}`, operator: 'Exists' })) }
    })
  }),
  'groups of a user': (count) => ({
    object: annotated({}),
    request: { userInfo: { groups: each(count, (index) => `g${index}`) } }
  })
}

// The largest request of an API server is 3 MiB: https://github.com/kubernetes/kubernetes
// (apiserver/pkg/server/config.go, MaxRequestBodyBytes)
const longestAnswer = 262_144

for (const [name, make] of Object.entries(makers)) {
  t.test(`twice the entries take less than three times the work: ${name}`, async (t) => {
    await admit(make(10))
    const requests = new Map([8000, 16_000].map((count) => [count, make(count)]))
    let answer = ''
    const growth = await growthOf(async (count) => {
      answer = await admit(structuredClone(requests.get(count)) ?? make(count)) // indexes are kept for as long as an object is
    }, 8000)
    t.ok(growth < 3, `${growth.toFixed(1)} times the work for twice the entries`)
    t.ok(answer.length < longestAnswer, `an answer of ${answer.length} characters`)
  })
}

t.test('roles that do not exist are compared with thousands of names in linear time', async (t) => {
  const arnOf = (name: string): string => `arn:aws:iam::111122223333:role/${name}`
  const growth = await growthOf((count) => {
    const { iam } = loadSnapshots([
      {
        file: 'iam.json',
        content: {
          apiVersion: 'irsa-guard.io/v1',
          kind: 'IamSnapshot',
          accounts: ['111122223333'],
          roles: each(count, (index) => ({ arn: arnOf(`team-${index % 97}-service-${index}`) }))
        }
      }
    ])
    for (let index = 0; index < count; index++) {
      const asked = parseRoleArn(arnOf(`team-${index % 97}-servcie-${index}-other`))
      const found = asked && iam.readRole(asked, { namespace: '', deadline: noDeadline, fresh: false })
      if (found === undefined || found instanceof Promise || found.state !== 'known' || found.value.exists)
        throw new Error('the role exists')
      if (found.value.similar !== undefined) throw new Error('a similar name')
    }
  }, 2000)
  t.ok(growth < 3, `${growth.toFixed(1)} times the work for twice the roles`)
})
