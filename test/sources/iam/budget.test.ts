import t from 'tap'
import { type Budget, buildBudget } from '../../../src/sources/iam/budget.js'
import { buildHandClock } from '../../support/hand-clock.js'

const never = new AbortController().signal

/** Asks and notes who was served, in order. */
const ask = (
  budget: Budget,
  served: string[],
  namespace: string,
  key: string,
  signal = never,
  spends = true
): Promise<boolean> =>
  budget.turn(
    {
      namespace,
      key,
      begin: () => {
        served.push(`${namespace}/${key}`)
        return spends
      }
    },
    signal
  )

t.test('serves a burst at once, then so many a second', async (t) => {
  const clock = buildHandClock()
  const budget = buildBudget({ requestsPerSecond: 5, waitingPerNamespace: 1000, clock })
  const served: string[] = []
  for (let i = 0; i < 100; i++) void ask(budget, served, 'shop', String(i))
  t.equal(served.length, 5)
  await clock.pass(1000)
  t.equal(served.length, 10)
  await clock.pass(10_000)
  t.equal(served.length, 60)
  await clock.pass(60_000)
  t.equal(served.length, 100)
  await clock.pass(3_600_000)
  for (let i = 0; i < 100; i++) void ask(budget, served, 'shop', `later ${i}`)
  t.equal(served.length, 105, 'a long pause saves up one burst')
})

t.test('serves a fraction of a request a second', async (t) => {
  const clock = buildHandClock()
  const budget = buildBudget({ requestsPerSecond: 0.5, waitingPerNamespace: 10, clock })
  const served: string[] = []
  for (let i = 0; i < 3; i++) void ask(budget, served, 'shop', String(i))
  t.equal(served.length, 1)
  await clock.pass(1900)
  t.equal(served.length, 1)
  await clock.pass(200)
  t.equal(served.length, 2)
})

t.test('lets namespaces take turns', async (t) => {
  const clock = buildHandClock()
  const budget = buildBudget({ requestsPerSecond: 5, waitingPerNamespace: 5000, clock })
  const served: string[] = []
  for (let i = 0; i < 5000; i++) void ask(budget, served, 'greedy', String(i))
  void ask(budget, served, 'shop', 'cart')
  void ask(budget, served, 'team', 'mail')
  await clock.pass(600)
  t.match(served.slice(5), ['greedy/5', 'shop/cart', 'team/mail'])
})

t.test('refuses at once what would wait behind too many', async (t) => {
  const clock = buildHandClock()
  const budget = buildBudget({ requestsPerSecond: 1, waitingPerNamespace: 2, clock })
  const served: string[] = []
  const asked = ['a', 'b', 'c', 'd'].map((key) => ask(budget, served, 'shop', key))
  t.equal(await asked[3], false)
  await clock.pass(5000)
  t.strictSame(await Promise.all(asked), [true, true, true, false])
  for (let i = 0; i < 1001; i++) void ask(budget, served, `namespace-${i}`, 'x')
  t.equal(await ask(budget, served, 'one-more', 'x'), false, 'nor are namespaces without number')
})

t.test('holds one place for equal questions, and gives it up when nobody waits any more', async (t) => {
  const clock = buildHandClock()
  const budget = buildBudget({ requestsPerSecond: 1, waitingPerNamespace: 1, clock })
  const served: string[] = []
  await ask(budget, served, 'shop', 'first')
  const [one, two] = [new AbortController(), new AbortController()]
  const first = ask(budget, served, 'shop', 'cart', one.signal)
  const second = ask(budget, served, 'shop', 'cart', two.signal)
  one.abort()
  t.equal(await first, false)
  await clock.pass(1000)
  t.equal(await second, true)
  t.strictSame(served, ['shop/first', 'shop/cart'])

  const left = ask(budget, served, 'shop', 'gone', two.signal)
  two.abort()
  t.equal(await left, false)
  t.equal(await ask(budget, served, 'shop', 'gone', two.signal), false, 'too late already')
  await clock.pass(5000)
  t.notMatch(served, ['shop/gone'])
})

t.test('spends nothing on what was answered meanwhile', async (t) => {
  const clock = buildHandClock()
  const budget = buildBudget({ requestsPerSecond: 1, waitingPerNamespace: 100, clock })
  const served: string[] = []
  await ask(budget, served, 'shop', 'first')
  for (let i = 0; i < 50; i++) void ask(budget, served, 'shop', `answered ${i}`, never, false)
  void ask(budget, served, 'shop', 'last')
  await clock.pass(1000)
  t.equal(served.at(-1), 'shop/last')
})

t.test('serves what is under way first, in its namespace', async (t) => {
  const clock = buildHandClock()
  const budget = buildBudget({ requestsPerSecond: 1, waitingPerNamespace: 100, clock })
  const served: string[] = []
  await budget.another('shop')
  void ask(budget, served, 'shop', 'cart')
  for (const each of ['first', 'second']) void budget.another('shop').then(() => served.push(each))
  void ask(budget, served, 'team', 'mail')
  await clock.pass(4000)
  t.strictSame(served, ['first', 'team/mail', 'second', 'shop/cart'])
})

t.test('a command may ask for any number of namespaces', async (t) => {
  const served: string[] = []
  const count = async (waitingPerNamespace: number): Promise<number> => {
    const clock = buildHandClock()
    const budget = buildBudget({ requestsPerSecond: 1, waitingPerNamespace, clock })
    const turns = Array.from({ length: 1500 }, (_, index) => ask(budget, served, `n${index}`, 'a'))
    await clock.pass(2_000_000)
    return (await Promise.all(turns)).filter(Boolean).length
  }
  t.equal(await count(Infinity), 1500)
  t.equal(await count(100), 1001, 'a server limits them')
})
