import t from 'tap'
import type { KubeClient } from '../../../src/kube/client.js'
import type { KubeResponse } from '../../../src/kube/response.js'
import { known, unknown } from '../../../src/model/fact.js'
import { buildClusterOnDemand } from '../../../src/sources/cluster/on-demand.js'
import { buildObjectSources } from '../../../src/sources/objects/objects.js'
import { overlay } from '../../../src/sources/overlay.js'
import {
  configurationOf,
  configurationSubject,
  eksWebhook,
  selfManagedWebhook
} from '../../support/webhooks.js'

const signal = new AbortController().signal
const service = (name: string) => ({ namespace: 'shop', name, path: undefined, port: 443 })
const slices = 'endpointslices?labelSelector=kubernetes.io%2Fservice-name%3D'

/**
 * A cluster that has these objects by path, forbids what is undefined, and says of anything else that it is
 * not there.
 */
function clusterOf(
  objects: Readonly<Record<string, unknown>>,
  asked: string[] = []
): ReturnType<typeof buildClusterOnDemand> {
  const request = async ({ path }: { path: string }): Promise<KubeResponse> => {
    asked.push(path)
    if (path in objects && objects[path] instanceof Error) throw objects[path]
    const body = objects[path]
    return { status: body !== undefined ? 200 : path in objects ? 403 : 404, body, warnings: [] }
  }
  const client: KubeClient = {
    server: 'https://cluster.example',
    namespace: 'default',
    request,
    watch: request,
    at: () => client,
    readTrust: async () => ({ cas: undefined, isMounted: false }),
    readToken: async () => undefined,
    close: () => undefined
  }

  return buildClusterOnDemand(client)
}

t.test('reads accounts and namespaces when they are asked for, each once', async (t) => {
  const asked: string[] = []
  const cluster = clusterOf(
    {
      '/api/v1/namespaces/shop': { metadata: { labels: { 'irsa-guard.io/mode': 'warn' } } },
      '/api/v1/namespaces/shop/serviceaccounts/cart': {
        metadata: { annotations: { 'eks.amazonaws.com/role-arn': 'x' } }
      },
      '/api/v1/namespaces/shop/serviceaccounts/hidden': undefined,
      '/api/v1/namespaces/shop/serviceaccounts/broken': new Error('socket hang up')
    },
    asked
  )
  t.strictSame(asked, [])
  t.match(await cluster.readNamespace('shop', { signal }), { value: { mode: 'warn' } })
  t.match(await cluster.readNamespace('new', { signal }), { state: 'known', value: { mode: undefined } })
  t.match(await cluster.readAccount('shop', 'cart', { signal }), { value: { exists: true } })
  t.strictSame(await cluster.readAccount('shop', 'gone', { signal }), known({ exists: false }))
  t.match(await cluster.readAccount('shop', 'hidden', { signal }), {
    state: 'unknown',
    because: /answered 403/
  })
  t.match(await cluster.readAccount('shop', 'broken', { signal }), {
    state: 'unknown',
    because: /socket hang up/
  })
  const before = asked.length
  await Promise.all([
    cluster.readAccount('shop', 'cart', { signal }),
    cluster.readNamespace('shop', { signal })
  ])
  t.equal(asked.length, before)
})

t.test('a name that is none never becomes a part of a path', async (t) => {
  const asked: string[] = []
  const cluster = clusterOf({}, asked)
  t.match(await cluster.readAccount('shop', '../../secrets', { signal }), { state: 'unknown' })
  t.match(await cluster.readNamespace('..', { signal }), { state: 'unknown' })
  t.match(await cluster.readBackend(service('A'), signal), { state: 'unknown' })
  t.match(await cluster.readCertificate({ namespace: 'shop', name: '' }, signal), { state: 'unknown' })
  t.strictSame(asked, [])
})

t.test('says what stands behind a Service', async (t) => {
  const [services, discovery] = [
    '/api/v1/namespaces/shop/services',
    '/apis/discovery.k8s.io/v1/namespaces/shop'
  ]
  const object = { spec: { ports: [{ port: 443 }] } }
  const endpoints = (...ready: (boolean | undefined)[]): object => ({
    items: [{ endpoints: ready.map((one) => ({ conditions: { ready: one } })) }]
  })
  const cluster = clusterOf({
    [`${services}/good`]: object,
    [`${discovery}/${slices}good`]: endpoints(false, true),
    [`${services}/silent`]: object,
    [`${discovery}/${slices}silent`]: endpoints(undefined),
    [`${services}/down`]: object,
    [`${discovery}/${slices}down`]: endpoints(false),
    [`${services}/hidden`]: object,
    [`${discovery}/${slices}hidden`]: undefined,
    [`${services}/forbidden`]: undefined
  })
  const table: readonly (readonly [string, object])[] = [
    ['good', known({ exists: true, ports: [443], ready: true })],
    ['silent', known({ exists: true, ports: [443], ready: true })],
    ['down', known({ exists: true, ports: [443], ready: false })],
    ['hidden', known({ exists: true, ports: [443], ready: undefined })],
    ['gone', known({ exists: false })],
    ['forbidden', { state: 'unknown' }]
  ]
  for (const [name, fact] of table) t.match(await cluster.readBackend(service(name), signal), fact, name)
})

t.test('files stand before the cluster, which tells the rest', async (t) => {
  const path = '/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations'
  const items = [
    configurationOf([eksWebhook()]),
    configurationOf([selfManagedWebhook()], { name: 'other' }),
    'x'
  ]
  const cluster = clusterOf({
    [path]: { items },
    '/apis/cert-manager.io/v1/namespaces/shop/certificates/there': {}
  })
  const changed = configurationSubject(configurationOf([]))
  const { accounts, namespaces, webhooks } = buildObjectSources([changed], [])
  const seen = overlay({ ...accounts, ...namespaces, ...webhooks }, cluster)
  const configurations = await seen.readConfigurations(signal)
  t.match(configurations, { state: 'known', value: { complete: true } })
  t.strictSame(
    configurations.state === 'known' &&
      configurations.value.configurations.map(({ name, webhooks }) => [name, webhooks.length]),
    [
      ['pod-identity-webhook', 0],
      ['other', 1]
    ]
  )
  t.strictSame(await seen.readCertificate({ namespace: 'shop', name: 'there' }, signal), known(true))
  t.strictSame(await seen.readCertificate({ namespace: 'shop', name: 'gone' }, signal), known(false))
  t.strictSame(await seen.readBackend(service('gone'), signal), known({ exists: false }))
  t.strictSame(await seen.readAccount('shop', 'gone', { signal }), known({ exists: false }))
  t.match(await seen.readNamespace('shop', { signal }), { state: 'known' })
  t.match(seen.allowsInjection?.({ namespace: 'shop', name: 'there' }), { state: 'unknown' })
  const blind = overlay({ ...accounts, ...namespaces, ...webhooks }, clusterOf({ [path]: undefined }))
  t.strictSame(
    await blind.readConfigurations(signal),
    unknown(`${path} could not be read (the API server answered 403)`)
  )
})
