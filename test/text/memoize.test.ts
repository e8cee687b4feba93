import t from 'tap'
import { memoizeGroups, memoizeLast } from '../../src/text/memoize.js'

t.test('answers once for as long as the argument stays the same, undefined too', (t) => {
  let asked = 0
  const lengthOf = memoizeLast((text: string) => (asked++, text === '' ? undefined : text.length))

  t.strictSame(['cart', 'cart', 'web', 'cart', '', ''].map(lengthOf), [4, 4, 3, 4, undefined, undefined])
  t.equal(asked, 4)
  t.end()
})

t.test('groups a list once, in its order', async (t) => {
  let asked = 0
  const namesOf = memoizeGroups(({ name }: { name: string; at: number }) => (asked++, name))
  const list = [
    { name: 'cart', at: 0 },
    { name: 'web', at: 1 },
    { name: 'cart', at: 2 }
  ]

  t.strictSame(namesOf(list, 'cart'), [list[0], list[2]])
  t.strictSame(namesOf(list, 'search'), [])
  t.equal(asked, 3)
})
