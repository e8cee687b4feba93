import { createServer as createTcpServer, type Server } from 'node:net'
import { createServer } from 'node:tls'
import { join } from 'node:path'
import type { AddressInfo } from 'node:net'
import t from 'tap'
import { ca, caOfConfiguration, type CaOptions } from '../../src/commands/ca.js'
import type { InjectedCas } from '../../src/facts/injected-cas.js'
import { known, moot, unknown, type Fact } from '../../src/model/fact.js'
import { clusterCa, configurationWith, guardedName, otherCa } from '../support/bundle-cases.js'
import { base64, issue, makeKey, pem } from '../support/certificates.js'

const at = new Date('2026-11-24T00:00:00Z')
const key = makeKey.ec()
const served = pem(issue(clusterCa, { key }))
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
  const code = await ca({ bundle: file('good.pem'), fix: false, output: 'text', ...options }, { stdout: (more) => (text += more) }, at)
  return { code, text }
}
const chain = { chain: file('chain.pem'), host: '127.0.0.1' }

t.test('says whether the API server accepts, and why', async (t) => {
  const accepted = await run(chain)
  t.equal(accepted.code, 0)
  t.match(
    accepted.text,
    /^accepted: the API server will talk to 127\.0\.0\.1\nthe API server reads 1 of it:\n- CN=kubernetes \(CA, signs what is served\)\n/
  )
  t.match(await run({ ...chain, bundle: file('good.txt') }), { code: 0 }, 'base64 text')
  const refused = await run({ ...chain, bundle: file('foreign.pem') })
  t.equal(refused.code, 1)
  t.match(refused.text, /refused: .* is signed by another key: the caBundle holds CN=kubernetes/)
  t.match(
    refused.text,
    /it says: tls: failed to verify certificate: x509: certificate signed by unknown authority \(possibly because of "x509: ECDSA/
  )
  t.match(await run({ ...chain, host: 'webhook.svc' }), { code: 1, text: /is not good for webhook\.svc: it names 127\.0\.0\.1/ })
  const empty = { code: 1, text: 'it is empty, so the API server trusts the roots of its own system only\n' }
  t.strictSame(await run({ bundle: file('empty.pem') }), empty)
  t.match(await run({ ...chain, bundle: file('empty.pem') }), { code: 1, text: /^refused: .*root certificates of its own system/ })
  t.match(await run({ bundle: file('blank.pem') }), { code: 1, text: /^wrong: there is no PEM block in it\n.*\nthe API server reads no/ })
})

t.test('judges a bundle by the cluster CA, and prints the repair', async (t) => {
  t.match(await run({ clusterCa: file('good.pem') }), { code: 0, text: /^ok: it holds CN=kubernetes/ })
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
  t.match(indented.text, /wrong: lines are indented/)
  t.ok(indented.text.includes(good.trimEnd()), 'what the text was meant to hold')
  t.notMatch((await run({ fix: true })).text, /kubectl/, 'nothing to repair')
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
    const facts = { clusterCa: good, servedBy: () => ({ chain: served, host: '127.0.0.1' }) }
    return caOfConfiguration({ ...configurationWith(bundle) }, facts, { fix: true, output }, { stdout: (more) => (text += more) }, at)
  }
  t.equal(judge(good, 'text'), 0)
  t.match(text, `webhook ${guardedName}\naccepted:`)
  t.equal(judge(foreign, 'json'), 1)
  t.match(JSON.parse(text), [
    { webhook: guardedName, state: 'foreign', patch: /"op":"test","path":"\/webhooks\/0\/name","value":"iam-for-pods/ }
  ])
  t.throws(() => caOfConfiguration({ kind: 'Pod' }, { clusterCa: good }, { fix: false, output: 'text' }, { stdout: () => undefined }), {
    code: 'ERR_INPUT'
  })
})

t.test("judges a webhook behind a Service by its injector's CA, or says why it cannot", async (t) => {
  const judge = (injected: Fact<InjectedCas>, bundle = foreign): { code: number; text: string } => {
    const clientConfig = { service: { namespace: 'a', name: 'b' }, caBundle: base64(bundle) }
    const object = { ...configurationWith(foreign), webhooks: [{ name: 'a.b.c', clientConfig }] }
    let text = ''
    const terminal = { stdout: (more: string) => (text += more) }
    const code = caOfConfiguration(object, { clusterCa: good, injected }, { fix: true, output: 'text' }, terminal, at)
    return { code, text }
  }
  t.match(judge(known({ current: foreign, source: 'Certificate a/b' })), { code: 0, text: /\nok: .*\nits injector .*: Certificate a\/b\n/ })
  const wrong = judge(known({ current: good, source: 'Certificate a/b' }))
  t.match(wrong, { code: 1, text: /\nforeign: .*by Certificate a\/b the current CA is/ })
  t.ok(wrong.text.includes(good.trimEnd()))

  // Anybody who may create a CertificateRequest can say so: a name for what is wrong, and never part of the repair.
  const said = judge(known({ current: good, earlier: foreign, source: 'Certificate a/b' }))
  t.match(said, { code: 1, text: /\nstale: / })
  t.notOk(said.text.includes(foreign.trimEnd()))

  const cannotTell = judge(unknown('there is no Certificate a/b'))
  t.match(cannotTell, { code: 0, text: /\nunknown: which CA is right is not known: there is no Certificate a\/b\n/ })
  t.match(judge(unknown('x'), '\n'), { code: 1, text: /^webhook a\.b\.c\nwrong: there is no PEM block/ })
  t.notMatch(judge(moot('no injector is asked')).text, /unknown/)
})

t.test('judges by the cluster CA only what it signs', (t) => {
  let text = ''
  const both = {
    ...configurationWith(foreign),
    webhooks: [{ name: 'a.b.c', clientConfig: { service: { namespace: 'a', name: 'b' }, caBundle: base64(foreign) } }]
  }
  const facts = { clusterCa: good, apiServer: { chain: served, host: '127.0.0.1' } }
  const options = { fix: true, output: 'text' } as const
  t.equal(caOfConfiguration(both, facts, options, { stdout: (more) => (text += more) }, at), 0, 'the CA of its owner')
  t.notMatch(text, /foreign|refused|kubectl/)
  t.equal(caOfConfiguration({ ...configurationWith(foreign) }, facts, options, { stdout: (more) => (text += more) }, at), 1)
  t.match(
    text,
    /refused: it does not trust the CA that signs now \(a CA of the cluster signs for the API server and for the webhook beside it\): /
  )
  t.match(text, /the API server sends /)
  t.end()
})

t.test('fetches what a server sends', async (t) => {
  const server = await listen(createServer({ cert: served + good, key: key.privateKey.export({ format: 'pem', type: 'pkcs8' }) }))
  t.teardown(() => server.close())
  const { port } = server.address() as AddressInfo // it listens on TCP
  const { code, text } = await run({ server: `127.0.0.1:${port}` })
  t.equal(code, 0)
  t.match(text, /accepted: the API server will talk to 127\.0\.0\.1\n[^]*the server sends 2:/)
})

t.test('says what does not speak TLS as the API server does', async (t) => {
  const identity = { cert: served, key: key.privateKey.export({ format: 'pem', type: 'pkcs8' }) }
  const plain = createTcpServer((socket) => {
    socket.on('error', () => undefined) // it has gone away
    socket.end('HTTP/1.1 400 Bad Request\r\n\r\n')
  })
  const old = createServer({ ...identity, minVersion: 'TLSv1', maxVersion: 'TLSv1', ciphers: 'DEFAULT:@SECLEVEL=0' })
  for (const [server, because] of [
    [plain, 'what answers there does not speak TLS'],
    [old, 'it speaks no TLS 1.2 or newer, as the API server needs']
  ] as const) {
    await listen(server)
    t.teardown(() => server.close())
    const { port } = server.address() as AddressInfo // it listens on TCP
    const address = `127.0.0.1:${port}`
    await t.rejects(run({ server: address }), { code: 'ERR_INPUT', message: `${address} shows no certificate (${because})` })
  }
})

t.test('says what is missing', async (t) => {
  await t.rejects(run({ bundle: file('none') }), { code: 'ERR_INPUT', message: /^there is no file .*none$/ })
  await t.rejects(run({ chain: file('chain.pem') }), { code: 'ERR_USAGE', message: /--chain needs --host/ })
  await t.rejects(run({ ...chain, server: 'a:1' }), { code: 'ERR_USAGE' })
  for (const server of ['nonsense', 'webhook.svc', 'https://webhook.svc:443', 'webhook.svc:65536'])
    await t.rejects(run({ server }), { code: 'ERR_USAGE', message: /expected HOST:PORT/ }, server)
  await t.rejects(run({ clusterCa: file('empty.pem') }), {
    code: 'ERR_INPUT',
    message: `${file('empty.pem')} holds no certificate that an API server reads; expected the cluster's CA as PEM`
  })
  await t.rejects(run({ server: '127.0.0.1:1' }), { code: 'ERR_INPUT', message: /shows no certificate/ })
})

async function listen(server: Server): Promise<Server> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return server
}
