import t from 'tap'
import { probePod } from '../../../src/sources/diagnosis/probe-pod.js'
import { clientThat } from '../../support/kube-client.js'

const of = { namespace: 'shop', serviceAccount: 'cart', labels: { app: 'cart' } }

t.test('creates a pod in a dry run only', async (t) => {
  const client = clientThat(({ method, path, query, body }) => {
    t.match(
      { method, path, query },
      { method: 'POST', path: '/api/v1/namespaces/shop/pods', query: { dryRun: 'All' } }
    )
    return { status: 201, body }
  })
  t.match(await probePod(client, of), {
    state: 'known',
    value: {
      created: true,
      pod: { metadata: { labels: { app: 'cart' } }, spec: { serviceAccountName: 'cart' } }
    }
  })
})

t.test('tells a refusal of the pod from a missing permission', async (t) => {
  const answer = async (status: number, message: string) =>
    probePod(
      clientThat(() => ({ status, body: { message } })),
      of
    )
  t.match(await answer(403, 'exceeded quota'), {
    value: { created: false, status: 403, because: 'exceeded quota' }
  })
  t.match(await answer(403, 'User "dev" cannot create resource "pods" in API group ""'), {
    state: 'unknown',
    because: /403/
  })
  t.match(await answer(401, 'Unauthorized'), { state: 'unknown', because: /does not accept the credentials/ })
  t.match(
    await probePod(
      clientThat(() => new Error('ECONNRESET')),
      of
    ),
    { state: 'unknown', because: /ECONNRESET/ }
  )
})
