// What clients that mean harm can do to `serve` at its port: it lives within the memory that manifests/ give
// it, and answers others meanwhile.
import { Agent } from 'node:https'
import { setTimeout as sleep } from 'node:timers/promises'
import { connect, type TLSSocket } from 'node:tls'
import t, { type Test } from 'tap'
import {
  accountReviewOf,
  ca,
  postReview,
  type ServeProcess,
  startServeProcess
} from '../support/serve-process.js'

const mebibyte = 2 ** 20
const limit = 512 * mebibyte // resources.limits.memory of manifests/serve.yaml

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

/** Good reviews are answered, over a connection that was there before and over new ones. */
async function others(t: Test, { port }: ServeProcess, kept: Agent, when: string): Promise<void> {
  for (let count = 0; count < 5; count++) {
    for (const [agent, which] of [
      [kept, 'a kept connection'] as const,
      [new Agent({ keepAlive: false }), 'a new one'] as const
    ]) {
      const { status, text } = await postReview(port, agent)
      t.ok(status === 200 && text.includes('"allowed":false'), `${when}, over ${which}: ${status ?? 'none'}`)
    }
    await sleep(100)
  }
}

const head = (length: number): string =>
  `POST /validate HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\ncontent-length: ${length}\r\n\r\n`

t.test('lives and answers others', { timeout: 240_000 }, async (t) => {
  const server = await startServeProcess(t)
  const kept = new Agent({ keepAlive: true, maxSockets: 1 })
  t.teardown(() => kept.destroy())
  await others(t, server, kept, 'before')

  t.test('while 200 clients never finish bodies of 8 MiB', async (t) => {
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
    const review = accountReviewOf(
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
    const values = accountReviewOf({ a: 1 }).replace('{"a":1}', `{"a":[${'{},'.repeat(450_000)}1]}`)
    const statuses = await Promise.all(
      Array.from(
        { length: 40 },
        async () => (await postReview(server.port, new Agent(), values).catch(() => undefined))?.status
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
  const server = await startServeProcess(t)
  const refused = await postReview(server.port, new Agent(), `{"a":[${'1,'.repeat(1_000_001)}1]}`)
  t.equal(refused.status, 400)
  t.match(refused.text, /the body contains more than 1000000 values/)
})
