import { once } from 'node:events'
import { createServer as createTcpServer } from 'node:net'
import { delimiter } from 'node:path'
import { createServer } from 'node:tls'
import Fastify from 'fastify'
import t from 'tap'
import { issueCa, issueServing } from '../../src/controller/certificates/issue-certificate.js'
import { findCluster } from '../../src/kube/connect.js'
import { loadServedChain } from '../../src/kube/served-chain.js'
import { listen, portOf } from '../../src/process/listen.js'

const kubeconfig = (server: string): string =>
  JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'a', cluster: { server } }],
    users: [{ name: 'a', user: {} }],
    contexts: [
      { name: 'first', context: { cluster: 'a', user: 'a' } },
      { name: 'second', context: { cluster: 'a', user: 'a' } }
    ],
    'current-context': 'first'
  })

t.test('finds the cluster as kubectl does', async (t) => {
  const directory = t.testdir({
    plain: kubeconfig('http://127.0.0.1:8001'),
    nonsense: kubeconfig('api.example'),
    flag: kubeconfig('https://flag.example'),
    variable: kubeconfig('https://variable.example'),
    '.kube': { config: kubeconfig('https://home.example') },
    empty: {}
  })
  const at = (file: string): string => `${directory}/${file}`
  t.equal(
    findCluster({ kubeconfig: at('flag') }, { KUBECONFIG: at('variable'), HOME: directory })?.server,
    'https://flag.example'
  )
  t.equal(
    findCluster({}, { KUBECONFIG: at('variable'), HOME: directory })?.server,
    'https://variable.example'
  )
  t.equal(findCluster({}, { KUBECONFIG: '', HOME: directory })?.server, 'https://home.example')
  t.equal(findCluster({ context: 'second' }, { HOME: directory })?.server, 'https://home.example')
  t.equal(findCluster({}, { HOME: at('empty') }), undefined, 'there is none')
  t.throws(() => findCluster({ context: 'third' }, { HOME: directory }), {
    code: 'ERR_KUBECONFIG',
    message: /it has no context "third"; its contexts are "first", "second"/
  })
  t.throws(() => findCluster({ kubeconfig: at('plain') }, {}), {
    message:
      /its server is http:\/\/127.0.0.1:8001; expected an https URL, because credentials are sent only over TLS/
  })
  t.throws(() => findCluster({ kubeconfig: at('nonsense') }, {}), {
    message:
      /nonsense cannot be used: its server is "api\.example"; expected a URL such as https:\/\/HOST:6443$/
  })
  t.throws(() => findCluster({ kubeconfig: at('gone') }, {}), {
    code: 'ERR_KUBECONFIG',
    message: /gone cannot be used: it does not exist$/
  })
})

t.test('takes several kubeconfigs for one', async (t) => {
  const named = (name: string, current: string): string =>
    kubeconfig(`https://${name}.example`)
      .replaceAll('"a"', `"${name}"`)
      .replaceAll('"second"', `"of-${name}"`)
      .replace(/"current-context":"first"/, `"current-context":"${current}"`)
  const directory = t.testdir({
    one: named('one', ''),
    two: named('two', 'first'),
    three: named('three', 'of-three')
  })
  const list = (...files: readonly string[]): NodeJS.ProcessEnv => ({
    KUBECONFIG: files.map((file) => (file === '' ? '' : `${directory}/${file}`)).join(delimiter)
  })
  t.equal(
    findCluster({}, list('one', 'two', 'three'))?.server,
    'https://one.example',
    'the first `first`; the first current context'
  )
  t.equal(findCluster({}, list('', 'gone', 'three', 'two'))?.server, 'https://three.example')
  t.equal(findCluster({ context: 'of-two' }, list('one', 'two'))?.server, 'https://two.example')
  t.throws(() => findCluster({}, list('gone', 'away')), {
    message: /gone:.*away cannot be used: none of these files exists$/
  })
  t.throws(
    () => findCluster({ kubeconfig: `${directory}/one:${directory}/two` }, {}),
    { message: /two cannot be used: it does not exist$/ },
    'a flag names one file'
  )
})

t.test('reads the chain that a server sends, and waits for none', async (t) => {
  const validity = { from: new Date(Date.now() - 60_000), until: new Date(Date.now() + 3_600_000) }
  const ca = issueCa('ca', validity)
  const leaf = issueServing(ca, ['a.example'], validity)
  const server = createServer({ cert: leaf.certificate + ca.certificate, key: leaf.key })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  t.equal(
    await loadServedChain({ host: '127.0.0.1', port, servername: 'a.example' }, 5000),
    leaf.certificate + ca.certificate
  )
  server.close()
  await t.rejects(loadServedChain({ host: '127.0.0.1', port: 1 }, 5000), /ECONNREFUSED/)

  const silent = createTcpServer(() => undefined)
  silent.listen(0, '127.0.0.1')
  await once(silent, 'listening')
  const { port: silentPort } = silent.address() as { port: number }
  await t.rejects(
    loadServedChain({ host: '127.0.0.1', port: silentPort }, 200),
    /no TLS handshake with 127.0.0.1:\d+ within 0.2 s/
  )
  silent.close()
})

t.test('says that a port is in use', async (t) => {
  const [first, second] = [Fastify(), Fastify()]
  t.teardown(() => Promise.all([first.close(), second.close()]))
  await listen(first, 0)
  await t.rejects(listen(second, portOf(first)), {
    code: 'ERR_CONFIG',
    message: `port ${portOf(first)} is already in use`
  })
  t.equal(portOf(second), 0)
})
