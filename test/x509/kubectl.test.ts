import { execFile } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { createServer } from 'node:tls'
import t from 'tap'
import { judgeTls } from '../../src/x509/judge-tls.js'
import { findBinaries } from '../control-plane/binaries.ts'
import { base64, pem } from '../support/certificates.js'
import { type ChainCase, makeChainCases } from '../support/chain-cases.js'

// kubectl and the API server call TLS servers with the same code (client-go's transport), so kubectl's answer
// is the API server's. Name constraints and policies are compared with Go directly, in go-oracle.test.ts; a
// sample of them is enough here.
const isChosen = ({ why }: ChainCase, index: number): boolean =>
  !/^(?:constraint|policies)/.test(why) || index % 20 === 0

t.test('says what kubectl says when it calls such a server', { timeout: 300_000 }, async (t) => {
  const { kubectl } = await findBinaries()
  const folder = t.testdir()
  const cases = makeChainCases().filter(isChosen)
  const unserved: string[] = []
  const next = cases.entries()
  const work = async (): Promise<void> => {
    for (const [index, chainCase] of next) {
      const answer = await ask(kubectl, join(folder, `${index}.json`), chainCase)
      if (answer === undefined) {
        unserved.push(chainCase.why)
        continue
      }
      const { why, bundle, chain, host } = chainCase
      const verdict = judgeTls({
        caBundle: base64(bundle),
        chain: chain.map((bytes) => pem(bytes)).join(''),
        host,
        at: new Date()
      })
      t.equal(
        verdict.accepted ? 'accepted' : 'refused',
        answer.accepted ? 'accepted' : 'refused',
        `${why}: ${answer.text}`
      )
    }
  }
  await Promise.all([work(), work(), work(), work()])
  t.comment(`not served, for OpenSSL does not load them: ${unserved.join(', ')}`)
  t.ok(cases.length - unserved.length >= 100, `${cases.length - unserved.length} chains were served`)
})

async function ask(
  kubectl: string,
  file: string,
  { bundle, chain, key, host }: ChainCase
): Promise<{ accepted: boolean; text: string } | undefined> {
  const server = serverOf(chain, key)
  if (server === undefined) return undefined

  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo // it listens on TCP
  const cluster = {
    server: `https://127.0.0.1:${port}`,
    'certificate-authority-data': base64(bundle),
    'tls-server-name': host
  }
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'test',
    contexts: [{ name: 'test', context: { cluster: 'test', user: 'test' } }],
    clusters: [{ name: 'test', cluster }],
    users: [{ name: 'test', user: { token: 'test' } }]
  }
  writeFileSync(file, JSON.stringify(config))
  try {
    return await new Promise((resolve) => {
      execFile(
        kubectl,
        ['get', '--raw', '/', '--kubeconfig', file, '--request-timeout', '20s'],
        { env: {} },
        (error, _, stderr) => resolve({ accepted: error === null, text: stderr.trim() })
      )
    })
  } finally {
    server.close()
  }
}

function serverOf(
  chain: ChainCase['chain'],
  key: ChainCase['key']
): ReturnType<typeof createServer> | undefined {
  try {
    const server = createServer({
      cert: chain.map((bytes) => pem(bytes)).join(''),
      key: key.privateKey.export({ format: 'pem', type: 'pkcs8' }),
      ciphers: 'DEFAULT@SECLEVEL=0', // short keys and old digests are for the client to refuse
      minVersion: 'TLSv1.2'
    })
    server.on('secureConnection', (socket) => {
      socket.on('error', () => socket.destroy()) // the client hangs up as it likes
      socket.once('data', () =>
        socket.end('HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok')
      )
    })
    return server
  } catch {
    return undefined // OpenSSL cannot load such a certificate or key, so no server of Node can present it
  }
}
