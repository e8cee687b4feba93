import t from 'tap'
import { rememberLast } from '../../src/model/remember.js'

t.test('answers once for as long as the argument stays the same, undefined too', (t) => {
  let asked = 0
  const lengthOf = rememberLast((text: string) => (asked++, text === '' ? undefined : text.length))

  t.strictSame(['cart', 'cart', 'web', 'cart', '', ''].map(lengthOf), [4, 4, 3, 4, undefined, undefined])
  t.equal(asked, 4)
  t.end()
})
