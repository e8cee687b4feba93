import t from 'tap'
import {
  connectCluster,
  loadClusterCa,
  loadClusterObject,
  readClusterIdentityWebhook
} from '../../../src/commands/support/cluster.js'
import type { KubeResponse } from '../../../src/kube/response.js'
import { clientThat } from '../../support/kube-client.js'

const name = 'mutatingwebhookconfiguration pod-identity-webhook'
const server = 'https://127.0.0.1:6443'
const read = (answer: Partial<KubeResponse> | Error): Promise<unknown> =>
  loadClusterObject(
    clientThat(() => answer),
    '/apis/a',
    name
  )

t.test('says that there is no cluster', async (t) => {
  t.throws(() => connectCluster({}, { HOME: t.testdir() }), {
    code: 'ERR_KUBECONFIG',
    message: /^no cluster found: /
  })
})

t.test('says why an object was not read', async (t) => {
  t.strictSame(await read({ body: { kind: 'a' } }), { kind: 'a' })
  const table: readonly (readonly [answer: Partial<KubeResponse> | Error, code: string, message: string])[] =
    [
      [{ status: 404 }, 'ERR_INPUT', `there is no ${name} in the cluster ${server}`],
      [
        { status: 403, body: { message: 'forbidden' } },
        'ERR_INPUT',
        `you are not allowed to read ${name} in the cluster ${server} (403: forbidden)`
      ],
      [
        { status: 401, body: 'Unauthorized' },
        'ERR_KUBECONFIG',
        `the cluster ${server} does not accept the credentials of the kubeconfig (401); they may have expired, so log in again`
      ],
      [
        { status: 500 },
        'ERR_INPUT',
        `${name} could not be read (the API server answered 500): cluster ${server}`
      ],
      [
        { status: 200, body: 'a' },
        'ERR_INPUT',
        `${name} could not be read (the API server did not return an object): cluster ${server}`
      ],
      [
        new Error('connect ECONNREFUSED'),
        'ERR_KUBECONFIG',
        `the cluster ${server} could not be queried: ${name} could not be read (connect ECONNREFUSED)`
      ]
    ]
  for (const [answer, code, message] of table) await t.rejects(read(answer), { code, message }, message)
})

t.test('says why the CAs of the cluster were not read', async (t) => {
  const gone = clientThat(() => new Error('gone'))
  await t.rejects(loadClusterCa(gone, new Date()), {
    code: 'ERR_KUBECONFIG',
    message:
      /^the cluster https:\/\/127.0.0.1:6443 could not be queried: .*kube-root-ca.crt could not be read \(gone\)$/
  })
})

t.test(
  'reads how the identity webhook is set up; the configured prefix wins, and silence is no error',
  async (t) => {
    const nothing = clientThat(() => ({ status: 404 }))
    t.match(await readClusterIdentityWebhook(nothing, undefined), {
      source: 'default',
      annotationNames: { audience: 'eks.amazonaws.com/audience' }
    })
    t.match(await readClusterIdentityWebhook(nothing, 'aws.example'), {
      annotationNames: { audience: 'aws.example/audience' }
    })
    t.equal(
      await readClusterIdentityWebhook(
        clientThat(() => new Error('gone')),
        'aws.example'
      ),
      undefined
    )
  }
)
