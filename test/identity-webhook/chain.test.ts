import t from 'tap'
import { chainOf, type ChainQuestion } from '../../src/identity-webhook/chain.js'
import { defaultIdentityWebhook as settings } from '../../src/identity-webhook/settings.js'
import { known, unknown } from '../../src/model/fact.js'
import { parsePod } from '../../src/model/pod.js'
import {
  agentContainer,
  agentEnv,
  agentVolume,
  deploymentOf,
  fileEnv,
  injectedContainer,
  injectedPod,
  podOf,
  role,
  roleEnv,
  tokenMount,
  tokenVolume
} from '../support/pods.js'

const requests = {
  role: known({ role, isComposed: false, audience: 'sts.amazonaws.com' }),
  none: known(undefined),
  unknown: unknown('the service account could not be read')
}
const associations = {
  known: known({ exists: true as const, since: undefined }),
  none: known({ exists: false as const }),
  unknown: unknown('EKS did not answer')
}
type Account = readonly [keyof typeof requests, keyof typeof associations]
const questionOf = ([request, association]: Account): ChainQuestion => ({
  request: requests[request],
  association: associations[association]
})

// An association wins over the annotation: https://github.com/aws/amazon-eks-pod-identity-webhook
// (pkg/handler/handler.go, buildPodPatchConfig)
t.test('the chain of a service account', async (t) => {
  for (const [account, chain, because] of [
    [
      ['role', 'known'],
      'pod-identity',
      /^the service account has an EKS Pod Identity association, which wins over role/
    ],
    [['none', 'known'], 'pod-identity', /^the service account has an EKS Pod Identity association$/],
    [['unknown', 'known'], 'pod-identity', /association$/],
    [['role', 'none'], 'irsa', /requests role .*, and has no association$/],
    [['none', 'none'], 'none', /neither a role nor/],
    [['unknown', 'none'], 'unknown', /could not be read/],
    [['role', 'unknown'], 'unknown', /requests role .*, but may have an .* association: EKS did not answer$/],
    [['none', 'unknown'], 'unknown', /^the service account may have/]
  ] as const)
    t.match(chainOf(questionOf(account)), { chain, because }, account.join(' '))
})

const keys = [
  { name: 'AWS_ACCESS_KEY_ID', value: 'AKIAIOSFODNN7EXAMPLE' },
  { name: 'AWS_SECRET_ACCESS_KEY', value: 'x' }
]
const app = (...env: readonly object[]): object => ({ name: 'app', env })

// The order of providers: https://docs.aws.amazon.com/sdkref/latest/guide/standardized-credentials.html
t.test('the chain of the pods of a template', async (t) => {
  const chainOfTemplate = (account: Account, spec: object, metadata: object = {}): unknown => {
    const object = deploymentOf(spec, metadata) as { spec: { template: unknown } }
    const pod = parsePod(object.spec.template)
    if (pod === undefined) throw new Error('not a pod')
    return chainOf({ ...questionOf(account), template: { pod, isMutated: false, settings } })
  }
  for (const [why, account, spec, chain, because] of [
    ['nothing of its own', ['role', 'known'], {}, 'pod-identity', /which wins over/],
    ['nothing of its own', ['role', 'none'], {}, 'irsa', /requests role/],
    ['nothing of its own', ['none', 'none'], {}, 'none', /neither/],
    ['nothing of its own', ['role', 'unknown'], {}, 'unknown', /may have/],
    [
      'access keys',
      ['role', 'known'],
      { containers: [app(...keys)] },
      'none',
      /sets AWS_ACCESS_KEY_ID, which/
    ],
    ['half a key', ['none', 'known'], { containers: [app(...keys.slice(1))] }, 'pod-identity', /association/],
    [
      'keys that may be missing',
      ['none', 'known'],
      {
        containers: [
          app(
            {
              name: 'AWS_ACCESS_KEY_ID',
              valueFrom: { secretKeyRef: { name: 'a', key: 'b', optional: true } }
            },
            ...keys.slice(1)
          )
        ]
      },
      'pod-identity',
      /association/
    ],
    [
      'a profile, which can name any provider',
      ['none', 'known'],
      { containers: [app({ name: 'AWS_PROFILE', value: 'shop' })] },
      'unknown',
      /sets AWS_PROFILE, which AWS SDKs use first/
    ],
    [
      'its own web identity',
      ['none', 'known'],
      { containers: [{ ...app(roleEnv, fileEnv), volumeMounts: [tokenMount] }], volumes: [tokenVolume] },
      'irsa',
      /^container app has a role and a web identity token$/
    ],
    [
      'only a role, which SDKs ignore',
      ['role', 'known'],
      { containers: [app(roleEnv)] },
      'pod-identity',
      /association/
    ],
    ['only a role', ['role', 'none'], { containers: [app(roleEnv)] }, 'none', /container app lacks AWS_WEB/],
    [
      'another endpoint',
      ['none', 'known'],
      { containers: [app({ ...agentEnv, value: 'http://localhost/own' })] },
      'none',
      /to an endpoint that is not the EKS Pod Identity Agent's$/
    ],
    [
      'an empty endpoint',
      ['none', 'known'],
      { containers: [app({ ...agentEnv, value: '' })] },
      'none',
      /keeps the identity webhook from giving it credentials$/
    ],
    [
      'its own container credentials',
      ['none', 'none'],
      { containers: [agentContainer('app')], volumes: [agentVolume] },
      'pod-identity',
      /has container credentials$/
    ],
    [
      'containers that differ',
      ['none', 'known'],
      { containers: [app(...keys), { name: 'proxy' }] },
      'unknown',
      /^container app has other credentials than proxy$/
    ],
    ['no containers', ['none', 'known'], { containers: [] }, 'pod-identity', /association/]
  ] as const)
    t.match(chainOfTemplate(account, spec), { chain, because }, `${why}, ${account.join(' ')}`)
  t.match(
    chainOfTemplate(['role', 'known'], {}, { labels: { 'eks.amazonaws.com/skip-pod-identity-webhook': '' } }),
    { chain: 'none', because: /keeps the identity webhook/ },
    'an opt-out'
  )
})

t.test('the chain of a mutated pod shows in its containers', async (t) => {
  const chainOfPod = (account: Account, object: object): unknown => {
    const pod = parsePod(object)
    if (pod === undefined) throw new Error('not a pod')
    return chainOf({ ...questionOf(account), template: { pod, isMutated: true, settings } })
  }
  const onAgent = podOf({ containers: [agentContainer('app'), { name: 'proxy' }], volumes: [agentVolume] })
  t.match(chainOfPod(['none', 'unknown'], onAgent), { chain: 'pod-identity' }, 'whatever is known')
  t.match(chainOfPod(['role', 'known'], injectedPod('app')), { chain: 'irsa' }, 'older than the association')
  t.match(
    chainOfPod(['role', 'known'], podOf()),
    { chain: 'none', because: /^no container of the pod received credentials, although .* association/ },
    'nothing'
  )
  const both = {
    ...agentContainer('app'),
    env: [roleEnv, fileEnv, ...agentContainer('app').env],
    volumeMounts: [tokenMount, ...agentContainer('app').volumeMounts]
  }
  t.match(
    chainOfPod(['none', 'known'], podOf({ containers: [both], volumes: [tokenVolume, agentVolume] })),
    { chain: 'irsa' },
    'SDKs use a web identity first'
  )
  t.match(
    chainOfPod(
      ['none', 'known'],
      podOf({
        containers: [agentContainer('app'), injectedContainer('old')],
        volumes: [tokenVolume, agentVolume]
      })
    ),
    { chain: 'unknown', because: /^container app has other credentials than old$/ }
  )
})
