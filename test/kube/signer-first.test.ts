import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:https'
import { join } from 'node:path'
import { KubeConfig } from '@kubernetes/client-node'
import t from 'tap'
import { buildKubeClient } from '../../src/kube/client.js'
import { findSigner, withFirst } from '../../src/kube/signer-first.js'

const folder = t.testdir({})
const openssl = (...args: string[]): unknown => execFileSync('openssl', args, { cwd: folder, stdio: 'pipe' })

/** A CA as clusters of before version 1.17 have it, and a leaf: neither has key identifiers. */
function makeCa(name: string): { ca: string; leaf: string; key: string } {
  const extensions = (lines: string): string => {
    const file = `${name}-${lines.length}.cnf`
    writeFileSync(
      join(folder, file),
      `[req]\ndistinguished_name=dn\n[dn]\n[e]\nsubjectKeyIdentifier=none\nauthorityKeyIdentifier=none\n${lines}`
    )
    return file
  }
  const ca = extensions('basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign,cRLSign\n')
  const leaf = extensions('subjectAltName=IP:127.0.0.1,DNS:kubernetes.default.svc\n')
  const subject = ['-subj', '/CN=kubernetes']
  const made = ['-newkey', 'rsa:2048', '-nodes', '-days', '3', '-sha256']
  openssl(
    'req',
    '-x509',
    ...made,
    ...subject,
    '-config',
    ca,
    '-extensions',
    'e',
    '-keyout',
    `${name}.key`,
    '-out',
    `${name}.crt`
  )
  openssl(
    'req',
    ...made.slice(0, 3),
    '-subj',
    '/CN=server',
    '-config',
    leaf,
    '-keyout',
    `${name}-leaf.key`,
    '-out',
    `${name}.csr`
  )
  openssl(
    'x509',
    '-req',
    '-in',
    `${name}.csr`,
    '-CA',
    `${name}.crt`,
    '-CAkey',
    `${name}.key`,
    '-set_serial',
    '2',
    '-days',
    '3',
    '-extfile',
    leaf,
    '-extensions',
    'e',
    '-out',
    `${name}-leaf.crt`
  )
  const read = (file: string): string => readFileSync(join(folder, file), 'utf8')

  return { ca: read(`${name}.crt`), leaf: read(`${name}-leaf.crt`), key: read(`${name}-leaf.key`) }
}

t.test('two CAs of one name without key identifiers, and the second one signs', async (t) => {
  const [a, b, x] = [makeCa('a'), makeCa('b'), makeCa('x')]
  let now = b
  const server = createServer({ cert: b.leaf, key: b.key }, (_, response) => response.end('{}'))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => server.close())
  const { port } = server.address() as { port: number } // it listens on TCP
  const clientWith = (ca: string) => {
    const config = new KubeConfig()
    config.loadFromOptions({
      clusters: [
        { name: 'a', server: `https://127.0.0.1:${port}`, caData: Buffer.from(ca).toString('base64') }
      ],
      users: [{ name: 'a' }],
      contexts: [{ name: 'a', cluster: 'a', user: 'a' }],
      currentContext: 'a'
    })
    const client = buildKubeClient(config)
    t.teardown(() => client.close())
    return client
  }
  const address = { host: '127.0.0.1', port }

  const client = clientWith(a.ca + b.ca)
  t.equal((await client.request({ path: '/' })).status, 200, 'the outgoing CA is first')
  t.equal((await client.request({ path: '/' })).status, 200)
  t.match((await client.readTrust()).cas, a.ca.trim(), 'it still trusts both')
  t.equal((await client.at(address).request({ path: '/' })).status, 200, 'at the address of one API server')

  now = a
  server.setSecureContext({ cert: now.leaf, key: now.key })
  client.close() // the next request opens a new connection
  t.equal((await client.request({ path: '/' })).status, 200, 'rolled back')

  server.setSecureContext({ cert: x.leaf, key: x.key })
  client.close() // the next request opens a new connection
  await t.rejects(
    client.request({ path: '/' }),
    { message: /not signed by a CA in the kubeconfig \(/ },
    'a third CA'
  )
  await t.rejects(clientWith(a.ca).request({ path: '/' }), /not signed by a CA/)
  t.equal(await findSigner({ ...address, ca: a.ca + b.ca }, 5000), undefined)
})

t.test('the order of CAs', async (t) => {
  const block = (name: string): string => `-----BEGIN CERTIFICATE-----\n${name}\n-----END CERTIFICATE-----`
  const [one, two] = [block('MQ=='), block('Mg==')]
  t.equal(withFirst(`${one}\n${two}\n`, two), `${two}\n${one}`)
  t.equal(withFirst(one, two), one, 'a CA that was replaced')
  t.equal(withFirst(undefined, two), undefined)
  t.equal(withFirst(one, undefined), one)
})
