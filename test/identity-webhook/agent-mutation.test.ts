// What the identity webhook does to the pods of a service account with an EKS Pod Identity association, as the
// stand-in plays it and as `foreseeAgentMutation` predicts it:
// https://github.com/aws/amazon-eks-pod-identity-webhook (pkg/handler/handler.go and its testdata)
import t from 'tap'
import { agentCredentialsOf, credentialsOf } from '../../src/identity-webhook/credentials.js'
import { foreseeAgentMutation } from '../../src/identity-webhook/mutation.js'
import { defaultIdentityWebhook as settings } from '../../src/identity-webhook/settings.js'
import { parsePod } from '../../src/model/pod.js'
import { type Annotations, patchOf, type Pod } from '../support/identity-webhook-patch.js'
import { agentContainer, agentEnv, agentVolume, fileEnv, podOf, role, roleEnv } from '../support/pods.js'

const flags = { region: 'us-east-1', regionalSts: true }
const annotated = { 'eks.amazonaws.com/role-arn': role, 'eks.amazonaws.com/audience': 'vault' }
const path = '/var/run/secrets/pods.eks.amazonaws.com/serviceaccount'
const patchFor = (pod: object, account: Annotations = annotated): unknown[] =>
  patchOf(pod as Pod, account, flags, { isAssociated: true }) ?? []

t.test('the whole patch; neither the annotated role nor the audience counts', async (t) => {
  const account = { ...annotated, 'eks.amazonaws.com/token-expiration': '3600' }
  t.strictSame(patchFor(podOf(), account), [
    { op: 'add', path: '/metadata/labels', value: { 'eks.amazonaws.com/pod-identity': 'enabled' } },
    {
      op: 'add',
      path: '/spec/volumes',
      value: [
        {
          name: 'eks-pod-identity-token',
          projected: {
            sources: [
              {
                serviceAccountToken: {
                  audience: 'pods.eks.amazonaws.com',
                  expirationSeconds: 3600,
                  path: 'eks-pod-identity-token'
                }
              }
            ]
          }
        }
      ]
    },
    {
      op: 'add',
      path: '/spec/containers',
      value: [
        {
          name: 'app',
          env: [
            { name: 'AWS_STS_REGIONAL_ENDPOINTS', value: 'regional' },
            { name: 'AWS_DEFAULT_REGION', value: 'us-east-1' },
            { name: 'AWS_REGION', value: 'us-east-1' },
            { name: 'AWS_CONTAINER_CREDENTIALS_FULL_URI', value: 'http://169.254.170.23/v1/credentials' },
            { name: 'AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE', value: `${path}/eks-pod-identity-token` }
          ],
          volumeMounts: [{ name: 'eks-pod-identity-token', readOnly: true, mountPath: path }]
        }
      ]
    }
  ])
})

t.test('an account that is not known is on IRSA, or left alone', async (t) => {
  t.equal(patchOf(podOf() as Pod, {}, flags), undefined)
  t.match(JSON.stringify(patchOf(podOf() as Pod, annotated, flags)), /AWS_ROLE_ARN.*role\/cart/)
  t.notMatch(JSON.stringify(patchFor(podOf())), /AWS_ROLE_ARN|vault/)
})

t.test('the token lasts 22 to 24 hours unless the pod or its account says otherwise', async (t) => {
  const [, seconds] = /"expirationSeconds":(\d+)/.exec(JSON.stringify(patchFor(podOf()))) ?? []
  t.ok(Number(seconds) >= 22 * 3600 && Number(seconds) < 24 * 3600, `${seconds} s`)
  const pod = podOf({}, { annotations: { 'eks.amazonaws.com/token-expiration': '7200' } })
  t.match(JSON.stringify(patchFor(pod)), /"expirationSeconds":7200/)
})

t.test('a pod whose containers are all skipped gets the label and the volume', async (t) => {
  const pod = podOf({}, { labels: { app: 'a' }, annotations: { 'eks.amazonaws.com/skip-containers': 'app' } })
  t.match(patchFor(pod), [
    { op: 'add', path: '/metadata/labels/eks.amazonaws.com~1pod-identity', value: 'enabled' },
    { path: '/spec/volumes' },
    { value: [{ name: 'app', env: undefined }] }
  ])
})

t.test('the prediction is what the stand-in does', async (t) => {
  const settled = [
    { name: 'AWS_REGION', value: 'eu-west-1' },
    { name: 'AWS_STS_REGIONAL_ENDPOINTS', value: 'regional' }
  ]
  const app = (...env: readonly object[]): object => ({ containers: [{ name: 'app', env }] })
  for (const [why, spec, metadata, expected] of [
    ['nothing set', {}, {}, ['endpoint']],
    ['init containers', { initContainers: [{ name: 'wait' }] }, {}, ['endpoint', 'endpoint']],
    ['one variable keeps both away', app(agentEnv), {}, ['incomplete']],
    ['an empty variable, too', app({ ...agentEnv, value: '' }), {}, ['incomplete']],
    ['both variables: volume and mount follow', app(...agentContainer('app').env), {}, ['endpoint']],
    [
      'region and STS settings, too: taken for complete',
      app(...agentContainer('app').env, ...settled),
      {},
      ['incomplete']
    ],
    ['a web identity of the template stays', app(roleEnv, fileEnv), {}, ['endpoint']],
    [
      'a volume of that name stays',
      { volumes: [{ name: 'eks-pod-identity-token', emptyDir: {} }] },
      {},
      ['incomplete']
    ],
    ['everything by hand', { containers: [agentContainer('app')], volumes: [agentVolume] }, {}, ['endpoint']],
    [
      'a skipped container',
      { containers: [{ name: 'app' }, { name: 'proxy' }] },
      { annotations: { 'eks.amazonaws.com/skip-containers': 'proxy' } },
      ['endpoint', 'none']
    ],
    ['Windows is mutated, too', { nodeSelector: { 'kubernetes.io/os': 'windows' } }, {}, ['endpoint']],
    ['Fargate is mutated, too', {}, { labels: { 'eks.amazonaws.com/fargate-profile': 'a' } }, ['endpoint']]
  ] as const) {
    const object = podOf(spec, metadata)
    const [before, after] = [parsePod(object), parsePod(patched(object as Pod))]
    if (before === undefined || after === undefined) throw new Error('not a pod')
    const foreseen = foreseeAgentMutation(before, settings)
    const kinds = (pod: typeof after): unknown =>
      pod.containers.map((container) => agentCredentialsOf(pod, container, settings).kind)
    t.strictSame(kinds(after), expected, why)
    t.strictSame(kinds(foreseen), expected, `${why}, foreseen`)
    const first = after.containers.at(-1)
    t.strictSame(
      first && credentialsOf(after, first, settings).kind === 'web-identity',
      false,
      'a role without the volume of IRSA is no web identity'
    )
  }
})

/** The pod after the stand-in's patch. */
function patched(pod: Pod): object {
  const copy = structuredClone(pod)
  for (const { path, value } of patchFor(copy) as { path: string; value: never }[]) {
    if (path === '/metadata/labels') copy.metadata.labels = value
    else if (path === '/spec/volumes/0') copy.spec.volumes?.unshift(value)
    else if (path === '/spec/volumes') copy.spec.volumes = value
    else if (path === '/spec/containers') copy.spec.containers = value
    else if (path === '/spec/initContainers') copy.spec.initContainers = value
  }
  return copy
}
