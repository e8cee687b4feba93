import t from 'tap'
import { buildBudget } from '../../../src/sources/iam/budget.js'
import { buildCachedReader } from '../../../src/sources/iam/cached-reader.js'
import { type AwsResponse, failed, type Failure } from '../../../src/sources/iam/failure.js'
import { buildHandClock, type HandClock } from '../../support/hand-clock.js'

interface Answer {
  readonly found: boolean
  readonly version?: number
}

const never = new AbortController().signal
const shop = { namespace: 'shop', deadline: { signal: never } }

/** A reader over a world that the test changes; `reads` counts how often the world was asked. */
function buildWorld(
  reply: AwsResponse<Answer> | 'never' = { answer: { found: true } },
  requestsPerSecond = 1000,
  freshFor = 10_000
) {
  const clock = buildHandClock()
  const budget = buildBudget({ requestsPerSecond, waitingPerNamespace: 100, clock })
  const world = {
    reply,
    reads: 0,
    clock,
    read: (key: string, ask: Partial<typeof shop & { fresh: boolean }> = {}) =>
      reader(key, { ...shop, ...ask })
  }
  const reader = buildCachedReader<string, Answer>({
    keyOf: (key) => key,
    read: async () => {
      world.reads++
      return world.reply === 'never' ? new Promise(() => undefined) : world.reply
    },
    lifetimeOf: ({ found }) =>
      found ? { good: 300_000, stale: 3_600_000 } : { good: 10_000, stale: 10_000 },
    budget,
    clock,
    maxEntries: 3,
    freshFor
  })

  return world
}

const secondsOf = (clock: HandClock, from: number): number => (clock.now() - from) / 1000

t.test('asks once for what thousands want to know', async (t) => {
  const world = buildWorld()
  const facts = await Promise.all(
    Array.from({ length: 5000 }, (_, i) => world.read('cart', { namespace: `namespace-${i % 7}` }))
  )
  t.equal(world.reads, 1)
  t.strictSame(facts[4999], {
    state: 'known',
    value: { found: true },
    readAt: new Date('2026-11-24T00:00:00Z')
  })
})

t.test('remembers each kind of answer for its own time', async (t) => {
  const failureOf = (kind: Failure['kind']): AwsResponse<Answer> => failed(kind, 'because')
  const table: readonly (readonly [AwsResponse<Answer>, number])[] = [
    [{ answer: { found: false } }, 10],
    [failureOf('throttled'), 5],
    [failureOf('timeout'), 5],
    [failureOf('unreachable'), 5],
    [failureOf('error'), 10],
    [failureOf('no-credentials'), 10],
    [failureOf('refused'), 30],
    [failureOf('not-ours'), 30]
  ]
  for (const [reply, seconds] of table) {
    const world = buildWorld(reply)
    const start = world.clock.now()
    await world.read('cart')
    while (world.reads === 1 && secondsOf(world.clock, start) < 100) {
      await world.clock.pass(1000)
      await world.read('cart')
    }
    t.equal(secondsOf(world.clock, start), seconds, JSON.stringify(reply))
  }
})

t.test('tells an old answer while it reads a new one, but none older than an hour', async (t) => {
  const world = buildWorld({ answer: { found: true, version: 1 } })
  await world.read('cart')
  await world.clock.pass(299_000)
  await world.read('cart')
  t.equal(world.reads, 1)

  world.reply = { answer: { found: true, version: 2 } }
  await world.clock.pass(2_000)
  const stale = await Promise.all([world.read('cart'), world.read('cart')])
  t.match(stale, [
    { value: { version: 1 }, readAt: new Date('2026-11-24T00:00:00Z') },
    { value: { version: 1 } }
  ])
  await world.clock.pass(0)
  t.equal(world.reads, 2)
  t.match(await world.read('cart'), { value: { version: 2 } })

  world.reply = { answer: { found: false } }
  await world.clock.pass(3_600_000)
  t.match(await world.read('cart'), { value: { found: false } })
})

t.test('keeps what it knew when reading it anew fails', async (t) => {
  const world = buildWorld()
  await world.read('cart')
  world.reply = failed('throttled', 'IAM throttled')
  await world.clock.pass(301_000)
  await world.read('cart')
  await world.clock.pass(0)
  t.equal(world.reads, 2)
  t.match(await world.read('cart'), { state: 'known', value: { found: true } })
  t.equal(world.reads, 2, 'and does not insist')
  await world.clock.pass(6_000)
  await world.read('cart')
  await world.clock.pass(0)
  t.equal(world.reads, 3)
  await world.clock.pass(3_600_000)
  t.strictSame(await world.read('cart'), { state: 'unknown', because: 'IAM throttled' })
})

t.test('reads past the cache when asked to, at most once in ten seconds', async (t) => {
  const world = buildWorld({ answer: { found: true, version: 1 } })
  await world.read('cart')
  world.reply = { answer: { found: true, version: 2 } }
  await world.clock.pass(9_000)
  t.match(await world.read('cart', { fresh: true }), { value: { version: 1 } })
  await world.clock.pass(1_000)
  t.match(await Promise.all([world.read('cart', { fresh: true }), world.read('cart', { fresh: true })]), [
    { value: { version: 2 } },
    { value: { version: 2 } }
  ])
  t.equal(world.reads, 2)

  world.reply = failed('timeout', 'IAM did not answer')
  await world.clock.pass(10_000)
  const unsure = { state: 'unknown', because: 'IAM did not answer' }
  t.strictSame(await world.read('cart', { fresh: true }), unsure, 'no denial rests on an older answer')
  t.strictSame(await world.read('cart', { fresh: true }), unsure)
  t.equal(world.reads, 3)
  t.match(await world.read('cart'), { value: { version: 2 } }, 'who did not insist is told what was known')
})

t.test('waits no longer than the signal', async (t) => {
  const world = buildWorld('never', 1)
  const late = new AbortController()
  const [flying, waiting] = [world.read('cart', { deadline: late }), world.read('mail', { deadline: late })]
  await world.clock.pass(0)
  late.abort()
  t.strictSame(await flying, {
    state: 'unknown',
    because: 'AWS did not answer before the deadline of this review'
  })
  t.strictSame(await waiting, {
    state: 'unknown',
    because: 'the limit of 1 IAM requests per second has been reached'
  })
  t.match(
    await world.read('cart', { deadline: late }),
    { state: 'unknown' },
    'a signal that has come already'
  )
})

t.test('takes an answer that another namespace was given meanwhile', async (t) => {
  const world = buildWorld({ answer: { found: true } }, 1)
  await world.read('first')
  const facts = [
    world.read('cart', { namespace: 'a' }),
    world.read('cart', { namespace: 'b' }),
    world.read('mail', { namespace: 'c' })
  ]
  await world.clock.pass(2000)
  t.match(await Promise.all(facts), [{ state: 'known' }, { state: 'known' }, { state: 'known' }])
  t.equal(world.reads, 3)
})

t.test('forgets what was not asked for longest when it is full', async (t) => {
  const world = buildWorld()
  for (const key of ['a', 'b', 'c', 'd', 'b', 'a']) await world.read(key)
  t.equal(world.reads, 5)
})

t.test('a reader without an age for fresh answers asks at every fresh question', async (t) => {
  const world = buildWorld({ answer: { found: true } }, 1000, 0)
  for (let count = 0; count < 3; count++) await world.read('cart', { fresh: true })
  await world.read('cart')
  t.equal(world.reads, 3)
})
