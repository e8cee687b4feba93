import t from 'tap'
import { buildLiveWebhooks } from '../../../src/sources/cluster/live-webhooks.js'
import { clientThat } from '../../support/kube-client.js'

const reference = { namespace: 'a', name: 'b', path: undefined, port: 443 }
const signal = new AbortController().signal

t.test('tells what stands behind a Service', async (t) => {
  const service = { spec: { ports: [{ port: 443 }] } }
  const read = (status: number, items: unknown): Promise<unknown> =>
    buildLiveWebhooks(
      clientThat(({ path }) =>
        path.includes('endpointslices') ? { status, body: { items } } : { body: service }
      ),
      []
    ).readBackend(reference, signal)
  t.match(await read(200, [{ endpoints: [{ conditions: {} }] }]), {
    state: 'known',
    value: { exists: true, ports: [443], ready: true }
  })
  t.match(await read(200, [{ endpoints: [{ conditions: { ready: false } }] }, {}]), {
    value: { ready: false }
  })
  t.match(await read(403, []), { value: { ready: undefined } })
  const answered = (answer: Parameters<typeof clientThat>[0]): Promise<unknown> =>
    buildLiveWebhooks(clientThat(answer), []).readBackend(reference, signal)
  t.match(await answered(() => ({ status: 404 })), { state: 'known', value: { exists: false } })
  t.match(await answered(() => ({ status: 500 })), {
    state: 'unknown',
    because: /services\/b could not be read \(the API server answered 500\)/
  })
  t.match(await answered(() => new Error('refused')), { state: 'unknown', because: /\(refused\)/ })
})

t.test('has all configurations in sight', async (t) => {
  const webhooks = buildLiveWebhooks(
    clientThat(() => ({})),
    [
      {
        apiVersion: 'admissionregistration.k8s.io/v1',
        kind: 'MutatingWebhookConfiguration',
        metadata: { name: 'a' }
      },
      { apiVersion: 'v1', kind: 'ServiceAccount' },
      7
    ]
  )
  t.match(await webhooks.readConfigurations(signal), {
    value: { complete: true, configurations: [{ name: 'a' }] }
  })
})

t.test('tells whether a Certificate exists', async (t) => {
  const read = (answer: Parameters<typeof clientThat>[0], name = 'b'): Promise<unknown> =>
    buildLiveWebhooks(clientThat(answer), []).readCertificate({ namespace: 'a', name }, signal)
  t.match(await read(() => ({})), { state: 'known', value: true })
  t.match(await read(() => ({ status: 404 })), { state: 'known', value: false })
  t.match(await read(() => ({ status: 403 })), {
    state: 'unknown',
    because: /certificates\/b could not be read \(the API server answered 403\)/
  })
  t.match(await read(() => new Error('refused')), { state: 'unknown', because: /\(refused\)/ })
  t.match(await read(() => ({}), '../b'), {
    state: 'unknown',
    because: /^the namespace or name of .* is not valid$/
  })
})
