import { once } from 'node:events'
import { createServer, type IncomingMessage } from 'node:http'
import { connect, type Socket } from 'node:net'
import { PassThrough } from 'node:stream'
import t from 'tap'
import { buildApp } from '../../src/server/app.js'
import { BodyBudget } from '../../src/server/body-budget.js'
import { limitConnections } from '../../src/server/connection-limit.js'

const kibibyte = 1024
const refusals = {
  tooLarge: () => new Error('too large'),
  overloaded: () => new Error('overloaded'),
  aborted: () => new Error('aborted')
}

/** A body that is sent in pieces, and what became of it. */
function bodyIn(budget: BodyBudget): {
  send: (length: number) => Promise<void>
  end: () => Promise<void>
  body: IncomingMessage
  outcomes: string[]
} {
  const stream = new PassThrough()
  const body = stream as unknown as IncomingMessage // only its events matter here
  const outcomes: string[] = []
  budget.read(body, 1024 * kibibyte, refusals, (error, text) =>
    outcomes.push(error?.message ?? `${text.length} characters`)
  )
  const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

  return {
    body,
    outcomes,
    send: async (length) => {
      stream.write('x'.repeat(length))
      await settled()
    },
    end: async () => {
      stream.end()
      await settled()
      await settled()
    }
  }
}

t.test('reads a body, and counts it until it is released', async (t) => {
  const budget = new BodyBudget(512 * kibibyte)
  const one = bodyIn(budget)
  await one.send(100 * kibibyte)
  await one.send(100 * kibibyte)
  await one.end()
  t.strictSame(one.outcomes, ['204800 characters'])
  t.equal(budget.bytes, 200 * kibibyte)
  budget.release(one.body)
  budget.release(one.body)
  t.equal(budget.bytes, 0)
})

t.test('counts no small body, and reads an empty one', async (t) => {
  const budget = new BodyBudget(0)
  const [small, empty] = [bodyIn(budget), bodyIn(budget)]
  await small.send(16 * kibibyte)
  await small.end()
  await empty.end()
  t.strictSame([...small.outcomes, ...empty.outcomes], ['16384 characters', '0 characters'])
})

t.test('refuses the largest body that is being sent, whoever sent last', async (t) => {
  const budget = new BodyBudget(512 * kibibyte)
  const [large, judged, medium] = [bodyIn(budget), bodyIn(budget), bodyIn(budget)]
  await judged.send(250 * kibibyte)
  await judged.end()
  await large.send(200 * kibibyte)
  await medium.send(100 * kibibyte)
  t.strictSame(large.outcomes, ['overloaded'], 'the one that is judged already is larger')
  t.equal(budget.bytes, 350 * kibibyte)
  await large.send(100 * kibibyte)
  t.equal(budget.bytes, 350 * kibibyte, 'what still comes is dropped')
  await medium.end()
  t.strictSame(medium.outcomes, ['102400 characters'])
})

t.test('refuses a body that is larger than any review, and forgets one that breaks off', async (t) => {
  const budget = new BodyBudget(10_000 * kibibyte)
  const [large, broken] = [bodyIn(budget), bodyIn(budget)]
  await large.send(1025 * kibibyte)
  t.strictSame(large.outcomes, ['too large'])
  await broken.send(100 * kibibyte)
  broken.body.emit('error', new Error('ECONNRESET'))
  t.strictSame(broken.outcomes, ['aborted'])
  t.equal(budget.bytes, 0)
})

t.test('closes the oldest connection that proved nothing for a new one', async (t) => {
  const server = createServer((_request, response) => response.end('ok'))
  limitConnections(server, 3)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => server.close())
  const { port } = server.address() as { port: number } // it listens on TCP
  const open = async (): Promise<Socket> => {
    const accepted = once(server, 'connection')
    const socket = connect(port, '127.0.0.1').on('error', () => undefined)
    t.teardown(() => socket.destroy())
    await accepted
    return socket
  }
  const answered = async (socket: Socket): Promise<void> => {
    socket.write('GET / HTTP/1.1\r\nhost: a\r\n\r\n')
    await once(socket, 'data')
  }
  const proved = await open()
  await answered(proved)
  const [idle, younger] = [await open(), await open()]
  const closed = once(idle, 'close')
  const fourth = await open()
  await closed
  t.notOk(proved.destroyed || younger.destroyed || fourth.destroyed)

  await answered(younger)
  await answered(fourth)
  const oldest = once(proved, 'close')
  await open()
  await oldest
  t.notOk(younger.destroyed || fourth.destroyed, 'the oldest one, where all have proved themselves')
})

t.test('forgets the body of a request that breaks off, and of one that no route takes', async (t) => {
  const budget = new BodyBudget(512 * kibibyte)
  const read = Promise.withResolvers<string>()
  const server = createServer((request) => {
    budget.read(request, 1024 * kibibyte, refusals, (error, text) => read.resolve(error?.message ?? text))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => server.close())
  const { port } = server.address() as { port: number } // it listens on TCP
  const socket = connect(port, '127.0.0.1')
  socket.write(`POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 100000\r\n\r\n${'x'.repeat(50_000)}`)
  while (budget.bytes === 0) await new Promise((resolve) => setImmediate(resolve))
  socket.destroy()
  t.equal(await read.promise, 'aborted')
  t.equal(budget.bytes, 0)

  const app = buildApp({ handleReview: () => ({ uid: 'u', allowed: true }), timeout: 1000 })
  const headers = { 'content-type': 'application/json' }
  const payload = JSON.stringify('x'.repeat(200 * kibibyte))
  for (let count = 0; count < 100; count++) {
    const { statusCode, body } = await app.inject({ method: 'POST', url: '/nowhere', headers, payload })
    if (count === 0)
      t.match(
        { statusCode, body },
        {
          statusCode: 404,
          body: /POST .*nowhere.* does not exist; send reviews to POST \/validate/
        }
      )
    if (statusCode !== 404) t.fail(`${count}: ${statusCode}`)
  }
})
