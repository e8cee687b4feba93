import { createServer, type Server } from 'node:tls'
import { join } from 'node:path'
import type { AddressInfo } from 'node:net'
import t from 'tap'
import { ca, caOfConfiguration, type CaOptions } from '../../src/commands/ca.js'
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
  t.match(await run({ bundle: file('empty.pem') }), { code: 1, text: /reads no certificate/ })
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

t.test('says what is missing', async (t) => {
  await t.rejects(run({ bundle: file('none') }), { code: 'ERR_INPUT', message: /^there is no file .*none$/ })
  await t.rejects(run({ chain: file('chain.pem') }), { code: 'ERR_USAGE', message: /--chain needs --host/ })
  await t.rejects(run({ ...chain, server: 'a:1' }), { code: 'ERR_USAGE' })
  await t.rejects(run({ server: 'nonsense' }), { code: 'ERR_USAGE', message: /expected HOST:PORT/ })
  await t.rejects(run({ server: '127.0.0.1:1' }), { code: 'ERR_INPUT', message: /shows no certificate/ })
})

async function listen(server: Server): Promise<Server> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return server
}
