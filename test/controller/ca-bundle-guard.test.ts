import { once } from 'node:events'
import { createServer } from 'node:tls'
import { pino } from 'pino'
import t from 'tap'
import { rotationOf } from '../../src/ca-bundle/rotation.js'
import type { ApiServer } from '../../src/controller/api-servers.js'
import type { Assessment } from '../../src/controller/assessment.js'
import { guardCaBundles, type Round, type RoundContext } from '../../src/controller/ca-bundle-guard.js'
import { readApiServerChains } from '../../src/controller/ca-sources.js'
import { issueCa, issueServing } from '../../src/controller/certificates/issue-certificate.js'
import { loadConfigurations } from '../../src/controller/load-configurations.js'
import { parseBundle } from '../../src/x509/bundle.js'
import { newestGo } from '../../src/x509/go-version.js'
import { clusterCa, configurationWith, guardedName, otherCa } from '../support/bundle-cases.js'
import { makeAuthority, pem } from '../support/certificates.js'
import { clientThat } from '../support/kube-client.js'

const now = new Date('2026-11-24T00:00:00Z')

const certificatesOf = (text: string) => parseBundle(Buffer.from(text), newestGo).certificates
/** One round of the guard, of which these parts matter. */
const round = async (
  parts: Pick<RoundContext, 'client'> & Partial<RoundContext>
): Promise<readonly Assessment[]> => (await wholeRound(parts)).assessments
const wholeRound = (parts: Pick<RoundContext, 'client'> & Partial<RoundContext>): Promise<Round> =>
  guardCaBundles({
    apiServerChains: [],
    configurations: [],
    ownCas: '',
    clusterCas: pem(clusterCa.der),
    rotation: rotationOf({ clusterCas: pem(clusterCa.der), served: [], at: now }),
    remembered: [],
    issuer: undefined,
    canaryPassed: false,
    config: { guard: ['a.example'], enforce: [], injectors: {} },
    now,
    log: pino({ level: 'silent' }),
    ...parts
  })

t.test('judges by the CAs alone when no API server and no webhook can be looked at', async (t) => {
  const written: string[] = []
  const client = clientThat(({ method = 'GET', path }) => {
    if (method === 'GET') return { status: 404 }
    written.push(`${method} ${path}`)
    return { status: method === 'PATCH' ? 200 : 201 }
  })
  const elsewhere = configurationWith(
    pem(otherCa.der),
    { name: 'a.example' },
    { url: 'https://127.0.0.2:1/' }
  )
  const assessments = await round({
    client,
    apiServerChains: await readApiServerChains([
      { address: '127.0.0.1:1', host: '127.0.0.1', port: 1, client }
    ]),
    configurations: [configurationWith(pem(clusterCa.der)), configurationWith(pem(otherCa.der)), elsewhere],
    ownCas: pem(otherCa.der)
  })
  t.match(
    assessments.map(({ guarded, state }) => [guarded.webhook.name, state]),
    [
      [guardedName, 'ok'],
      [guardedName, 'foreign'],
      ['a.example', String]
    ]
  )
  t.ok(written.length > 0, 'and tells it')
})

t.test('judges by what each API server serves, whatever addresses its certificate names', async (t) => {
  const validity = { from: new Date(now.getTime() - 3_600_000), until: new Date(now.getTime() + 3_600_000) }
  const [old, successor] = [issueCa('kubernetes', validity), issueCa('kubernetes', validity)]
  const client = clientThat(({ method = 'GET' }) => ({
    status: method === 'GET' ? 404 : method === 'PATCH' ? 200 : 201
  }))
  const serve = async (ca: typeof old): Promise<ApiServer> => {
    const { certificate, key } = issueServing(ca, ['kubernetes.default.svc'], validity)
    const server = createServer({ cert: certificate, key }).listen(0, '127.0.0.1')
    t.teardown(() => server.close())
    await once(server, 'listening')
    const { port } = server.address() as { port: number } // it listens on TCP
    return { address: `127.0.0.1:${port}`, host: '127.0.0.1', port, client }
  }
  const [one, other] = [await serve(old), await serve(successor)]
  const away: ApiServer = { address: '127.0.0.1:1', host: '127.0.0.1', port: 1, client }
  const both = old.certificate + successor.certificate
  const anchor = issueServing(old, ['kubernetes.default.svc'], validity).certificate

  for (const [why, apiServers, bundle, state, because] of [
    ['none can be looked at', [away], old.certificate, 'incomplete', /^it contains/],
    ['it trusts what is served', [one], old.certificate, 'incomplete', /^it contains/],
    [
      'the second serves another',
      [one, other],
      old.certificate,
      'stale',
      `at API server ${other.address}, the certificate served now is signed by`
    ],
    [
      'the first does, the second is away',
      [other, away],
      old.certificate,
      'stale',
      `at API server ${other.address}, the certificate`
    ],
    [
      'the first is away',
      [away, other],
      old.certificate,
      'stale',
      `at API server ${other.address}, the certificate`
    ],
    ['it trusts both', [one, other], both, 'ok', /^it contains/],
    ['a certificate that is served nowhere', [one, away], anchor, 'foreign', /^it contains/]
  ] as const) {
    const [assessment] = await round({
      client,
      apiServerChains: await readApiServerChains(apiServers),
      configurations: [configurationWith(bundle)],
      clusterCas: both,
      rotation: rotationOf({ clusterCas: both, served: [], at: now })
    })
    t.match(assessment, { state, because }, why)
  }
})

t.test('tells of as many as the WebhookTrust takes, those beside the API server first', async (t) => {
  const statuses: unknown[] = []
  const client = clientThat(({ method = 'GET', path, body }) => {
    if (path.endsWith('/status')) statuses.push(body)
    return { status: method === 'GET' ? 404 : method === 'PATCH' ? 200 : 201 }
  })
  const many = Array.from({ length: 300 }, () =>
    configurationWith('', { name: 'a.example' }, { url: 'nowhere' })
  )
  const assessments = await round({
    client,
    configurations: [...many, configurationWith(pem(clusterCa.der))]
  })
  t.equal(assessments.length, 256)
  t.match(assessments[0], { guarded: { webhook: { name: guardedName } }, state: 'ok' })
  t.match(statuses, [{ status: { webhooks: { length: 256 } } }])
})

t.test('reads all webhook configurations or none', async (t) => {
  const lists: Readonly<Record<string, readonly unknown[]>> = {
    mutatingwebhookconfigurations: [{ metadata: { name: 'a' } }, 'no object'],
    validatingwebhookconfigurations: [{ metadata: { name: 'b' } }]
  }
  const apiVersion = 'admissionregistration.k8s.io/v1'
  t.strictSame(
    await loadConfigurations(
      clientThat(({ path }) => {
        const collection = path.split('/').at(-1) ?? ''
        const kind = collection.startsWith('m')
          ? 'MutatingWebhookConfiguration'
          : 'ValidatingWebhookConfiguration'
        return { body: { apiVersion, kind: `${kind}List`, items: lists[collection] } }
      })
    ),
    [
      { apiVersion, kind: 'MutatingWebhookConfiguration', metadata: { name: 'a' } },
      { apiVersion, kind: 'ValidatingWebhookConfiguration', metadata: { name: 'b' } }
    ]
  )
  for (const [answer, message] of [
    [{ status: 403 }, 'the mutatingwebhookconfigurations could not be read (the API server answered 403)'],
    [
      { body: 'a' },
      'the mutatingwebhookconfigurations could not be read (the API server did not return an object)'
    ],
    [
      { body: { items: {} } },
      'the mutatingwebhookconfigurations could not be read (the API server did not return a list)'
    ]
  ] as const) {
    await t.rejects(loadConfigurations(clientThat(() => answer)), { message }, JSON.stringify(answer))
  }
})

t.test(
  'says unknown while a CA of the cluster is not confirmed, and what the confirmed ones say',
  async (t) => {
    const client = clientThat(({ method = 'GET' }) => ({
      status: method === 'GET' ? 404 : method === 'PATCH' ? 200 : 201
    }))
    const doubt = 'ConfigMap a/kube-root-ca.crt holds another CA'
    for (const [bundle, state, because] of [
      [
        pem(clusterCa.der),
        'unknown',
        /^ConfigMap a\/kube-root-ca.crt holds another CA; judged by the confirmed CAs, the bundle is ok: it contains/
      ],
      [pem(otherCa.der), 'unknown', /the bundle is foreign: it contains/],
      ['', 'absent', /^there is no caBundle/]
    ] as const) {
      const [assessment] = await round({ client, configurations: [configurationWith(bundle)], doubt })
      t.match(assessment, { state, because })
    }
  }
)

t.test('puts back what somebody else changed, goes by its own memory, and tells it', async (t) => {
  const events: unknown[] = []
  let spec: unknown
  const stored = (webhooks: unknown): object => ({
    metadata: { labels: { 'velero.io/exclude-from-backup': 'true' } },
    spec: { confirmedAt: now.toISOString(), webhooks }
  })
  let body = stored([])
  const client = clientThat(({ method = 'GET', path, body: sent }) => {
    if (method === 'GET') return path.endsWith('/webhooktrusts/cluster') ? { body } : { status: 404 }
    if (path.endsWith('/events')) events.push(sent)
    if (path.endsWith('/cluster')) spec = (sent as { spec: unknown }).spec
    return { status: method === 'PATCH' ? 200 : 201 }
  })
  const configurations = [configurationWith(pem(clusterCa.der))]
  const issuer = 'https://oidc.eks.us-east-1.amazonaws.com/id/EXAMPLE'
  const { published } = await wholeRound({ client, configurations, issuer })
  t.match(published.entries, [{ name: guardedName, action: 'Deny' }])
  const [entry] = published.entries
  body = stored([{ ...entry, action: 'Warn', accepted: [...(entry?.accepted ?? []), 'AAAA'] }])
  const next = await wholeRound({ client, configurations, issuer, published })
  t.strictSame(next.published, published)
  t.match(spec, { webhooks: [{ action: 'Deny', accepted: entry?.accepted }] })
  t.match(
    events.filter((event) => (event as { reason: string }).reason === 'WebhookTrustCorrected'),
    [{ type: 'Warning', involvedObject: { kind: 'WebhookTrust', name: 'cluster' } }]
  )
})

t.test('an object whose write etcd did not answer is not deleted, and one that is refused is', async (t) => {
  const configurations = [configurationWith(pem(clusterCa.der))]
  for (const [status, reason, deletes] of [
    [500, 'ServerTimeout', 0],
    [504, 'Timeout', 0],
    [503, undefined, 0],
    [422, 'Invalid', 1]
  ] as const) {
    let deleted = 0
    const client = clientThat(({ method = 'GET', path }) => {
      if (method === 'GET')
        return path.endsWith('/webhooktrusts/cluster')
          ? { body: { spec: { webhooks: [] } } }
          : { status: 404 }
      if (method === 'DELETE') deleted++
      if (method === 'PATCH' && path.endsWith('/cluster')) return { status, body: { reason } }
      return { status: method === 'POST' ? 201 : 200 }
    })
    const outcome = wholeRound({ client, configurations })
    await (deletes === 0 ? t.rejects(outcome, { message: /^the WebhookTrust was not written/ }) : outcome)
    t.equal(deleted, deletes, `${status}`)
  }
})

t.test('a stale bundle stays stale while the canary passes, and its reason is kept up to date', async (t) => {
  let stored: unknown = {}
  const events: unknown[] = []
  const client = clientThat(({ method = 'GET', path, body }) => {
    if (method === 'GET') return path.endsWith('/webhooktrusts/cluster') ? { body: stored } : { status: 404 }
    if (path.endsWith('/status')) stored = { ...(stored as object), ...(body as object) }
    if (path.endsWith('/events')) events.push(body)
    return { status: method === 'PATCH' ? 200 : 201 }
  })
  const [a, b, third] = [clusterCa, otherCa, makeAuthority()].map(({ der }) => pem(der)) as [
    string,
    string,
    string
  ]
  const states = async (clusterCas: string, at: string): Promise<unknown> => {
    await round({
      client,
      configurations: [configurationWith(a)],
      canaryPassed: true,
      clusterCas,
      rotation: rotationOf({
        clusterCas,
        served: [],
        former: certificatesOf(a),
        at: now
      }),
      now: new Date(at)
    })
    return (stored as { status: { webhooks: { state: string; because: string; since: string }[] } }).status
      .webhooks[0]
  }
  const first = await states(b, '2026-11-24T00:00:00Z')
  t.match(first, { state: 'stale', since: '2026-11-24T00:00:00.000Z' })
  const second = await states(third, '2026-11-24T01:00:00Z')
  t.match(second, { state: 'stale', since: '2026-11-24T00:00:00.000Z' })
  t.not((second as { because: string }).because, (first as { because: string }).because)
  t.equal(events.length, 1, 'one Event')
})
