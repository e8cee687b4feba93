import t from 'tap'
import { readWaiver } from '../../src/verdict/waiver.js'

const at = new Date('2026-11-24T12:00:00Z')
const read = (value: unknown): ReturnType<typeof readWaiver> =>
  readWaiver({ 'ignore.irsa-guard.io/role-missing': value }, 'role-missing', at)

t.test('holds with a reason, until the end of its day', async (t) => {
  const table: readonly (readonly [string, string])[] = [
    ['the role comes later', 'the role comes later'],
    [' because: of that ', 'because: of that'],
    ['until 2027-01-31: migration', 'migration'],
    ['until 2026-11-24: today still counts', 'today still counts'],
    ['Until 2027-01-31 : capital', 'capital'],
    ['until 2027-01-31: a: b\nc', 'a: b\nc'],
    ['untilled', 'untilled']
  ]
  for (const [value, reason] of table) t.strictSame(read(value), { reason }, value)
  t.equal(read(undefined), undefined)
})

t.test('says why it does not hold', async (t) => {
  const table: readonly (readonly [unknown, RegExp])[] = [
    ['', /^it gives no reason; expected "reason" or "until 2027-01-31: reason"$/],
    ['  ', /no reason/],
    [true, /no reason/],
    [null, /no reason/],
    ['until 2027-01-31', /no reason/],
    ['until 2027-01-31:', /no reason/],
    ['until 2026-11-23: late', /^it expired at the end of 2026-11-23 \(UTC\)$/],
    ['UNTIL 2020-01-01: shouted', /expired/],
    ['until 2027-01-31 no colon', /needs a day and a colon/],
    ['until 2027-13-45: no such day', /needs a day/],
    ['until next week: soon', /needs a day/]
  ]
  for (const [value, lapsed] of table) t.match(read(value), { lapsed }, String(value))
})
