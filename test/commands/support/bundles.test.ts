import { type AddressInfo, createServer as createTcpServer, type Server } from 'node:net'
import { join } from 'node:path'
import { createServer } from 'node:tls'
import t from 'tap'
import type { AcceptedBundles } from '../../../src/ca-bundle/accepted-texts.js'
import type { InjectedCas } from '../../../src/ca-bundle/injection.js'
import { ca, caOfConfiguration, type CaOptions } from '../../../src/commands/support/bundles.js'
import type { WebhookTrust } from '../../../src/controller/webhook-trust.js'
import { type Fact, known, moot, unknown } from '../../../src/model/fact.js'
import { clusterCa, configurationWith, guardedName, otherCa } from '../../support/bundle-cases.js'
import { base64, issue, makeAuthority, makeKey, pem } from '../../support/certificates.js'

const at = new Date('2026-11-24T00:00:00Z')
const key = makeKey.ec()
const served = pem(issue(clusterCa, { key }))
const certain = (confirmed: string | undefined) => ({ confirmed, unconfirmed: '', doubt: undefined })
const good = pem(clusterCa.der)
const foreign = pem(otherCa.der)
const folder = t.testdir({
  'good.pem': good,
  'good.txt': `${base64(good)}\n`,
  'foreign.pem': foreign,
  'indented.pem': good.replace(/^/gm, '  '),
  'empty.pem': '',
  'blank.pem': '\n',
  'chain.pem': served
})
const file = (name: string): string => join(folder, name)
const run = async (options: Partial<CaOptions>): Promise<{ code: number; text: string }> => {
  let text = ''
  const code = await ca(
    { bundle: file('good.pem'), fix: false, output: 'text', ...options },
    { stdout: (more) => (text += more) },
    at
  )
  return { code, text }
}
const nobody = {
  injected: moot('no injector is requested'),
  published: unknown('there is no WebhookTrust cluster')
}
const chain = { chain: file('chain.pem'), host: '127.0.0.1' }

t.test('says whether the API server accepts, and why', async (t) => {
  const accepted = await run(chain)
  t.equal(accepted.code, 0)
  t.match(
    accepted.text,
    /^accepted: the API server will connect to 127\.0\.0\.1\ncertificates the API server can read \(1\):\n- CN=kubernetes \(CA, signs the served certificate\)\n/
  )
  t.match(await run({ ...chain, bundle: file('good.txt') }), { code: 0 }, 'base64 text')
  const refused = await run({ ...chain, bundle: file('foreign.pem') })
  t.equal(refused.code, 1)
  t.match(refused.text, /rejected: .* is signed by a different key: the caBundle contains CN=kubernetes/)
  t.match(
    refused.text,
    /Go error: tls: failed to verify certificate: x509: certificate signed by unknown authority \(possibly because of "x509: ECDSA/
  )
  t.match(
    await run({ ...chain, host: 'webhook.svc' }),
    {
      code: 1,
      text: /is not valid for webhook\.svc: it is for 127\.0\.0\.1[^]*\n- CN=kubernetes \(CA, signs the served certificate\)\n/
    },
    'a wrong name is no wrong CA'
  )
  const empty = {
    code: 1,
    text: 'the bundle is empty, so the API server trusts only the root CAs of its own system\n'
  }
  t.strictSame(await run({ bundle: file('empty.pem') }), empty)
  t.match(await run({ ...chain, bundle: file('empty.pem') }), {
    code: 1,
    text: /^rejected: .*root CAs of its own system/
  })
  t.match(await run({ bundle: file('blank.pem') }), {
    code: 1,
    text: /^error: there is no PEM block in it\n.*\ncertificates the API server can read \(0\)|cannot read any certificate/
  })
})

t.test('judges a bundle by the cluster CA, and prints the repair', async (t) => {
  t.match(await run({ clusterCa: file('good.pem') }), { code: 0, text: /^ok: it contains CN=kubernetes/ })
  const wrong = await run({ bundle: file('foreign.pem'), clusterCa: file('good.pem'), fix: true })
  t.equal(wrong.code, 1)
  t.match(wrong.text, /^foreign: /)
  t.ok(wrong.text.includes(good.trimEnd()), 'the clean bundle')
  t.ok(
    wrong.text.includes(
      `kubectl patch mutatingwebhookconfiguration NAME --type json -p '[{"op":"add","path":"/webhooks/0/clientConfig/caBundle","value":"${base64(good)}"}]'`
    )
  )
  const indented = await run({ bundle: file('indented.pem'), fix: true })
  t.match(indented.text, /error: lines are indented/)
  t.ok(indented.text.includes(good.trimEnd()), 'what the text was meant to hold')
  t.notMatch((await run({ fix: true })).text, /kubectl/, 'nothing to repair')
})

t.test('says what the policy does about a bundle that the API server can use', async (t) => {
  const preamble = `Certificate:\n    Data:\n        Version: 3 (0x2)\n${good}`
  const oneLine = good.replace(/(?<=[A-Za-z0-9+/=])\n(?=[A-Za-z0-9+/=])/g, '')
  const folder = t.testdir({ preamble, oneLine, extra: good + foreign, crlf: good.replaceAll('\n', '\r\n') })
  const judged = (name: string, options: Partial<CaOptions> = {}) =>
    run({ bundle: join(folder, name), clusterCa: file('good.pem'), ...options })

  const extra = await judged('extra', { fix: true })
  t.match(extra, {
    code: 0,
    text: /^ok: [^]*\npolicy: irsa-guard's caBundle policy denies writing this bundle to a guarded webhook: it contains CN=kubernetes \(SHA-256 .*\), which is not an expected CA\n {2}fix: write the bundle that --fix prints\n/
  })
  t.ok(extra.text.includes(`"value":"${base64(good)}"`), 'and prints one that passes')
  for (const name of ['preamble', 'oneLine']) {
    const printed = await judged(name, { fix: true })
    t.match(
      printed,
      { code: 0, text: /\npolicy: .* denies .*: it is not one of the accepted strings, / },
      name
    )
    t.ok(printed.text.includes(`"value":"${base64(good)}"`), name)
  }
  t.match(JSON.parse((await judged('extra', { output: 'json' })).text), {
    good: true,
    policy: { action: 'denies', because: /not an expected CA/ }
  })
  for (const accepted of ['good.pem', 'foreign.pem'])
    t.notMatch((await run({ bundle: file(accepted), clusterCa: file('good.pem') })).text, /policy/, accepted)
  t.notMatch((await judged('crlf')).text, /policy/, 'other line ends are accepted')
  t.notMatch((await run({ bundle: join(folder, 'extra') })).text, /policy/, 'nothing to compare with')

  const inCluster = (action: 'Deny' | 'Warn', accepted: readonly string[]): string => {
    let text = ''
    const entries = [{ name: guardedName, action, accepted, complete: accepted, injectors: [] }]
    const published = known({ confirmedAt: at, entries, status: [], isTampered: false })
    const facts = { ...nobody, published, clusterCas: certain(good) }
    const terminal = { stdout: (more: string) => (text += more) }
    caOfConfiguration(
      { ...configurationWith(good + foreign) },
      facts,
      { fix: false, output: 'text' },
      terminal,
      at
    )
    return text
  }
  t.match(inCluster('Deny', [base64(good)]), /policy denies writing/)
  t.match(inCluster('Warn', [base64(good)]), /policy warns about writing/)
  t.notMatch(inCluster('Deny', [base64(good + foreign)]), /policy/, 'the published list has it')
  t.notMatch(inCluster('Deny', []), /policy/, 'an empty list judges nothing')
})

t.test('warns about what makes no call fail, and reports an error only for what does', async (t) => {
  const { privateKey } = makeKey.ec()
  const keyPem = privateKey.export({ format: 'pem', type: 'pkcs8' }).toString()
  const soon = pem(makeAuthority('kubernetes', { notAfter: new Date('2026-12-01T00:00:00Z') }).der)
  const past = pem(makeAuthority('kubernetes', { notAfter: new Date('2026-11-01T00:00:00Z') }).der)
  const indented = good.replace(/^/gm, '  ')
  const table: readonly (readonly [
    why: string,
    bundle: string,
    says: 'warning' | 'error',
    kind: string,
    message: RegExp
  ])[] = [
    ['a key beside the CA', keyPem + good, 'warning', 'private-key', /^warning: it contains a private key/],
    ['a key alone', keyPem, 'error', 'private-key', /^error: it contains a private key/],
    ['a CA that expires soon', soon, 'warning', 'expiring', /^warning: a certificate expires within 30 days/],
    [
      'an old CA beside the next one',
      past + good,
      'warning',
      'expired',
      /^warning: a certificate has expired/
    ],
    ['an old CA alone', past, 'error', 'expired', /^error: a certificate has expired/],
    [
      'a lost CA beside one that is read',
      `${good}${indented}`,
      'warning',
      'indented',
      /^warning: lines are indented/
    ],
    ['a lost CA alone', indented, 'error', 'indented', /^error: lines are indented/]
  ]
  for (const [why, bundle, says, kind, message] of table) {
    const name = join(t.testdir({ bundle }), 'bundle')
    const [code, good, severity] = says === 'warning' ? [0, true, 'warning'] : [1, false, 'error']
    t.match(await run({ bundle: name }), { code, text: message }, why)
    const json = await run({ bundle: name, output: 'json' })
    t.match(
      { code: json.code, report: JSON.parse(json.text) as object },
      { code, report: { good, faults: [{ kind, severity }] } },
      why
    )
  }

  const lost = join(t.testdir({ bundle: `${keyPem}${foreign}${indented}` }), 'bundle')
  t.match(await run({ ...chain, bundle: lost }), {
    code: 1,
    text: /^rejected: [^]*\nerror: lines are indented[^]*\nwarning: it contains a private key/
  })
})

t.test('prints JSON', async (t) => {
  const { text } = await run({ ...chain, clusterCa: file('good.pem'), output: 'json' })
  t.match(JSON.parse(text), {
    good: true,
    verdict: { accepted: true, host: '127.0.0.1' },
    state: 'ok',
    certificates: [{ subject: 'CN=kubernetes', isCa: true, signs: true, isClusterCa: true, key: 'P-256' }],
    faults: []
  })
})

t.test('judges the webhooks of a configuration', async (t) => {
  let text = ''
  const judge = (bundle: string, output: 'text' | 'json'): number => {
    text = ''
    const facts = {
      ...nobody,
      clusterCas: certain(good),
      servedBy: () => ({ chain: served, host: '127.0.0.1' })
    }
    return caOfConfiguration(
      { ...configurationWith(bundle) },
      facts,
      { fix: true, output },
      { stdout: (more) => (text += more) },
      at
    )
  }
  t.equal(judge(good, 'text'), 0)
  t.match(text, `webhook ${guardedName}\naccepted:`)
  t.equal(judge(foreign, 'json'), 1)
  t.match(JSON.parse(text), [
    {
      webhook: guardedName,
      state: 'foreign',
      patch: /"op":"test","path":"\/webhooks\/0\/name","value":"iam-for-pods/
    }
  ])
  t.throws(
    () =>
      caOfConfiguration(
        { kind: 'Pod' },
        { ...nobody, clusterCas: certain(good) },
        { fix: false, output: 'text' },
        { stdout: () => undefined }
      ),
    {
      code: 'ERR_INPUT'
    }
  )
})

t.test("judges a webhook behind a Service by its injector's CA, or says why it cannot", async (t) => {
  const judge = (injected: Fact<InjectedCas>, bundle = foreign): { code: number; text: string } => {
    const clientConfig = { service: { namespace: 'a', name: 'b' }, caBundle: base64(bundle) }
    const object = { ...configurationWith(foreign), webhooks: [{ name: 'a.b.c', clientConfig }] }
    let text = ''
    const terminal = { stdout: (more: string) => (text += more) }
    const code = caOfConfiguration(
      object,
      { ...nobody, clusterCas: certain(good), injected },
      { fix: true, output: 'text' },
      terminal,
      at
    )
    return { code, text }
  }
  t.match(judge(known({ current: foreign, source: 'Certificate a/b' })), {
    code: 0,
    text: /\nok: .*\nthe injector takes the CA from: Certificate a\/b\n/
  })
  const wrong = judge(known({ current: good, source: 'Certificate a/b' }))
  t.match(wrong, { code: 1, text: /\nforeign: .*according to Certificate a\/b the current CA is/ })
  t.ok(wrong.text.includes(good.trimEnd()))

  // Anybody who may create a CertificateRequest can say so: a name for what is wrong, and never part of the
  // repair.
  const said = judge(known({ current: good, earlier: foreign, source: 'Certificate a/b' }))
  t.match(said, { code: 1, text: /\nstale: / })
  t.notOk(said.text.includes(foreign.trimEnd()))

  const cannotTell = judge(unknown('there is no Certificate a/b'))
  t.match(cannotTell, {
    code: 2,
    text: /\nundetermined: the expected CA is unknown: there is no Certificate a\/b, and there is no WebhookTrust cluster\n/
  })
  t.match(judge(unknown('x'), '\n'), {
    code: 1,
    text: /^webhook a\.b\.c\nunusable: .*\nerror: there is no PEM block/
  })
})

t.test('judges by the cluster CA only what it signs', (t) => {
  let text = ''
  const both = {
    ...configurationWith(foreign),
    webhooks: [
      { name: 'a.b.c', clientConfig: { service: { namespace: 'a', name: 'b' }, caBundle: base64(foreign) } }
    ]
  }
  const facts = { ...nobody, clusterCas: certain(good), apiServer: { chain: served, host: '127.0.0.1' } }
  const options = { fix: true, output: 'text' } as const
  t.equal(
    caOfConfiguration(both, facts, options, { stdout: (more) => (text += more) }, at),
    2,
    'the CA of its owner'
  )
  t.notMatch(text, /foreign|rejected|kubectl/)
  t.equal(
    caOfConfiguration(
      { ...configurationWith(foreign) },
      facts,
      options,
      { stdout: (more) => (text += more) },
      at
    ),
    1
  )
  t.match(
    text,
    /rejected: the bundle does not contain the CA that signs now \(one cluster CA signs for both the API server and the webhook next to it\): /
  )
  t.match(text, /certificates that the API server presents/)
  t.end()
})

t.test('judges by the published bundles what nothing else tells, and prints one of them', (t) => {
  const own = 'validate.irsa-guard.io'
  const next = pem(makeAuthority().der)
  const accepted = [next, good, next + good].map(base64)
  const entry = { name: own, action: 'Deny', accepted, complete: accepted.slice(2), injectors: [] } as const
  const published = (entries: readonly AcceptedBundles[]): Fact<WebhookTrust> =>
    known({ confirmedAt: new Date('2026-11-23T23:58:00Z'), entries, status: [], isTampered: false })
  const judge = (
    bundle: string,
    facts: Partial<Parameters<typeof caOfConfiguration>[1]> = {},
    name: string = own
  ) => {
    let text = ''
    const all = {
      ...nobody,
      clusterCas: certain(undefined),
      published: published([{ ...entry, name }]),
      ...facts
    }
    const object = { ...configurationWith(bundle, { name }) }
    const code = caOfConfiguration(
      object,
      all,
      { fix: true, output: 'text' },
      { stdout: (more) => (text += more) },
      at
    )
    return { code, text }
  }
  const patched = new RegExp(
    `\nkubectl patch mutatingwebhookconfiguration pod-identity-webhook .*"value":"${entry.complete[0]}"}\\]'\n$`
  )

  const wrong = judge(foreign)
  t.match(wrong, {
    code: 1,
    text: /\nforeign: .*\nexpected CA: from WebhookTrust "cluster", confirmed at 2026-11-23T23:58:00\.000Z\n/
  })
  t.match(wrong.text, /- CN=kubernetes \(CA, not in the WebhookTrust\)\n/)
  t.match(wrong.text, patched)
  t.match(judge(next + good), { code: 0, text: /\nok: [^]*- CN=kubernetes \(CA, in the WebhookTrust\)\n/ })
  t.notMatch(judge(next + good).text, /kubectl/)
  t.match(judge(`# comment\n${next}${good}`), { code: 0, text: patched }, 'the policy compares texts')
  t.match(judge(next), { code: 1, text: /\nincomplete: / })
  const before = { ...entry, complete: [base64(next)], accepted: [base64(next), base64(good)] }
  t.match(
    judge(good, { published: published([before]) }),
    { code: 1, text: /\nincomplete: .*until recently/ },
    'accepted, so not stale'
  )
  t.match(
    judge(foreign, { published: published([{ ...entry, complete: [] }]) }),
    { code: 1, text: new RegExp(`"value":"${accepted[0]}"`) },
    'none holds all'
  )

  const injected = known({ current: foreign, source: 'Certificate a/b' })
  t.match(
    judge(foreign, { injected }),
    { code: 1, text: patched },
    'an annotation on our own webhook says nothing'
  )
  t.match(judge(foreign, {}, guardedName), { code: 1, text: patched }, 'the cluster hides its CAs')
  const other = judge(foreign, { clusterCas: certain(foreign) }, guardedName)
  t.match(other, { code: 0, text: /\nok: / }, 'the CAs of the cluster are the first to ask')

  for (const [entries, because] of [
    [[], `WebhookTrust "cluster" has no entry for ${own}`],
    [
      [{ ...entry, accepted: [], complete: [] }],
      `WebhookTrust "cluster" has no bundle for ${own}, because the controller could not determine the CA either`
    ]
  ] as const) {
    const text = `\nundetermined: the expected CA is unknown: ${because}\n`
    t.match(judge(foreign, { published: published(entries) }), { code: 2, text }, because)
  }
  t.match(judge(foreign, { published: unknown('x') }, guardedName), {
    code: 2,
    text: 'is unknown: neither the kubeconfig nor ConfigMap default/kube-root-ca.crt contains the cluster CAs, and x\n'
  })
  t.end()
})

t.test('fetches what a server sends', async (t) => {
  const server = await listen(
    createServer({ cert: served + good, key: key.privateKey.export({ format: 'pem', type: 'pkcs8' }) })
  )
  t.teardown(() => server.close())
  const { port } = server.address() as AddressInfo // it listens on TCP
  const { code, text } = await run({ server: `127.0.0.1:${port}` })
  t.equal(code, 0)
  t.match(
    text,
    /accepted: the API server will connect to 127\.0\.0\.1\n[^]*certificates that the server presents \(2\):/
  )
})

t.test('says what does not speak TLS as the API server does', async (t) => {
  const identity = { cert: served, key: key.privateKey.export({ format: 'pem', type: 'pkcs8' }) }
  const plain = createTcpServer((socket) => {
    socket.on('error', () => undefined) // it has gone away
    socket.end('HTTP/1.1 400 Bad Request\r\n\r\n')
  })
  const old = createServer({
    ...identity,
    minVersion: 'TLSv1',
    maxVersion: 'TLSv1',
    ciphers: 'DEFAULT:@SECLEVEL=0'
  })
  for (const [server, because] of [
    [plain, 'it does not speak TLS'],
    [old, 'it does not support TLS 1.2 or newer, which the API server requires']
  ] as const) {
    await listen(server)
    t.teardown(() => server.close())
    const { port } = server.address() as AddressInfo // it listens on TCP
    const address = `127.0.0.1:${port}`
    await t.rejects(run({ server: address }), {
      code: 'ERR_INPUT',
      message: `${address} presented no certificate (${because})`
    })
  }
})

t.test('says what is missing', async (t) => {
  await t.rejects(run({ bundle: file('none') }), { code: 'ERR_INPUT', message: /^there is no file .*none$/ })
  await t.rejects(run({ chain: file('chain.pem') }), {
    code: 'ERR_USAGE',
    message: /--chain is given without --host/
  })
  await t.rejects(run({ ...chain, server: 'a:1' }), { code: 'ERR_USAGE' })
  for (const server of ['nonsense', 'webhook.svc', 'https://webhook.svc:443', 'webhook.svc:65536'])
    await t.rejects(run({ server }), { code: 'ERR_USAGE', message: /expected HOST:PORT/ }, server)
  await t.rejects(run({ clusterCa: file('empty.pem') }), {
    code: 'ERR_INPUT',
    message: `${file('empty.pem')} contains no certificate that an API server can read; expected the cluster CA as PEM`
  })
  await t.rejects(run({ server: '127.0.0.1:1' }), { code: 'ERR_INPUT', message: /presented no certificate/ })
})

async function listen(server: Server): Promise<Server> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return server
}

t.test('judges by the CAs that are confirmed, and says which are not', async (t) => {
  const foreign = pem(otherCa.der)
  const doubt = 'ConfigMap default/kube-root-ca.crt holds another CA'
  const judge = (
    bundle: string,
    clusterCas = { confirmed: good as string | undefined, unconfirmed: foreign, doubt }
  ) => {
    let text = ''
    const facts = { ...nobody, clusterCas }
    const code = caOfConfiguration(
      configurationWith(bundle) as object & Record<string, unknown>,
      facts,
      { fix: true, output: 'text' },
      { stdout: (more) => (text += more) },
      at
    )
    return { code, text }
  }
  t.match(judge(good), { code: 0, text: new RegExp(`\nok: it contains [^]*\nwarning: ${doubt}\n`) })
  t.match(
    judge(foreign),
    { code: 2, text: `undetermined: it is not certain that its CA is the cluster CA: ${doubt}` },
    'what may be the CA'
  )
  t.match(
    judge(foreign).text.replaceAll('\n', ''),
    clusterCa.der.toString('base64'),
    'and yet the fix writes the confirmed one only'
  )
  t.match(judge(pem(makeAuthority().der)), { code: 1, text: /\nforeign: / })
  t.match(judge(foreign, { confirmed: undefined, unconfirmed: foreign, doubt }), {
    code: 2,
    text: `the expected CA is unknown: ${doubt}`
  })
})
