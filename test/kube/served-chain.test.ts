import { once } from 'node:events'
import { createServer } from 'node:tls'
import t from 'tap'
import { loadServedChain } from '../../src/kube/served-chain.js'
import { makeCertificate } from '../support/certificate.ts'

t.test('connects to this machine and its link only for somebody who chose the address', async (t) => {
  const { certificate, key } = makeCertificate('127.0.0.1')
  const server = createServer({ cert: certificate, key }).listen(0, '127.0.0.1')
  t.teardown(() => server.close())
  await once(server, 'listening')
  const { port } = server.address() as { port: number } // it listens on TCP
  t.match(await loadServedChain({ host: '127.0.0.1', port }, 5000), /^-----BEGIN CERTIFICATE-----/)
  for (const host of [
    '127.0.0.1',
    '127.9.9.9',
    '::1',
    '::ffff:127.0.0.1',
    '0.0.0.0',
    '169.254.169.254',
    'fe80::1',
    'fd00:ec2::254'
  ]) {
    await t.rejects(loadServedChain({ host, port }, 5000, { onlyOutside: true }), {
      message: `${host} is a loopback or link-local address`
    })
  }
  await t.rejects(loadServedChain({ host: 'localhost', port }, 5000, { onlyOutside: true }), {
    message: 'localhost resolves only to loopback or link-local addresses'
  })
})
