import t from 'tap'
import type { AcceptedBundles } from '../../src/ca-bundle/accepted-texts.js'
import { entriesOf, type EntriesQuestion } from '../../src/ca-bundle/entries.js'
import { expectedCasOf } from '../../src/ca-bundle/expected-cas.js'
import { addressOf, guardedWebhooksOf } from '../../src/ca-bundle/guarded-webhooks.js'
import { type Rotation, rotationOf } from '../../src/ca-bundle/rotation.js'
import { issueCa } from '../../src/controller/certificates/issue-certificate.js'
import { identityConfigurationOf } from '../../src/controller/event.js'
import {
  type Publication,
  publishAcceptedBundles,
  publishStatus
} from '../../src/controller/webhook-trust.js'
import { loadWebhookTrust, type WebhookTrust } from '../../src/sources/cluster/webhook-trust.js'
import { clientThat } from '../support/kube-client.js'

const now = new Date('2026-11-24T00:00:00Z')
const validity = { from: now, until: new Date('2027-11-24T00:00:00Z') }
const [cluster, own, other] = ['kubernetes', 'irsa-guard-ca', 'kubernetes'].map(
  (name) => issueCa(name, validity).certificate
) as [string, string, string]
const base64 = (text: string): string => Buffer.from(text).toString('base64')

const configuration = (
  name: string,
  clientConfig: object,
  kind = 'MutatingWebhookConfiguration'
): object => ({
  kind,
  metadata: { name: 'c', uid: 'u' },
  webhooks: [{ name, clientConfig }]
})
const eks = configuration('iam-for-pods.amazonaws.com', {
  url: 'https://127.0.0.1:23443/mutate',
  caBundle: base64(cluster)
})
const service = configuration('pod-identity-webhook.amazonaws.com', {
  service: { namespace: 'a', name: 'b' }
})
const ours = configuration(
  'validate.irsa-guard.io',
  { service: { namespace: 'irsa-guard', name: 'irsa-guard' } },
  'ValidatingWebhookConfiguration'
)

/** The rotation of a cluster of which only its published CAs are known. */
const trusting = (clusterCas: string): Rotation => rotationOf({ clusterCas, served: [], at: now })
const ask = (configurations: readonly object[], more: Partial<EntriesQuestion> = {}): AcceptedBundles[] =>
  entriesOf({
    guarded: guardedWebhooksOf(configurations, []),
    ownCas: own,
    rotation: trusting(cluster),
    expectedCas: (one) =>
      expectedCasOf(one, {
        ownCas: own,
        rotation: 'rotation' in more ? more.rotation : trusting(cluster),
        at: now
      }),
    at: now,
    issuer: undefined,
    canaryPassed: false,
    guard: [],
    enforce: [],
    injectors: {},
    published: [],
    ...more
  })

t.test('denies only what is beyond doubt', async (t) => {
  const action = (more: Partial<EntriesQuestion> = {}, configurations = [eks]): string | undefined =>
    ask(configurations, more)[0]?.action
  t.equal(action(), 'Warn', 'a loopback webhook of a cluster that nothing is known of')
  t.equal(action({ issuer: 'https://oidc.eks.us-east-1.amazonaws.com/id/EXAMPLE' }), 'Deny')
  t.equal(action({ issuer: 'https://kops.example' }), 'Warn')
  t.equal(action({ canaryPassed: true }), 'Deny', 'the bundle in place is in the list, and the canary passed')
  t.equal(
    action({ canaryPassed: true, rotation: trusting(other) }),
    'Warn',
    'the canary passed with a bundle that is not in the list'
  )
  const [published] = ask([eks], { canaryPassed: true })
  t.equal(action({ published: published ? [published] : [] }), 'Deny', 'once proved, it stays so')
  t.equal(action({}, [ours]), 'Deny')
  t.equal(
    action({ issuer: 'https://oidc.eks.us-east-1.amazonaws.com/id/EXAMPLE' }, [service]),
    'Warn',
    'reached by a Service'
  )
  t.equal(
    action({ enforce: ['pod-identity-webhook.amazonaws.com'] }, [service]),
    'Deny',
    'the configuration says so'
  )
})

t.test('knows what is right for each place, and judges nothing where nobody can tell', async (t) => {
  const accepted = (
    configurations: object[],
    more: Partial<EntriesQuestion> = {}
  ): readonly string[] | undefined => ask(configurations, more)[0]?.accepted
  t.ok(accepted([eks])?.includes(base64(cluster)))
  t.strictSame(accepted([eks], { rotation: undefined }), [])
  t.ok(accepted([ours])?.includes(base64(own)))
  t.strictSame(accepted([service]), [])
  t.ok(accepted([service], { expectedCas: () => ({ current: other }) })?.includes(base64(other)))
  t.strictSame(
    ask([service], { injectors: { 'pod-identity-webhook.amazonaws.com': ['injector'] } })[0]?.injectors,
    ['injector']
  )
})

t.test('another configuration with the name of one beside the API server makes nothing right', async (t) => {
  const issuer = 'https://oidc.eks.us-east-1.amazonaws.com/id/EXAMPLE'
  const alike = configuration('iam-for-pods.amazonaws.com', {
    service: { namespace: 'a', name: 'b' },
    caBundle: base64(cluster)
  })
  const expectedCas: EntriesQuestion['expectedCas'] = ({ place }) => ({
    current: place === 'control-plane' ? cluster : other
  })
  t.strictSame(ask([alike, eks], { issuer, expectedCas }), ask([eks], { issuer, expectedCas }))
  t.match(
    ask([alike], { issuer, expectedCas }),
    [{ action: 'Warn' }],
    'without it, it is a Service as any other'
  )
})

t.test('lets the injector write that a webhook asks for', async (t) => {
  const injectorsOf = (object: object, more: Partial<EntriesQuestion> = {}): readonly string[] | undefined =>
    ask(
      [
        {
          ...object,
          metadata: { name: 'c', uid: 'u', annotations: { 'cert-manager.io/inject-ca-from': 'a/b' } }
        }
      ],
      more
    )[0]?.injectors
  t.strictSame(injectorsOf(service), ['system:serviceaccount:cert-manager:cert-manager-cainjector'])
  t.strictSame(
    injectorsOf(service, { injectors: { 'pod-identity-webhook.amazonaws.com': [] } }),
    [],
    'the configuration has the last word'
  )
  t.strictSame(injectorsOf(eks), [], 'not what is beside the API server')
  t.strictSame(injectorsOf(ours), [], 'not ours')
})

t.test('keeps guarding one that is gone, with the CAs of now', async (t) => {
  const published = ask([eks], { canaryPassed: true })
  t.match(ask([], { published, rotation: trusting(other) }), [
    { name: 'iam-for-pods.amazonaws.com', action: 'Deny' }
  ])
  t.ok(ask([], { published, rotation: trusting(other) })[0]?.accepted.includes(base64(other)))
  t.strictSame(ask([], { published: ask([eks]) }), [], 'one that was only warned about is forgotten')
  t.ok(
    ask([], { published: ask([ours]) })[0]?.accepted.includes(base64(own)),
    'ours comes back with our own CA'
  )
  t.notOk(ask([], { published: ask([ours]) })[0]?.accepted.includes(base64(cluster)))
  t.strictSame(
    ask([], { published: ask([ours]), ownCas: '' }),
    ask([ours]),
    'also while our certificates cannot be read'
  )
  const enforce = ['pod-identity-webhook.amazonaws.com']
  const served = ask([service], { enforce, expectedCas: () => ({ current: other }) })
  t.strictSame(
    ask([], { published: served, enforce }),
    [],
    'behind a Service: what is right when it comes back, nobody can see'
  )
  t.ok(
    ask([], {
      published: ask([eks], { enforce: ['iam-for-pods.amazonaws.com'] }),
      enforce: ['iam-for-pods.amazonaws.com']
    }).length
  )
})

t.test('keeps what was right for its own webhook while its certificates cannot be read', async (t) => {
  const published = ask([ours])
  t.strictSame(ask([ours], { published, ownCas: '' }), published)
})

t.test(
  'with certificates that the controller does not issue, its own webhook is one like others',
  async (t) => {
    const injected = {
      ...ours,
      metadata: {
        name: 'irsa-guard',
        uid: 'u',
        annotations: { 'cert-manager.io/inject-ca-from': 'irsa-guard/irsa-guard' }
      }
    }
    const guarded = guardedWebhooksOf([injected], [], { isOwnManaged: false })
    t.match(guarded, [{ place: 'reachable' }])
    const more = { guarded, ownCas: undefined, expectedCas: () => ({ current: other }) }
    t.match(ask([], more), [
      {
        action: 'Warn',
        accepted: [base64(other)],
        injectors: ['system:serviceaccount:cert-manager:cert-manager-cainjector']
      }
    ])
    t.match(ask([], { ...more, enforce: ['validate.irsa-guard.io'] }), [{ action: 'Deny' }])
    t.match(
      ask([], { ...more, published: ask([ours]) }),
      [{ action: 'Warn', accepted: [base64(other)] }],
      'also right after the controller issued them'
    )
    t.strictSame(
      ask([], { published: ask([ours]), ownCas: undefined }),
      [],
      'a CA that the controller issued before does not outlive the webhook'
    )
  }
)

t.test('finds guarded webhooks by their own name, in any configuration', async (t) => {
  t.strictSame(
    guardedWebhooksOf([eks, service, ours, 7, { kind: 'Pod' }], []).map(({ place }) => place),
    ['control-plane', 'reachable', 'own']
  )
  t.equal(guardedWebhooksOf([configuration('x.example', {})], ['x.example']).length, 1)
  t.match(identityConfigurationOf([ours, eks]), { kind: 'MutatingWebhookConfiguration', name: 'c', uid: 'u' })
  t.equal(identityConfigurationOf([ours]), undefined)
})

t.test('tells where a webhook is called', async (t) => {
  const address = (clientConfig: object): unknown => {
    const [found] = guardedWebhooksOf([configuration('x', clientConfig)], ['x'])
    return found && addressOf(found.webhook)
  }
  t.strictSame(address({ service: { namespace: 'a', name: 'b', port: 8443 } }), {
    host: 'b.a.svc',
    port: 8443
  })
  t.strictSame(address({ url: 'https://hook.example/x' }), { host: 'hook.example', port: 443 })
  t.strictSame(address({ url: 'https://[fd00::1]:9443/x' }), { host: 'fd00::1', port: 9443 })
  t.equal(address({ url: 'nonsense' }), undefined)
  t.equal(address({}), undefined)
})

const found = (parts: Partial<WebhookTrust>): WebhookTrust => ({
  confirmedAt: new Date(now.getTime() - 60_000),
  entries: [],
  clusterCas: [],
  status: [],
  isTampered: false,
  ...parts
})
const publication = (entries: readonly AcceptedBundles[]): Publication => ({ entries, clusterCas: [] })
const agoBy = (minutes: number): Date => new Date(now.getTime() - minutes * 60_000)

t.test('writes the list when it changed, or was confirmed some minutes ago', async (t) => {
  const entries = ask([eks])
  const client = clientThat(({ method }) => ({ status: method === 'POST' ? 201 : 200 }))
  const publish = (
    parts: Partial<WebhookTrust> | undefined,
    wanted = entries,
    before?: readonly AcceptedBundles[]
  ): Promise<string> =>
    publishAcceptedBundles(client, publication(wanted), parts && found(parts), {
      now,
      before: before && publication(before)
    })
  t.equal(await publish(undefined), 'changed')
  t.equal(await publish({ entries }), 'unchanged')
  t.equal(await publish({ entries, confirmedAt: agoBy(6) }), 'confirmed')
  t.equal(await publish({ entries, confirmedAt: agoBy(-60) }), 'confirmed', 'a time that has not come')
  t.equal(await publish({ entries, confirmedAt: new Date('x') }), 'confirmed', 'no time at all')
  t.equal(await publish({ entries }, []), 'changed')
  t.equal(await publish({ entries }, [], entries), 'changed', 'by us')
  t.equal(await publish({ entries: [] }, entries, entries), 'healed', 'by somebody else')
  t.equal(await publish({ entries, isTampered: true }, entries, entries), 'healed')
  await t.rejects(
    publishAcceptedBundles(
      clientThat(() => ({ status: 404 })),
      publication(entries),
      undefined,
      { now, before: undefined }
    ),
    /not installed/
  )
})

t.test('replaces lists as a whole, and makes an object anew that cannot be written', async (t) => {
  const entries = ask([eks])
  const sent = async (answers: Readonly<Record<string, number>>, body: object = {}): Promise<string[]> => {
    const requests: string[] = []
    const client = clientThat(({ method = 'GET', contentType = '' }) => {
      requests.push(`${method} ${contentType}`.trim())
      return { status: answers[method] ?? 404, body }
    })
    await publishAcceptedBundles(client, publication(entries), found({}), { now, before: undefined })
    return requests
  }
  const patch = 'PATCH application/merge-patch+json'
  t.strictSame(await sent({ PATCH: 200 }), [patch])
  t.strictSame(
    await sent({ PATCH: 500, DELETE: 200, POST: 201 }),
    [patch, 'DELETE', 'POST'],
    'etcd takes no more'
  )
  t.strictSame(
    await sent({ PATCH: 422, DELETE: 404, POST: 201 }),
    [patch, 'DELETE', 'POST'],
    'what is stored is invalid'
  )
  t.strictSame(
    await sent({ PATCH: 200, POST: 201 }, { metadata: { deletionTimestamp: 'x' } }),
    [patch, 'POST'],
    'it was being deleted'
  )
  await t.rejects(
    sent({ PATCH: 403, DELETE: 200 }, { message: 'forbidden' }),
    /not written: forbidden/,
    'nothing is deleted without the right'
  )
  await t.rejects(sent({ PATCH: 500, DELETE: 403 }, { message: 'too large' }), /not written: too large/)
  await t.rejects(sent({ PATCH: 500, DELETE: 200, POST: 500 }), /not written: the API server answered 500/)
})

t.test('drops entries that nobody guards', async (t) => {
  const foreign: AcceptedBundles = {
    name: 'unrelated.example',
    action: 'Deny',
    accepted: ['AAAA'],
    complete: [],
    injectors: []
  }
  t.strictSame(ask([eks], { published: [foreign] }), ask([eks]))
  t.equal(ask([], { published: [{ ...foreign, name: 'mine.example' }], guard: ['mine.example'] }).length, 1)
})

t.test('tells a tampered object from a clean one', async (t) => {
  const labels = { 'velero.io/exclude-from-backup': 'true' }
  const isTampered = async (metadata: object): Promise<unknown> =>
    (await loadWebhookTrust(clientThat(() => ({ body: { metadata } }))))?.isTampered
  t.equal(await isTampered({ labels }), false)
  t.equal(await isTampered({ labels, annotations: { a: 'b' } }), false)
  for (const metadata of [
    {},
    { labels, finalizers: ['a'] },
    { labels, ownerReferences: [] },
    { labels, deletionTimestamp: 'x' }
  ])
    t.equal(await isTampered(metadata), true, JSON.stringify(metadata))
})

t.test('writes the status, and reads what is there', async (t) => {
  await t.rejects(
    publishStatus(
      clientThat(() => ({ status: 403, body: { message: 'no' } })),
      []
    ),
    /not written: no/
  )
  await t.rejects(
    publishStatus(
      clientThat(() => ({ status: 500, body: 'x' })),
      []
    ),
    /answered 500/
  )
  t.equal(await loadWebhookTrust(clientThat(() => ({ status: 404 }))), undefined)
  t.match(await loadWebhookTrust(clientThat(() => ({ body: {} }))), { entries: [], status: [] })
  await t.rejects(loadWebhookTrust(clientThat(() => ({ status: 500 }))), /could not be read/)
})
