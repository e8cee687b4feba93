import t from 'tap'
import { known, unknown } from '../../../src/model/fact.js'
import { buildObjectSources } from '../../../src/sources/objects/objects.js'
import { configurationOf, configurationSubject, eksWebhook } from '../../support/webhooks.js'

const signal = new AbortController().signal
const reference = (name: string, namespace = 'shop') => ({ namespace, name, path: undefined, port: 443 })
const objectOf = (kind: string, name: string, more: object = {}, apiVersion = 'v1'): object => ({
  apiVersion,
  kind,
  metadata: { name, namespace: 'shop' },
  ...more
})
const service = (name: string, spec: object): object => objectOf('Service', name, { spec })
const webhooksOf = (objects: readonly unknown[], namespace?: string) =>
  buildObjectSources([], objects, namespace).webhooks

t.test('a Service among the objects is known, and one that is not is not missing', async (t) => {
  const source = webhooksOf([
    service('webhook', { ports: [{ port: 80 }, { port: 443 }, { port: 'https' }, 7] }),
    service('empty', {}),
    service('headless', { clusterIP: 'None', ports: [{ port: 80 }] }),
    service('elsewhere', { type: 'ExternalName' }),
    objectOf('Service', 'knative', {}, 'serving.knative.dev/v1'),
    null
  ])
  t.strictSame(
    await source.readBackend(reference('webhook'), signal),
    known({ exists: true, ports: [80, 443], ready: undefined })
  )
  t.match(await source.readBackend(reference('empty'), signal), { value: { ports: [] } })
  t.strictSame(
    await source.readBackend(reference('headless'), signal),
    known({ exists: true, ports: undefined, ready: undefined })
  )
  t.strictSame(
    await source.readBackend(reference('elsewhere'), signal),
    known({ exists: true, ports: undefined, ready: undefined })
  )
  t.strictSame(
    await source.readBackend(reference('knative'), signal),
    unknown('service shop/knative is not among the given objects')
  )
})

t.test('objects that name no namespace are in the one that was chosen', async (t) => {
  const objects = [{ apiVersion: 'v1', kind: 'Service', metadata: { name: 'webhook' } }]
  t.match(await webhooksOf(objects, 'shop').readBackend(reference('webhook'), signal), { state: 'known' })
  t.match(await webhooksOf(objects).readBackend(reference('webhook', 'default'), signal), { state: 'known' })
})

t.test('Certificates of cert-manager', async (t) => {
  const source = webhooksOf([
    objectOf('Certificate', 'webhook', {}, 'cert-manager.io/v1'),
    objectOf('Certificate', 'other', {}, 'networking.internal.knative.dev/v1alpha1')
  ])
  t.strictSame(await source.readCertificate(reference('webhook'), signal), known(true))
  t.strictSame(
    await source.readCertificate(reference('other'), signal),
    unknown('certificate shop/other is not among the given objects')
  )
})

t.test('Secrets that allow cert-manager to inject their CA', (t) => {
  const secret = (name: string, annotations?: object): object => ({
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name, namespace: 'shop', annotations }
  })
  const key = 'cert-manager.io/allow-direct-injection'
  const source = webhooksOf([
    secret('allows', { [key]: 'true' }),
    secret('refuses', { [key]: 'True' }),
    secret('silent')
  ])
  t.strictSame(source.allowsInjection?.(reference('allows')), known(true))
  t.strictSame(source.allowsInjection?.(reference('refuses')), known(false))
  t.strictSame(source.allowsInjection?.(reference('silent')), known(false))
  t.strictSame(
    source.allowsInjection?.(reference('other')),
    unknown('secret shop/other is not among the given objects')
  )
  t.end()
})

t.test('configurations see each other, never the whole cluster; the same one counts once', async (t) => {
  const one = configurationSubject(configurationOf([eksWebhook()]))
  const again = configurationSubject(configurationOf([]))
  const seen = await buildObjectSources([one, again], []).webhooks.readConfigurations(signal)
  t.strictSame(seen, known({ configurations: [again], complete: false }))
})

t.test('the ConfigMap that every namespace has tells the CA of the cluster', async (t) => {
  const map = (text: unknown, name = 'kube-root-ca.crt'): object =>
    objectOf('ConfigMap', name, { data: { 'ca.crt': text } })
  t.equal(buildObjectSources([], [map('one'), map('one'), 'x']).clusterCa, 'one')
  t.equal(buildObjectSources([], [map('one'), map('two')]).clusterCa, undefined, 'of two clusters')
  t.equal(buildObjectSources([], [map('one', 'ca'), map(1)]).clusterCa, undefined)
})
