import t from 'tap'
import type { AcceptedBundles } from '../../src/ca-bundle/accepted-texts.js'
import {
  boundedEntries,
  maxCharacters,
  maxTextLength,
  maxTexts
} from '../../src/ca-bundle/bounded-entries.js'

const textsOf = (count: number, length: number): string[] =>
  Array.from({ length: count }, (_, n) => `${n}`.padEnd(length, 'A'))
const entry = (name: string, accepted: string[], complete: string[] = []): AcceptedBundles => ({
  name,
  action: 'Deny',
  accepted,
  complete,
  injectors: []
})

t.test('leaves what fits as it is', async (t) => {
  const entries = [
    entry('a', textsOf(16, 2500), textsOf(8, 2500)),
    entry('b', []),
    entry('c', textsOf(maxTexts, 10))
  ]
  for (const isCertain of [() => true, () => false]) t.strictSame(boundedEntries(entries, isCertain), entries)
  t.strictSame(
    boundedEntries([], () => true),
    []
  )
})

t.test('leaves out what the schema refuses, the longest texts first', async (t) => {
  const long = 'B'.repeat(maxTextLength + 1)
  const [found] = boundedEntries(
    [entry('a', [long, ...textsOf(300, 20), 'in place'], [long, 'in place'])],
    () => true
  )
  t.equal(found?.accepted.length, maxTexts)
  t.notOk(found?.accepted.includes(long))
  t.equal(found?.accepted.at(-1), 'in place', 'their order stays')
  t.strictSame(found?.complete, ['in place'])
})

t.test('one that asks for too much takes nothing from the others', async (t) => {
  const [certain, usual] = [
    entry('y', textsOf(60, 4000), textsOf(20, 4000)),
    entry('z', textsOf(16, 2500), textsOf(8, 2500))
  ]
  const greedy = ['a', 'b'].map((name) => entry(name, textsOf(200, 30_000), textsOf(200, 30_000)))
  const found = boundedEntries([...greedy, certain, usual], (name) => name === 'y')
  t.strictSame(found.slice(2), [certain, usual])
  t.strictSame(
    found.map(({ name }) => name),
    ['a', 'b', 'y', 'z']
  )
  const size = found.flatMap(({ accepted, complete }) => [...accepted, ...complete]).join('').length
  t.ok(size <= maxCharacters)
  for (const { accepted } of found) t.ok(accepted.length > 0)
})
