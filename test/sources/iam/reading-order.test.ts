import t from 'tap'
import type { Failure } from '../../../src/sources/iam/failure.js'
import { type FollowedKey, ReadingOrder } from '../../../src/sources/iam/reading-order.js'
import { buildHandClock } from '../../support/hand-clock.js'

interface Key extends FollowedKey {
  readonly name: string
}
const failure = (kind: Failure['kind']): Failure => ({ kind, because: kind })
const refused = failure('refused')
const minute = 60_000

function start(): {
  clock: ReturnType<typeof buildHandClock>
  order: ReadingOrder<Key>
  add: (name: string, account?: string) => Key
  read: (key: Key) => void
  fail: (key: Key, because?: Failure) => void
  drain: (handle: (key: Key) => void) => string[]
} {
  const clock = buildHandClock()
  const order = new ReadingOrder<Key>({ clock, readAgain: 12 * minute, retryAfter: 3 * minute })
  const read = (key: Key): void => order.noteRead(key, clock.now())

  return {
    clock,
    order,
    read,
    fail: (key, because = refused) => order.noteFailed(key, because, clock.now()),
    add: (name, account = 'a') => {
      const key: Key = { name, account }
      order.add(key)
      return key
    },
    drain: (handle) => {
      const names: string[] = []
      for (let due = order.takeDue(); due !== undefined; due = order.takeDue()) {
        names.push(due.name)
        handle(due)
      }
      return names
    }
  }
}

t.test('new keys first, then the oldest answers, each when it is due', async (t) => {
  const { clock, add, read, drain, order } = start()
  add('one')
  add('two')
  t.strictSame(drain(read), ['one', 'two'])
  t.strictSame(drain(read), [], 'nothing is due')
  await clock.pass(minute)
  add('three')
  t.strictSame(drain(read), ['three'])
  await clock.pass(11 * minute)
  add('four')
  t.equal(order.oldestRead(), clock.now() - 12 * minute)
  t.strictSame(drain(read), ['four', 'one', 'two'], 'three is a minute younger')
  await clock.pass(minute)
  t.strictSame(drain(read), ['three'])
})

t.test('a failed key is retried later, before the old answers', async (t) => {
  const { clock, add, read, fail, drain } = start()
  const [bad] = [add('bad'), add('good')]
  t.strictSame(
    drain((key) => (key === bad ? fail(key) : read(key))),
    ['bad', 'good']
  )
  await clock.pass(3 * minute - 1)
  t.strictSame(drain(fail), [])
  await clock.pass(1)
  t.strictSame(drain(fail), ['bad'])
})

t.test('a key that is being read is not taken twice, and a removed one never', async (t) => {
  const { add, read, drain, order } = start()
  const one = add('one')
  t.equal(order.takeDue(), one)
  t.strictSame(drain(read), [])
  read(one)
  order.remove(one)
  const two = add('two')
  order.remove(two)
  t.strictSame(drain(read), [])
  t.equal(order.oldestRead(), undefined)
})

t.test('accounts take turns', async (t) => {
  const { add, read, drain } = start()
  for (const name of ['a1', 'a2', 'a3']) add(name, 'a')
  for (const name of ['b1', 'b2']) add(name, 'b')
  t.strictSame(drain(read), ['a1', 'b1', 'a2', 'b2', 'a3'])
})

t.test('an account that refuses everything is probed with one key at a time', async (t) => {
  const { clock, add, read, fail, drain, order } = start()
  for (let index = 0; index < 100; index++) add(`a${index}`)
  const other = add('other', 'b')
  const handle = (key: Key): void => (key === other ? read(key) : fail(key))
  t.strictSame(drain(handle), ['a0', 'other', 'a1', 'a2', 'a3', 'a4'], 'five refusals in a row')
  order.remove(other)
  let asked = 0
  for (let passed = 0; passed < 60; passed++) {
    await clock.pass(minute)
    const probe = order.takeDue()
    if (probe === undefined) continue
    t.equal(order.takeDue(), undefined, 'one at a time')
    asked++
    handle(probe)
  }
  t.ok(asked >= 10 && asked <= 25, `${asked} questions in an hour, about 100 roles`)

  await clock.pass(5 * minute)
  const answered = drain(read)
  t.ok(answered.length > 60, `when the probe is answered, the others follow: ${answered.length}`)
})

t.test(
  'a probe is a key that AWS answered before, so that refused roles do not stop the others',
  async (t) => {
    const { clock, add, read, fail, drain } = start()
    const good = add('good')
    drain(read)
    for (let index = 0; index < 20; index++) add(`refused${index}`)
    t.equal(drain(fail).length, 5)
    await clock.pass(30_000)
    const names = drain((key) => (key === good ? read(key) : fail(key)))
    t.strictSame(names.slice(0, 2), ['good', 'refused5'])
    t.equal(names.length, 6)
  }
)

t.test('without credentials, the first failure stops an account', async (t) => {
  const { clock, add, fail, drain } = start()
  add('one')
  add('two')
  t.equal(drain((key) => fail(key, failure('no-credentials'))).length, 1)
  await clock.pass(10_000)
  t.equal(drain((key) => fail(key, failure('no-credentials'))).length, 1)
})

t.test('a changed key is read soon, once, and again if the change came while it was read', async (t) => {
  const { clock, add, read, drain, order } = start()
  const [one, two] = [add('one'), add('two')]
  drain(read)
  t.equal(order.noteChanged(two, clock.now()), true)
  t.equal(order.noteChanged(two, clock.now()), false, 'which is known already')
  t.strictSame(drain(read), [], 'the change settles first')
  t.equal(order.oldestRead(), clock.now(), 'its answer is still in use')
  await clock.pass(5_000)
  t.strictSame(drain(read), ['two'])
  await clock.pass(5_000)
  t.strictSame(drain(read), [])

  const three = add('three')
  t.equal(order.takeDue(), three)
  t.equal(order.noteChanged(three, clock.now()), true)
  read(three)
  await clock.pass(5_000)
  t.strictSame(drain(read), ['three'], 'the read may have been too early')

  order.noteChanged(one, clock.now())
  order.remove(one)
  await clock.pass(5_000)
  t.strictSame(drain(read), [])
})

t.test('a changed key that cannot be read is retried like any other', async (t) => {
  const { clock, add, read, fail, drain, order } = start()
  const one = add('one')
  drain(fail)
  order.noteChanged(one, clock.now())
  await clock.pass(5_000)
  t.strictSame(drain(fail), ['one'])
  await clock.pass(5_000)
  t.strictSame(drain(read), [])
  await clock.pass(3 * minute)
  t.strictSame(drain(read), ['one'])
})

t.test('a flood of changes leaves every second read to the oldest answers', async (t) => {
  const { clock, add, read, drain, order } = start()
  const noisy = Array.from({ length: 10 }, (_, index) => add(`noisy${index}`))
  drain(read)
  const quiet = Array.from({ length: 5 }, (_, index) => add(`quiet${index}`))
  drain(read)
  await clock.pass(12 * minute)
  for (const key of noisy) order.noteChanged(key, clock.now())
  await clock.pass(5_000)
  const names = drain(read)
  t.equal(names.length, 15)
  t.strictSame(
    names.slice(0, 10).filter((name) => name.startsWith('quiet')).length,
    quiet.length,
    names.join(' ')
  )
})

t.test('an account that refuses everything is probed, although its keys have changed', async (t) => {
  const { clock, add, read, fail, drain, order } = start()
  const keys = Array.from({ length: 20 }, (_, index) => add(`a${index}`))
  drain(read)
  for (const key of keys) order.noteChanged(key, clock.now())
  await clock.pass(5_000)
  t.equal(drain(fail).length, 5, 'five refusals in a row')
  for (const key of keys) order.noteChanged(key, clock.now())
  await clock.pass(30_000)
  t.equal(drain(fail).length, 1, 'one probe')
})
