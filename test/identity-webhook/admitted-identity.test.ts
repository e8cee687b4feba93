import t from 'tap'
import { type AdmissionInQuestion, admittedIdentityOf } from '../../src/identity-webhook/admitted-identity.js'
import { defaultIdentityWebhook } from '../../src/identity-webhook/settings.js'
import { known, moot, unknown } from '../../src/model/fact.js'
import { parsePod, type Pod } from '../../src/model/pod.js'
import {
  agentContainer,
  agentVolume,
  fileEnv,
  injectedContainer,
  injectedPod,
  otherRole,
  podOf,
  role,
  roleEnv,
  tokenMount,
  tokenVolume
} from '../support/pods.js'

const parsed = (object: object): Pod => {
  const pod = parsePod(object)
  if (pod === undefined) throw new Error('this is a pod')
  return pod
}
const audience = 'sts.amazonaws.com'
const asks = known({ role, isComposed: false, audience })
const asksNothing = known(undefined)
const associated = known({ exists: true as const, since: undefined })
const plain = podOf()
const two = podOf({ containers: [{ name: 'app' }, { name: 'proxy' }] })
const own = { name: 'app', env: [{ ...roleEnv, value: otherRole }, fileEnv], volumeMounts: [tokenMount] }
const onAgent = podOf({ containers: [agentContainer('app')], volumes: [agentVolume] })

const judge = (sent: object, admitted: object, facts: Partial<AdmissionInQuestion> = {}): unknown =>
  admittedIdentityOf({
    sent: parsed(sent),
    admitted: parsed(admitted),
    request: asks,
    association: moot('not looked up'),
    settings: defaultIdentityWebhook,
    ...facts
  })

t.test('an identity is present', async (t) => {
  const irsa = { state: 'present', chain: 'irsa', role }
  const agent = { state: 'present', chain: 'pod-identity', role: undefined }
  t.strictSame(judge(plain, injectedPod('app')), irsa)
  t.strictSame(judge(two, injectedPod('app', 'proxy')), irsa)
  t.strictSame(
    judge(plain, onAgent),
    agent,
    'the identity webhook knows an association that nobody else knows'
  )
  t.strictSame(judge(plain, onAgent, { request: asksNothing, association: associated }), agent)
  t.strictSame(judge(plain, injectedPod('app'), { request: unknown('not read') }), irsa)

  const later = podOf({
    containers: [injectedContainer('app'), { name: 'istio-proxy' }],
    volumes: [tokenVolume]
  })
  t.strictSame(judge(plain, later), irsa, 'a container that another webhook added later')
  const mixed = { containers: [own, injectedContainer('proxy')], volumes: [tokenVolume] }
  t.strictSame(
    judge(podOf({ ...mixed, containers: [own, { name: 'proxy' }] }), podOf(mixed)),
    irsa,
    'the role of the account, next to a container with its own'
  )
  const alone = podOf({ containers: [own, { name: 'proxy' }], volumes: [tokenVolume] })
  t.strictSame(
    judge(alone, alone, { request: asksNothing }),
    { ...irsa, role: otherRole },
    'its own credentials, if the account gives none'
  )
})

t.test('an identity is absent', async (t) => {
  const table: readonly (readonly [
    why: string,
    sent: object,
    admitted: object,
    facts: Partial<AdmissionInQuestion>,
    because: string,
    isFinal?: true
  ])[] = [
    ['nothing was injected', plain, plain, {}, 'container "app" got no credentials'],
    [
      'one of two containers',
      two,
      podOf({ containers: [injectedContainer('app'), { name: 'proxy' }], volumes: [tokenVolume] }),
      {},
      'container "proxy" got no credentials'
    ],
    [
      'no token',
      plain,
      podOf({ containers: [injectedContainer('app')] }),
      {},
      'container "app" mounts the volume aws-iam-token, which the pod does not define'
    ],
    [
      'an association that is not in effect yet',
      plain,
      injectedPod('app'),
      { association: associated },
      `container "app" got role ${role} through IRSA, not the credentials of its EKS Pod Identity association`
    ],
    [
      'the role of before',
      plain,
      podOf({ containers: [injectedContainer('app', otherRole)], volumes: [tokenVolume] }),
      {},
      `container "app" got role ${otherRole}, not ${role}, which its service account requests`
    ],
    [
      'a role that is none',
      plain,
      podOf({
        containers: [injectedContainer('app', 'arn:aws:iam::111122223333:policy/cart')],
        volumes: [tokenVolume]
      }),
      { request: asksNothing },
      'container "app" got "arn:aws:iam::111122223333:policy/cart", which is not the ARN of a role'
    ],
    [
      'another endpoint',
      plain,
      podOf({ containers: [agentContainer('app', 'http://10.0.0.1/')], volumes: [agentVolume] }),
      {},
      `container "app" sets AWS_CONTAINER_CREDENTIALS_FULL_URI to an endpoint that is not the EKS Pod Identity Agent's`
    ],
    [
      'the template keeps the token away',
      podOf({ containers: [{ name: 'app', env: [roleEnv] }] }),
      podOf({ containers: [{ name: 'app', env: [roleEnv] }] }),
      {},
      'container "app" lacks AWS_WEB_IDENTITY_TOKEN_FILE',
      true
    ],
    [
      'the label',
      podOf({}, { labels: { 'eks.amazonaws.com/skip-pod-identity-webhook': '' } }),
      podOf({}, { labels: { 'eks.amazonaws.com/skip-pod-identity-webhook': '' } }),
      {},
      'the label eks.amazonaws.com/skip-pod-identity-webhook makes the identity webhook skip the pod',
      true
    ],
    [
      'the annotation',
      podOf({}, { annotations: { 'eks.amazonaws.com/skip-containers': 'app' } }),
      podOf({}, { annotations: { 'eks.amazonaws.com/skip-containers': 'app' } }),
      {},
      'the annotation eks.amazonaws.com/skip-containers makes the identity webhook skip every container',
      true
    ]
  ]
  for (const [why, sent, admitted, facts, because, isFinal = false] of table)
    t.strictSame(judge(sent, admitted, facts), { state: 'absent', because, isFinal }, why)
})
