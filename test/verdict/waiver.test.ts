import t from 'tap'
import { rules } from '../../src/rules/index.js'
import { closestTo } from '../../src/text/closest.js'
import { parseWaiver } from '../../src/verdict/waiver.js'

const at = new Date('2026-11-24T12:00:00Z')
const read = (value: unknown): ReturnType<typeof parseWaiver> =>
  parseWaiver({ 'ignore.irsa-guard.io/role-missing': value }, 'role-missing', at)

t.test('holds with a reason, until the end of its day', async (t) => {
  const table: readonly (readonly [value: string, reason: string, until?: string])[] = [
    ['the role comes later', 'the role comes later'],
    [' because: of that ', 'because: of that'],
    ['until 2027-01-31: migration', 'migration', '2027-01-31'],
    ['until 2026-11-24: today still counts', 'today still counts', '2026-11-24'],
    ['Until 2027-01-31 : capital', 'capital', '2027-01-31'],
    ['until 2027-01-31: a: b\nc', 'a: b\nc', '2027-01-31'],
    ['untilled', 'untilled'],
    ['since 2026-01-31: made by hand', 'since 2026-01-31: made by hand'],
    ['forever', 'forever'],
    ['yes, agreed with security', 'yes, agreed with security']
  ]
  for (const [value, reason, until] of table)
    t.strictSame(read(value), { reason, ...(until !== undefined && { until }) }, value)
  t.equal(parseWaiver({}, 'role-missing', at), undefined)
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
    ['until 2027-01-31 no colon', /needs a date and a colon/],
    ['until 2027-13-45: no such day', /^2027-13-45 is not a valid date; expected/],
    ['until 2027-02-30: no such day', /^2027-02-30 is not a valid date; expected/],
    ['2027-01-31: no until', /^it starts with a date but lacks "until"; expected/],
    ['unitl 2027-01-31: misspelt', /lacks "until"/],
    ['Util 2027-01-31 : misspelt', /lacks "until"/],
    ['until next week: soon', /needs a date/],
    ['till 2027-01-31: nearly', /lacks "until"/],
    ['til 2027-01-31: nearly', /lacks "until"/],
    ['true', /^"true" is not a reason; expected "reason" or/],
    ['False', /is not a reason/],
    [' yes ', /^"yes" is not a reason/],
    ['no', /is not a reason/],
    ['1', /is not a reason/]
  ]
  for (const [value, lapsed] of table)
    t.match(read(value), { waiver: 'waiver ignore.irsa-guard.io/role-missing', lapsed }, String(value))
})

t.test('tells an annotation whose rule is misspelt, when that rule finds something', async (t) => {
  t.strictSame(parseWaiver({ a: 'b', 'ignore.irsa-guard.io/role-mising': 'x' }, 'role-missing', at), {
    waiver: 'waiver ignore.irsa-guard.io/role-mising',
    lapsed: 'there is no such rule; write ignore.irsa-guard.io/role-missing'
  })
  for (const { id } of rules) {
    const others = rules.map((rule) => rule.id).filter((other) => other !== id)
    t.equal(closestTo(id, others), undefined, `${id} is no misspelling of another rule`)
    t.equal(
      parseWaiver(Object.fromEntries(others.map((other) => [`ignore.irsa-guard.io/${other}`, 'x'])), id, at),
      undefined
    )
  }
})
