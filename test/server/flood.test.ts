// What clients that mean harm can do to `serve` at its port: it lives within the memory that manifests/ give
// it, and answers others meanwhile.
import { spawn } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import type { IncomingMessage } from 'node:http'
import { Agent, request } from 'node:https'
import { createInterface } from 'node:readline'
import { text as readStream } from 'node:stream/consumers'
import { setTimeout as sleep } from 'node:timers/promises'
import { connect, type TLSSocket } from 'node:tls'
import t, { type Test } from 'tap'
import { issueCa, issueServing } from '../../src/controller/certificates/issue-certificate.js'

const mebibyte = 2 ** 20
const limit = 512 * mebibyte // resources.limits.memory of manifests/serve.yaml
const validity = { from: new Date(Date.now() - 60_000), until: new Date(Date.now() + 3_600_000) }
const ca = issueCa('irsa-guard test', validity)
const reviewOf = (annotations: object): string =>
  JSON.stringify({
    apiVersion: 'admission.k8s.io/v1',
    kind: 'AdmissionReview',
    request: {
      uid: 'u',
      operation: 'CREATE',
      namespace: 'shop',
      object: { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'cart', annotations } }
    }
  })
const good = reviewOf({ 'eks.amazonaws.com/role-arn': 'arn:aws:iam::111122223333:policy/cart' })

interface Server {
  readonly port: number
  /**
   * Most memory that was ever resident, in bytes:
   * https://www.kernel.org/doc/html/latest/filesystems/proc.html
   */
  readonly peak: () => number
  readonly isAlive: () => boolean
}

async function start(t: Test): Promise<Server> {
  const directory = t.testdir({})
  const { certificate, key } = issueServing(ca, ['127.0.0.1'], validity)
  writeFileSync(`${directory}/tls.crt`, certificate)
  writeFileSync(`${directory}/tls.key`, key)
  const config = `server: { port: 0, healthPort: 0 }\ntls: { certFile: ${directory}/tls.crt, keyFile: ${directory}/tls.key }\n`
  writeFileSync(`${directory}/config.yaml`, config)
  const child = spawn(
    process.execPath,
    ['dist/cli.js', 'serve', '--config', `${directory}/config.yaml`, '--iam', 'examples/iam.json'],
    {
      env: { HOME: directory, PATH: process.env['PATH'] },
      stdio: ['ignore', 'pipe', 'inherit']
    }
  )
  t.teardown(() => child.kill('SIGKILL'))
  for await (const line of createInterface({ input: child.stdout })) {
    const { port } = JSON.parse(line) as { port?: number } // it logs JSON
    if (port === undefined) continue
    child.stdout.resume()
    return {
      port,
      peak: () =>
        Number(/^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${child.pid ?? 0}/status`, 'utf8'))?.[1]) *
        1024,
      isAlive: () => child.exitCode === null && child.signalCode === null
    }
  }
  throw new Error('the server ended before it listened')
}

/** A connection that stays, whatever the server makes of it. */
async function attack(t: Test, port: number): Promise<TLSSocket> {
  const socket = connect({ host: '127.0.0.1', port, ca: ca.certificate })
  t.teardown(() => socket.destroy())
  await new Promise<void>((resolve) => {
    socket.once('secureConnect', resolve)
    socket.once('close', () => resolve())
    socket.on('error', () => resolve())
  })

  return socket
}

async function post(
  port: number,
  agent: Agent,
  body = good
): Promise<{ status: number | undefined; text: string }> {
  const headers = { 'content-type': 'application/json' }
  const sent = request({
    host: '127.0.0.1',
    port,
    path: '/validate',
    method: 'POST',
    ca: ca.certificate,
    headers,
    agent
  })
  sent.end(body)
  const reply = await new Promise<IncomingMessage>((resolve, reject) =>
    sent.once('response', resolve).once('error', reject)
  )

  return { status: reply.statusCode, text: await readStream(reply) }
}

/** Good reviews are answered, over a connection that was there before and over new ones. */
async function others(t: Test, { port }: Server, kept: Agent, when: string): Promise<void> {
  for (let count = 0; count < 5; count++) {
    for (const [agent, which] of [
      [kept, 'a kept connection'] as const,
      [new Agent({ keepAlive: false }), 'a new one'] as const
    ]) {
      const { status, text } = await post(port, agent)
      t.ok(status === 200 && text.includes('"allowed":false'), `${when}, over ${which}: ${status ?? 'none'}`)
    }
    await sleep(100)
  }
}

const head = (length: number): string =>
  `POST /validate HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\ncontent-length: ${length}\r\n\r\n`

t.test('lives and answers others', { timeout: 240_000 }, async (t) => {
  const server = await start(t)
  const kept = new Agent({ keepAlive: true, maxSockets: 1 })
  t.teardown(() => kept.destroy())
  await others(t, server, kept, 'before')

  t.test('while 200 clients do not end bodies of 8 MiB', async (t) => {
    const piece = Buffer.alloc(64 * 1024, '[{},')
    const clients = await Promise.all(Array.from({ length: 200 }, () => attack(t, server.port)))
    for (const client of clients) {
      client.write(head(8 * mebibyte))
      let sent = 0
      const send = (): void => {
        while (!client.destroyed && sent + piece.length < 8 * mebibyte) {
          sent += piece.length
          if (!client.write(piece)) {
            client.once('drain', send)
            return
          }
        }
      }
      send()
    }
    await others(t, server, kept, 'with unfinished bodies')
    for (const client of clients) client.destroy()
  })

  t.test('while 200 clients never read their answers', async (t) => {
    const review = reviewOf(
      Object.fromEntries(Array.from({ length: 500 }, (_, index) => [`eks.amazonaws.com/role${index}`, 'x']))
    )
    const clients = await Promise.all(Array.from({ length: 200 }, () => attack(t, server.port)))
    for (const client of clients) {
      client.pause()
      client.write(`${head(Buffer.byteLength(review))}${review}`.repeat(20))
    }
    await others(t, server, kept, 'with answers that are not read')
    for (const client of clients) client.destroy()
  })

  t.test('while 1,100 connections are idle', async (t) => {
    for (let count = 0; count < 1100; count += 100)
      await Promise.all(Array.from({ length: 100 }, () => attack(t, server.port)))
    await others(t, server, kept, 'with idle connections')
  })

  t.test('while 40 reviews of many values are parsed', async (t) => {
    const values = reviewOf({ a: 1 }).replace('{"a":1}', `{"a":[${'{},'.repeat(450_000)}1]}`)
    const statuses = await Promise.all(
      Array.from(
        { length: 40 },
        async () => (await post(server.port, new Agent(), values).catch(() => undefined))?.status
      )
    )
    t.ok(
      statuses.every((status) => status === undefined || status === 200 || status === 429),
      String(statuses)
    )
    await others(t, server, kept, 'after reviews of many values')
  })

  t.ok(server.isAlive(), 'it lives')
  t.ok(server.peak() < limit, `at most ${Math.round(server.peak() / mebibyte)} MiB of memory`)
  t.comment(`at most ${Math.round(server.peak() / mebibyte)} MiB of memory`)
})

t.test('refuses what no object of Kubernetes has', async (t) => {
  const server = await start(t)
  const refused = await post(server.port, new Agent(), `{"a":[${'1,'.repeat(1_000_001)}1]}`)
  t.equal(refused.status, 400)
  t.match(refused.text, /the body contains more than 1000000 values/)
})
