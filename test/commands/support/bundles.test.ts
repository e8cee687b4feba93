import { type AddressInfo, createServer as createTcpServer, type Server } from 'node:net'
import { join } from 'node:path'
import { createServer } from 'node:tls'
import t from 'tap'
import type { AcceptedBundles } from '../../../src/ca-bundle/accepted-texts.js'
import type { InjectedCas } from '../../../src/ca-bundle/injection.js'
import { ca, caOfConfiguration, type CaOptions } from '../../../src/commands/support/bundles.js'
import { type Fact, known, moot, unknown } from '../../../src/model/fact.js'
import type { WebhookTrust } from '../../../src/sources/cluster/webhook-trust.js'
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
/** What a command printed: on stdout, the report wherever it went, and both together. */
class Printed {
  stdout = ''
  stderr = ''
  readonly terminal = {
    stdout: (more: string) => (this.stdout += more),
    stderr: (more: string) => (this.stderr += more)
  }
  get text(): string {
    return this.stderr + this.stdout
  }
}
const json = [{ format: 'json', file: undefined }] as const
const run = async (
  options: Partial<CaOptions>
): Promise<{ code: number; text: string; stdout: string; stderr: string }> => {
  const printed = new Printed()
  const code = await ca({ bundle: file('good.pem'), fix: false, ...options }, printed.terminal, at)
  const { text, stdout, stderr } = printed
  return { code, text, stdout, stderr }
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
    /^✓ accepted {8}the bundle: the API server will connect to 127\.0\.0\.1\n\n {2}in the bundle {3}CN=kubernetes {2}SHA-256 [\dA-F:]{11} {2}P-256 {2}until 2036-01-01 {2}signs now\n/
  )
  t.match(await run({ ...chain, bundle: file('good.txt') }), { code: 0 }, 'base64 text')
  const refused = await run({ ...chain, bundle: file('foreign.pem') })
  t.equal(refused.code, 1)
  t.match(
    refused.text,
    /^✗ rejected [^]*\n {2}that is {9}.* is signed by a different key: the caBundle contains CN=kubernetes/
  )
  t.match(
    refused.text,
    /\n {2}Go says {9}tls: failed to verify certificate: x509: certificate signed by unknown authority \(possibly because of "x509: ECDSA/
  )
  t.match(
    await run({ ...chain, host: 'webhook.svc' }),
    {
      code: 1,
      text: / {2}signs now\n[^]*is not valid for webhook\.svc: it is for 127\.0\.0\.1\n/
    },
    'a wrong name is no wrong CA'
  )
  const empty = {
    code: 1,
    stdout:
      '✗ empty           the bundle is empty, so the API server trusts only the root CAs of its own system\n'
  }
  t.match(await run({ bundle: file('empty.pem') }), empty)
  t.match(await run({ ...chain, bundle: file('empty.pem') }), {
    code: 1,
    text: /^✗ rejected [^]*root CAs of its own system/
  })
  t.match(await run({ bundle: file('blank.pem') }), {
    code: 1,
    text: /^✗ unusable [^]*no certificate that the API server can read\n\n {2}error {11}there is no PEM block in it\n {2}fix /
  })
})

t.test('judges a bundle by the cluster CA, and prints the repair', async (t) => {
  t.match(await run({ clusterCa: file('good.pem') }), {
    code: 0,
    text: /^✓ ok {14}the bundle trusts the expected CA\n {2}because {9}it contains CN=kubernetes/
  })
  const wrong = await run({ bundle: file('foreign.pem'), clusterCa: file('good.pem'), fix: true })
  t.equal(wrong.code, 1)
  t.match(wrong.stderr, /^✗ foreign /)
  t.match(
    wrong.stderr,
    /\n {2}in the bundle {3}CN=kubernetes {2}SHA-256 .* not expected\n {2}this cluster {4}CN=kubernetes {2}SHA-256 .*\n {41}\^{11} same name, other certificate\n/
  )
  t.equal(
    wrong.stdout,
    `kubectl patch mutatingwebhookconfiguration NAME --type json -p '[{"op":"test","path":"/webhooks/0/clientConfig/caBundle","value":"${base64(foreign)}"},{"op":"add","path":"/webhooks/0/clientConfig/caBundle","value":"${base64(good)}"}]'\n`,
    'nothing but the command'
  )
  t.match(wrong.stderr, /first webhook of NAME: replace NAME, .*\nThe API server refuses the command if that/)
  const empty = await run({ bundle: file('empty.pem'), clusterCa: file('good.pem'), fix: true })
  t.match(empty.stdout, /-p '\[\{"op":"add"/)
  t.match(empty.stderr, /The command does not check which webhook it changes, because the bundle is empty/)
  const indented = await run({ bundle: file('indented.pem'), fix: true })
  t.match(indented.stderr, /\n {2}error {11}a BEGIN or END line is indented/)
  t.ok(indented.stdout.includes(base64(good)), 'what the text was meant to hold')
  t.equal((await run({ fix: true })).stdout, '', 'nothing to repair')
})

t.test('--fix can be piped: one command, the bundle or JSON on stdout', async (t) => {
  const wrong = { bundle: file('foreign.pem'), clusterCa: file('good.pem'), fix: true }
  const pemOutput = [{ format: 'pem', file: undefined }] as const
  t.match(await run({ ...wrong, output: pemOutput }), { code: 1, stdout: good, stderr: /^✗ foreign / })
  t.match(await run({ ...wrong, output: json }), { stdout: /^\{[^]*"patch": "kubectl patch /, stderr: '' })
  await t.rejects(run({ ...wrong, fix: false, output: pemOutput }), {
    code: 'ERR_USAGE',
    message: '--output pem prints the repaired bundle; pass --fix, too'
  })

  const names = ['a.example.com', 'b.example.com']
  const object = {
    ...configurationWith(foreign),
    webhooks: names.map((name) => ({ name, clientConfig: { caBundle: base64(foreign) } }))
  }
  const judge = async (bundles: readonly string[], options: Partial<CaOptions> = {}): Promise<Printed> => {
    const printed = new Printed()
    const entries = names.map((name, index) => {
      const accepted = [base64(bundles[index] ?? '')]

      return { name, action: 'Deny' as const, accepted, complete: accepted, injectors: [] }
    })
    const published = known({ confirmedAt: at, entries, clusterCas: [], status: [], isTampered: false })
    await caOfConfiguration(
      object,
      { ...nobody, clusterCas: certain(undefined), published },
      { fix: true, kubeconfig: '/tmp/a b', context: 'prod', ...options },
      printed.terminal,
      at
    )
    return printed
  }
  const next = pem(makeAuthority().der)
  const { stdout, stderr } = await judge([good, next])
  const [, patch = ''] =
    /^kubectl --kubeconfig '\/tmp\/a b' --context prod patch mutatingwebhookconfiguration pod-identity-webhook --type json -p '(.*)'\n$/.exec(
      stdout
    ) ?? []
  t.strictSame(
    JSON.parse(patch),
    [good, next].flatMap((bundle, index) => [
      { op: 'test', path: `/webhooks/${index}/name`, value: names[index] },
      { op: 'test', path: `/webhooks/${index}/clientConfig/caBundle`, value: base64(foreign) },
      { op: 'add', path: `/webhooks/${index}/clientConfig/caBundle`, value: base64(bundle) }
    ]),
    'one command for all webhooks, in the cluster that was read'
  )
  t.match(
    stderr,
    "\n  fix it          irsa-guard ca mutatingwebhookconfiguration/pod-identity-webhook --kubeconfig '/tmp/a b' --context prod --fix | sh\n"
  )
  t.equal((await judge([good, good], { output: pemOutput })).stdout, good, 'both need the same bundle')
  await t.rejects(judge([good, next], { output: pemOutput }), {
    code: 'ERR_USAGE',
    message: /^2 webhooks need different bundles/
  })
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
    text: /^! ok [^]*\n {2}policy {10}irsa-guard's caBundle policy denies writing this bundle to a guarded webhook: it contains CN=kubernetes \(SHA-256 .*\), which is not an expected CA\n {2}fix {13}write the bundle that --fix prints\n/
  })
  t.ok(extra.text.includes(`"value":"${base64(good)}"`), 'and prints one that passes')
  for (const name of ['preamble', 'oneLine']) {
    const printed = await judged(name, { fix: true })
    t.match(
      printed,
      { code: 0, text: /\n {2}policy {10}.* denies .*: it is not one of the accepted strings, / },
      name
    )
    t.ok(printed.text.includes(`"value":"${base64(good)}"`), name)
  }
  t.match(JSON.parse((await judged('extra', { output: json })).text), {
    good: true,
    policy: { action: 'denies', because: /not an expected CA/ }
  })
  for (const accepted of ['good.pem', 'foreign.pem'])
    t.notMatch((await run({ bundle: file(accepted), clusterCa: file('good.pem') })).text, /policy/, accepted)
  t.notMatch((await judged('crlf')).text, /policy/, 'other line ends are accepted')
  t.notMatch((await run({ bundle: join(folder, 'extra') })).text, /policy/, 'nothing to compare with')

  const inCluster = async (action: 'Deny' | 'Warn', accepted: readonly string[]): Promise<string> => {
    const printed = new Printed()
    const entries = [{ name: guardedName, action, accepted, complete: accepted, injectors: [] }]
    const published = known({ confirmedAt: at, entries, clusterCas: [], status: [], isTampered: false })
    const facts = { ...nobody, published, clusterCas: certain(good) }
    const { terminal } = printed
    await caOfConfiguration({ ...configurationWith(good + foreign) }, facts, { fix: false }, terminal, at)
    return printed.text
  }
  t.match(await inCluster('Deny', [base64(good)]), /policy denies writing/)
  t.match(await inCluster('Warn', [base64(good)]), /policy warns about writing/)
  t.notMatch(await inCluster('Deny', [base64(good + foreign)]), /policy/, 'the published list has it')
  t.notMatch(await inCluster('Deny', []), /policy/, 'an empty list judges nothing')
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
    [
      'a key beside the CA',
      keyPem + good,
      'warning',
      'private-key',
      /\n {2}warning {9}it contains a private key/
    ],
    ['a key alone', keyPem, 'error', 'private-key', /\n {2}error {11}it contains a private key/],
    [
      'a CA that expires soon',
      soon,
      'warning',
      'expiring',
      /\n {2}warning {9}a certificate expires within 30 days/
    ],
    [
      'an old CA beside the next one',
      past + good,
      'warning',
      'expired',
      /\n {2}warning {9}a certificate has expired/
    ],
    ['an old CA alone', past, 'error', 'expired', /\n {2}error {11}a certificate has expired/],
    [
      'a lost CA beside one that is read',
      `${good}${indented}`,
      'warning',
      'indented',
      /\n {2}warning {9}a BEGIN or END line is indented/
    ],
    ['a lost CA alone', indented, 'error', 'indented', /\n {2}error {11}a BEGIN or END line is indented/]
  ]
  for (const [why, bundle, says, kind, message] of table) {
    const name = join(t.testdir({ bundle }), 'bundle')
    const [code, good, severity] = says === 'warning' ? [0, true, 'warning'] : [1, false, 'error']
    t.match(await run({ bundle: name }), { code, text: message }, why)
    const answer = await run({ bundle: name, output: json })
    t.match(
      { code: answer.code, report: JSON.parse(answer.text) as object },
      { code, report: { good, faults: [{ kind, severity }] } },
      why
    )
  }

  const lost = join(t.testdir({ bundle: `${keyPem}${foreign}${indented}` }), 'bundle')
  t.match(await run({ ...chain, bundle: lost }), {
    code: 1,
    text: /^✗ rejected [^]*\n {2}error {11}a BEGIN or END line is indented[^]*\n {2}warning {9}it contains a private key/
  })
})

t.test('prints JSON', async (t) => {
  const { text } = await run({ ...chain, clusterCa: file('good.pem'), output: json })
  t.match(JSON.parse(text), {
    good: true,
    verdict: { accepted: true, host: '127.0.0.1' },
    state: 'ok',
    certificates: [{ subject: 'CN=kubernetes', isCa: true, signs: true, isClusterCa: true, key: 'P-256' }],
    faults: []
  })
})

t.test('judges the webhooks of a configuration', async (t) => {
  let printed = new Printed()
  const judge = async (bundle: string, output?: typeof json): Promise<number> => {
    printed = new Printed()
    const facts = {
      ...nobody,
      clusterCas: certain(good),
      servedBy: () => ({ chain: served, host: '127.0.0.1' })
    }
    return caOfConfiguration(
      { ...configurationWith(bundle) },
      facts,
      { fix: true, ...(output && { output }) },
      printed.terminal,
      at
    )
  }
  t.equal(await judge(good), 0)
  t.match(
    printed.text,
    `✓ ok              webhook ${guardedName}: the API server will connect to 127.0.0.1\n`
  )
  t.equal(await judge(foreign, json), 1)
  t.match(JSON.parse(printed.text), [
    {
      webhook: guardedName,
      state: 'foreign',
      patch: /"op":"test","path":"\/webhooks\/0\/name","value":"iam-for-pods/
    }
  ])
  await t.rejects(
    async () =>
      caOfConfiguration(
        { kind: 'Pod' },
        { ...nobody, clusterCas: certain(good) },
        { fix: false },
        new Printed().terminal
      ),
    {
      code: 'ERR_INPUT'
    }
  )
})

t.test("judges a webhook behind a Service by its injector's CA, or says why it cannot", async (t) => {
  const judge = async (
    injected: Fact<InjectedCas>,
    bundle = foreign
  ): Promise<{ code: number; text: string }> => {
    const clientConfig = { service: { namespace: 'a', name: 'b' }, caBundle: base64(bundle) }
    const object = { ...configurationWith(foreign), webhooks: [{ name: 'a.b.c', clientConfig }] }
    const printed = new Printed()
    const { terminal } = printed
    const code = await caOfConfiguration(
      object,
      { ...nobody, clusterCas: certain(good), injected },
      { fix: true },
      terminal,
      at
    )
    return { code, text: printed.text }
  }
  t.match(await judge(known({ current: foreign, source: 'Certificate a/b' })), {
    code: 0,
    text: /^[✓!] ok [^]*\n {2}the injector {4}CN=[^]*\n {2}CA source {7}Certificate a\/b\n/
  })
  const wrong = await judge(known({ current: good, source: 'Certificate a/b' }))
  t.match(wrong, {
    code: 1,
    text: /^✗ foreign .*\n {2}because .*according to Certificate a\/b the current CA is/
  })
  t.ok(wrong.text.includes(base64(good)))

  // Anybody who may create a CertificateRequest can say so: a name for what is wrong, and never part of the
  // repair.
  const said = await judge(known({ current: good, earlier: foreign, source: 'Certificate a/b' }))
  t.match(said, { code: 1, text: /^✗ stale / })
  t.notOk(said.text.includes(`"add","path":"/webhooks/0/clientConfig/caBundle","value":"${base64(foreign)}`))
  t.ok(said.text.includes(`"add","path":"/webhooks/0/clientConfig/caBundle","value":"${base64(good)}`))

  const cannotTell = await judge(unknown('there is no Certificate a/b'))
  t.match(cannotTell, {
    code: 2,
    text: /^\? undetermined .*\n {2}because {9}the expected CA is unknown: there is no Certificate a\/b, and there is no WebhookTrust cluster\n/
  })
  t.match(await judge(unknown('x'), '\n'), {
    code: 1,
    text: /^✗ unusable {8}the API server cannot use the bundle of webhook a\.b\.c[^]*\n {2}error {11}there is no PEM block/
  })
})

t.test('judges by the cluster CA only what it signs', async (t) => {
  const printed = new Printed()
  const both = {
    ...configurationWith(foreign),
    webhooks: [
      { name: 'a.b.c', clientConfig: { service: { namespace: 'a', name: 'b' }, caBundle: base64(foreign) } }
    ]
  }
  const facts = { ...nobody, clusterCas: certain(good), apiServer: { chain: served, host: '127.0.0.1' } }
  const options = { fix: true }
  t.equal(await caOfConfiguration(both, facts, options, printed.terminal, at), 2, 'the CA of its owner')
  t.notMatch(printed.text, /foreign|rejected|kubectl/)
  t.equal(await caOfConfiguration({ ...configurationWith(foreign) }, facts, options, printed.terminal, at), 1)
  t.match(
    printed.text,
    /✗ foreign [^]*\n {2}compared with {3}what the API server serves: one cluster CA signs the certificates of both the API server and the webhook alongside it\n {2}Go says /
  )
  t.match(printed.text, /\n {2}this cluster .* signs now\n/)
})

t.test('judges by the published bundles what nothing else tells, and prints one of them', async (t) => {
  const own = 'validate.irsa-guard.io'
  const next = pem(makeAuthority().der)
  const accepted = [next, good, next + good].map(base64)
  const entry = { name: own, action: 'Deny', accepted, complete: accepted.slice(2), injectors: [] } as const
  const published = (entries: readonly AcceptedBundles[]): Fact<WebhookTrust> =>
    known({
      confirmedAt: new Date('2026-11-23T23:58:00Z'),
      entries,
      clusterCas: [],
      status: [],
      isTampered: false
    })
  const judge = async (
    bundle: string,
    facts: Partial<Parameters<typeof caOfConfiguration>[1]> = {},
    name: string = own
  ) => {
    const printed = new Printed()
    const all = {
      ...nobody,
      clusterCas: certain(undefined),
      published: published([{ ...entry, name }]),
      ...facts
    }
    const object = { ...configurationWith(bundle, { name }) }
    const code = await caOfConfiguration(object, all, { fix: true }, printed.terminal, at)
    return { code, text: printed.text }
  }
  const patched = new RegExp(
    `kubectl patch mutatingwebhookconfiguration pod-identity-webhook .*"value":"${entry.complete[0]}"}\\]'\n$`
  )

  const wrong = await judge(foreign)
  t.match(wrong, {
    code: 1,
    text: /^✗ foreign [^]*\n {2}confirmed {7}expected CA from WebhookTrust "cluster", confirmed at 2026-11-23T23:58:00\.000Z\n/
  })
  t.match(wrong.text, /in the bundle {3}CN=kubernetes .* not expected\n {2}WebhookTrust /)
  t.match(wrong.text, patched)
  t.match(await judge(next + good), {
    code: 0,
    text: /^✓ ok [^]*in the bundle {3}CN=kubernetes .* {2}expected\n/
  })
  t.notMatch((await judge(next + good)).text, /kubectl/)
  t.match(await judge(`# comment\n${next}${good}`), { code: 0, text: patched }, 'the policy compares texts')
  t.match(await judge(next), { code: 1, text: /^✗ incomplete / })
  const before = { ...entry, complete: [base64(next)], accepted: [base64(next), base64(good)] }
  t.match(
    await judge(good, { published: published([before]) }),
    { code: 1, text: /^✗ incomplete .*\n.*until recently/ },
    'accepted, so not stale'
  )
  t.match(
    await judge(foreign, { published: published([{ ...entry, complete: [] }]) }),
    { code: 1, text: new RegExp(`"value":"${accepted[0]}"`) },
    'none holds all'
  )

  const injected = known({ current: foreign, source: 'Certificate a/b' })
  t.match(
    await judge(foreign, { injected }),
    { code: 1, text: patched },
    'an annotation on our own webhook says nothing'
  )
  t.match(await judge(foreign, {}, guardedName), { code: 1, text: patched }, 'the cluster hides its CAs')
  const other = await judge(foreign, { clusterCas: certain(foreign) }, guardedName)
  t.match(other, { code: 0, text: /^[✓!] ok / }, 'the CAs of the cluster are the first to ask')

  for (const [entries, because] of [
    [[], `WebhookTrust "cluster" has no entry for ${own}`],
    [
      [{ ...entry, accepted: [], complete: [] }],
      `WebhookTrust "cluster" has no bundle for ${own}, because the controller could not determine the CA either`
    ]
  ] as const) {
    const text = `\n  because         the expected CA is unknown: ${because}\n`
    t.match(await judge(foreign, { published: published(entries) }), { code: 2, text }, because)
  }
  t.match(await judge(foreign, { published: unknown('x') }, guardedName), {
    code: 2,
    text: 'is unknown: neither the kubeconfig nor ConfigMap default/kube-root-ca.crt contains the cluster CAs, and x\n'
  })
})

t.test('fetches what a server sends', async (t) => {
  const server = await listen(
    createServer({ cert: served + good, key: key.privateKey.export({ format: 'pem', type: 'pkcs8' }) })
  )
  t.teardown(() => server.close())
  const { port } = server.address() as AddressInfo // it listens on TCP
  const { code, text } = await run({ server: `127.0.0.1:${port}`, verbose: true })
  t.equal(code, 0)
  t.match(
    text,
    /^✓ accepted {8}the bundle: the API server will connect to 127\.0\.0\.1\n[^]*certificates that the server presents \(2\):/
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
  const judge = async (
    bundle: string,
    clusterCas = { confirmed: good as string | undefined, unconfirmed: foreign, doubt }
  ) => {
    const printed = new Printed()
    const facts = { ...nobody, clusterCas }
    const code = await caOfConfiguration(
      configurationWith(bundle) as object & Record<string, unknown>,
      facts,
      { fix: true },
      printed.terminal,
      at
    )
    return { code, text: printed.text }
  }
  t.match(await judge(good), {
    code: 0,
    text: new RegExp(`^! ok [^]*\n  because {9}it contains [^]*\n  warning {9}${doubt}\n`)
  })
  t.match(
    await judge(foreign),
    { code: 2, text: `because         it is not certain that its CA is the cluster CA: ${doubt}` },
    'what may be the CA'
  )
  t.match((await judge(foreign)).text, base64(good), 'and yet the fix writes the confirmed one only')
  t.match(await judge(pem(makeAuthority().der)), { code: 1, text: /^✗ foreign / })
  t.match(await judge(foreign, { confirmed: undefined, unconfirmed: foreign, doubt }), {
    code: 2,
    text: `the expected CA is unknown: ${doubt}`
  })
})
