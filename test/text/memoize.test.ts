import t from 'tap'
import { memoizeGroups, memoizeLast } from '../../src/text/memoize.js'

t.test('answers once for as long as the argument stays the same, undefined too', (t) => {
  let asked = 0
  const lengthOf = memoizeLast((text: string) => (asked++, text === '' ? undefined : text.length))

  t.strictSame(['cart', 'cart', 'web', 'cart', '', ''].map(lengthOf), [4, 4, 3, 4, undefined, undefined])
  t.equal(asked, 4)
  t.end()
})

t.test('groups a long list once, in its order', async (t) => {
  let asked = 0
  const membersOf = memoizeGroups(({ name }: { name: string; at: number }) => (asked++, name))
  const list = Array.from({ length: 30 }, (_, at) => ({ name: ['cart', 'web', 'ui'][at % 3] ?? '', at }))

  t.strictSame(
    membersOf(list, 'cart').map(({ at }) => at),
    [0, 3, 6, 9, 12, 15, 18, 21, 24, 27]
  )
  t.strictSame(membersOf(list, 'search'), [])
  t.equal(asked, 30)
})

t.test('answers the same for a short list', async (t) => {
  const membersOf = memoizeGroups(({ name }: { name: string; at: number }) => name)
  const list = [
    { name: 'cart', at: 0 },
    { name: 'web', at: 1 },
    { name: 'cart', at: 2 }
  ]

  t.strictSame(membersOf(list, 'cart'), [list[0], list[2]])
  t.strictSame(membersOf(list, 'search'), [])
})
