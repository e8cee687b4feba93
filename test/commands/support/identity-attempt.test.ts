import t from 'tap'
import { attemptIdentity } from '../../../src/commands/support/identity-attempt.js'
import { clusterFlags } from '../../../src/commands/support/kubectl.js'
import { parseObjectReference } from '../../../src/commands/support/object-reference.js'
import { repeatAttempts } from '../../../src/commands/support/repeat-attempts.js'
import { defaultIdentityWebhook } from '../../../src/identity-webhook/settings.js'
import type { KubeRequest } from '../../../src/kube/client.js'
import type { KubeResponse } from '../../../src/kube/response.js'
import { clientThat } from '../../support/kube-client.js'
import { deploymentOf, injectedPod } from '../../support/pods.js'

const { signal } = new AbortController()
const accountPath = '/api/v1/namespaces/shop/serviceaccounts/cart'
const podsPath = '/api/v1/namespaces/shop/pods'

/** One attempt for a Deployment; the API server answers what is given by path, otherwise 404. */
const attempt = (answers: Readonly<Record<string, Partial<KubeResponse> | Error>>): Promise<unknown> =>
  attemptIdentity(
    {
      client: clientThat(({ path }: KubeRequest) => answers[path] ?? { status: 404 }),
      reference: parseObjectReference(['deploy/cart'], 'shop', undefined),
      settings: defaultIdentityWebhook,
      associations: undefined,
      flags: ' --context prod'
    },
    signal
  )
const deployment = { '/apis/apps/v1/namespaces/shop/deployments/cart': { body: deploymentOf() } }
const account = { [accountPath]: { body: { metadata: {} } } }
const access = '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews'
const forbidden = { status: 403, body: { message: 'pods "a" is forbidden: nobody knows why' } }

t.test('an attempt that shows nothing says why', async (t) => {
  const table: readonly (readonly [Parameters<typeof attempt>[0], string | RegExp, string?])[] = [
    [
      { '/apis/apps/v1/namespaces/shop/deployments/cart': { body: { spec: {} } } },
      'deploy/cart has no pod template'
    ],
    [{ ...deployment, ...account, [podsPath]: new Error('reset') }, 'the API server did not answer (reset)'],
    [
      { ...deployment, ...account, [podsPath]: { status: 201, body: 'a' } },
      'the API server did not return the dry-run pod'
    ],
    [
      { ...deployment, ...account, [podsPath]: forbidden, [access]: { body: { status: { allowed: true } } } },
      'the API server refused the dry-run pod: pods "a" is forbidden: nobody knows why'
    ],
    [
      { ...deployment, ...account, [podsPath]: forbidden, [access]: new Error('reset') },
      /refused the dry-run pod/
    ],
    [
      {
        ...deployment,
        ...account,
        [podsPath]: {
          status: 403,
          body: { message: 'admission webhook "validate.irsa-guard.io" denied the request: pod-not-mutated' }
        }
      },
      /denied the request: pod-not-mutated/,
      'absent'
    ]
  ]
  for (const [answers, because, state = 'unknown'] of table)
    t.match(await attempt(answers), { state, because }, String(because))
})

t.test('a service account that cannot be read does not stop the dry run', async (t) => {
  const body = injectedPod('app')
  t.match(
    await attempt({ ...deployment, [accountPath]: { status: 500 }, [podsPath]: { status: 201, body } }),
    {
      state: 'present',
      chain: 'irsa'
    }
  )
})

t.test('a missing permission is named with the command that checks it', async (t) => {
  await t.rejects(
    attempt({
      ...deployment,
      ...account,
      [podsPath]: forbidden,
      [access]: { status: 201, body: { status: { allowed: false } } }
    }),
    { message: /check: kubectl auth can-i create pods -n shop --context prod$/ }
  )
})

t.test('the flags that choose the same cluster', async (t) => {
  t.equal(clusterFlags({}), '')
  t.equal(clusterFlags({ kubeconfig: '/a b', context: 'prod' }), " --kubeconfig '/a b' --context prod")
})

t.test('a bug in an attempt is not taken for an API server that is away', async (t) => {
  let attempts = 0
  const failing = async (): Promise<{ state: 'unknown'; because: string }> => {
    if (attempts++ > 0) throw new TypeError('a bug')
    return { state: 'unknown', because: 'not yet' }
  }
  const options = { timeout: 60_000, interval: 1, interrupted: signal, onWaiting: () => undefined }
  await t.rejects(repeatAttempts(failing, options), { message: 'a bug' })
})
