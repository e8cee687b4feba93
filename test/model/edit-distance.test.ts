import t from 'tap'
import { editDistance } from '../../src/model/edit-distance.js'

t.test('counts what must be changed', async (t) => {
  const table: readonly (readonly [string, string, number])[] = [
    ['role', 'role', 0],
    ['', '', 0],
    ['role', 'roles', 1],
    ['role', 'rol', 1],
    ['role', 'rule', 1],
    ['role', 'orle', 1],
    ['role', 'rloe', 1],
    ['role', 'rael', 2],
    ['ab', '', 2],
    ['abcd', 'wxyz', 3],
    ['a', 'abcde', 3]
  ]
  for (const [from, to, distance] of table) {
    t.equal(editDistance(from, to, 2), distance, `${from} → ${to}`)
    t.equal(editDistance(to, from, 2), distance, `${to} → ${from}`)
  }
})
