// Whatever a cluster or a manifest holds: findings or nothing, never an exception. How long it takes is told
// by test/hostile/.
import fc from 'fast-check'
import t from 'tap'
import { defaultIdentityWebhook } from '../../src/identity-webhook/settings.js'
import { known } from '../../src/model/fact.js'
import { parseSubject, type Stage } from '../../src/model/subject.js'
import { rules } from '../../src/rules/index.js'
import { evaluate } from '../../src/verdict/evaluate.js'
import { buildPlanner } from '../../src/verdict/plan.js'
import {
  accountFacts,
  deploymentOf,
  injectedContainer,
  injectedPod,
  podOf,
  role,
  roleEnv,
  tokenVolume,
  withDerived
} from '../support/pods.js'

const facts = {
  ...accountFacts(),
  role: known({ exists: true as const, arn: role }),
  clusterPartition: known('aws'),
  neighbours: known({ asAccount: [], asDefault: ['deployment shop/web'], ownRoles: new Set<string>() }),
  rolesTrusting: known([role])
}

const planFor = buildPlanner(rules)

const judge = (object: unknown, stage: Stage = 'admitted'): number => {
  const subject = parseSubject(object, { stage })
  if (subject === undefined) return 0

  return evaluate(planFor(subject, defaultIdentityWebhook), subject, withDerived(subject, facts), {
    at: new Date()
  }).findings.length
}

// A shape that the rules know, in which anything may stand anywhere.
const anything = fc.letrec((tie) => ({
  value: fc.oneof(
    { depthSize: 'small' },
    fc.constantFrom(
      null,
      true,
      0,
      -1,
      1e21,
      '',
      'cart',
      'app',
      '$(A)',
      ' a',
      'aws-iam-token',
      role,
      'windows',
      'constructor',
      '__proto__'
    ),
    fc.array(tie('value'), { maxLength: 3 }),
    tie('map')
  ),
  map: fc.dictionary(
    fc.constantFrom(
      ...[
        'metadata',
        'spec',
        'template',
        'jobTemplate',
        'containers',
        'initContainers',
        'volumes',
        'volumeMounts',
        'mountPath',
        'subPath'
      ],
      ...[
        'env',
        'name',
        'value',
        'valueFrom',
        'projected',
        'sources',
        'serviceAccountToken',
        'audience',
        'path',
        'annotations',
        'labels'
      ],
      ...[
        'nodeSelector',
        'affinity',
        'os',
        'serviceAccountName',
        'ownerReferences',
        'kind',
        'eks.amazonaws.com/skip-containers'
      ],
      ...[
        'eks.amazonaws.com/role-arn',
        'eks.amazonaws.com/token-expiration',
        'eks.amazonaws.com/audience',
        '__proto__',
        'constructor'
      ]
    ),
    tie('value'),
    { maxKeys: 6 }
  )
}))

t.test('no JSON value makes reading or judging throw', async (t) => {
  const stages = fc.constantFrom<Stage>('source', 'admitted', 'running')
  const kinds = fc.constantFrom('Pod', 'Deployment', 'CronJob', 'ServiceAccount', 'Rollout')
  fc.assert(fc.property(fc.jsonValue(), stages, (value, stage) => judge(value, stage) >= 0))
  fc.assert(
    fc.property(
      kinds,
      anything.map,
      stages,
      (kind, object, stage) => judge({ ...(object as object), apiVersion: 'v1', kind }, stage) >= 0
    ),
    { numRuns: 500 }
  )
  fc.assert(
    fc.property(anything.map, anything.map, stages, (metadata, spec, stage) => {
      const containers = [{ name: 'app', env: [roleEnv], ...(spec as object) }, null, [], spec]
      return (
        judge(
          {
            apiVersion: 'v1',
            kind: 'Pod',
            metadata,
            spec: { volumes: [tokenVolume, metadata], ...(spec as object), containers }
          },
          stage
        ) >= 0
      )
    }),
    { numRuns: 500 }
  )
  t.pass()
})

const repeat = <T>(count: number, make: (index: number) => T): T[] =>
  Array.from({ length: count }, (_, index) => make(index))

const hostile: readonly (readonly [string, unknown])[] = [
  ['no containers', podOf({ containers: [] })],
  ['containers that are none', podOf({ containers: [null, 7, 'app', [], { name: {} }] })],
  ['no spec', { apiVersion: 'v1', kind: 'Pod', metadata: null }],
  ['duplicate names', injectedPod('app', 'app', 'app')],
  [
    'volumes without names',
    podOf({
      volumes: [{}, { projected: {} }, { projected: { sources: [{}] } }],
      containers: [injectedContainer('app')]
    })
  ],
  [
    'env without values',
    podOf({
      containers: [
        { name: 'app', env: [{ name: 'AWS_ROLE_ARN' }, { name: 'AWS_WEB_IDENTITY_TOKEN_FILE' }, {}] }
      ]
    })
  ],
  [
    'valueFrom everywhere',
    podOf({
      containers: [{ name: 'app', env: repeat(50, (index) => ({ name: `AWS_${index}`, valueFrom: {} })) }]
    })
  ],
  [
    '10,000 variables',
    podOf({
      containers: [{ name: 'app', env: repeat(10_000, (index) => ({ name: `AWS_${index}`, value: 'x' })) }]
    })
  ],
  [
    '1,000 containers of 10 mounts',
    deploymentOf({
      containers: repeat(1000, (index) => ({ ...injectedContainer(`c${index}`), env: [roleEnv] })),
      volumes: repeat(1000, (index) => ({ name: `v${index}` }))
    })
  ],
  [
    'a projected volume of twenty sources',
    podOf({
      volumes: [
        {
          name: 'aws-iam-token',
          projected: { sources: repeat(20, () => ({ serviceAccountToken: { path: 'token' } })) }
        }
      ],
      containers: [injectedContainer('app')]
    })
  ],
  [
    'an annotation of 256 KiB of commas',
    podOf({}, { annotations: { 'eks.amazonaws.com/skip-containers': ','.repeat(262_144) } })
  ],
  [
    'an annotation of 256 KiB of quotes',
    podOf({}, { annotations: { 'eks.amazonaws.com/skip-containers': '"'.repeat(262_143) } })
  ],
  [
    'a wide object without a template',
    { apiVersion: 'example.com/v1', kind: 'Wide', spec: repeat(100_000, () => ({ a: {} })) }
  ],
  [
    'a deep object without a template',
    {
      apiVersion: 'example.com/v1',
      kind: 'Deep',
      spec: repeat(2000, (index) => index).reduce<object>((inner) => ({ template: inner }), {})
    }
  ],
  [
    '256 KiB of annotations',
    {
      apiVersion: 'v1',
      kind: 'ServiceAccount',
      metadata: {
        annotations: Object.fromEntries(repeat(4000, (index) => [`eks.amazonaws.com/role${index}`, role]))
      }
    }
  ]
]

t.test('hostile objects are judged', async (t) => {
  for (const [why, object] of hostile) t.ok(judge(object) >= 0, why)
})

t.test('what is hostile and wrong is still found', async (t) => {
  t.ok(judge(hostile[7]?.[1]) > 0, '10,000 variables, none of them the role')
  t.ok(judge(hostile[5]?.[1]) > 0, 'empty variables')
})
