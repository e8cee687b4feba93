import t from 'tap'
import { findDuplicateKey } from '../../src/trust-policy/duplicate-keys.js'

t.test('finds the first key that an object holds twice', async (t) => {
  const table: readonly (readonly [string, string | undefined])[] = [
    ['{}', undefined],
    ['[{"a":1},{"a":1}]', undefined],
    ['{"a":{"a":{"a":1}}}', undefined],
    ['{"a":"a","b":["a","a"]}', undefined],
    ['{"a":1,"a":2}', 'a'],
    ['{"a" : 1, "b":[0,{"c d":{"e":1,"e":2}}]}', 'b[1]["c d"].e'],
    ['{"a\\"":1,"a\\\\":2,"b":"\\\\","b":3}', 'b'],
    ['{"\\\\\\"":1,"\\\\\\"":2}', '["\\\\\\""]'],
    ['{"\\u0061":1,"a":2}', 'a'],
    ['{"__proto__":1,"__proto__":2}', '__proto__'],
    ['"a"', undefined],
    ['{"a":"{\\"b\\":1,\\"b\\":2}"}', undefined]
  ]
  for (const [text, place] of table) t.equal(findDuplicateKey(text), place, text)
})
