import fc from 'fast-check'
import t from 'tap'
import { closestTo, escapeJson } from '../../src/text/escape.js'

/** Levenshtein's distance, as it is defined. */
function distance(a: string, b: string): number {
  if (a === '' || b === '') return a.length + b.length
  if (a[0] === b[0]) return distance(a.slice(1), b.slice(1))

  return 1 + Math.min(distance(a.slice(1), b), distance(a, b.slice(1)), distance(a.slice(1), b.slice(1)))
}

t.test('the closest word is at most two mistakes away, by the definition', async (t) => {
  const word = fc.string({ maxLength: 6, unit: fc.constantFrom('a', 'b', 'c') })
  fc.assert(
    fc.property(word, word, (text, known) => {
      t.equal(
        closestTo(text, [known]),
        distance(text, known) <= 2 ? known : undefined,
        `${text} and ${known}`
      )
    }),
    { numRuns: 2000 }
  )
})

t.test('of several words the closest', async (t) => {
  t.equal(closestTo('issuers', ['issue', 'issuer', 'audience']), 'issuer')
  t.equal(closestTo('modes', ['audience', 'exempt']), undefined)
  t.equal(closestTo('mode', []), undefined)
})

t.test('JSON contains no character that a terminal obeys, and means the same', async (t) => {
  const text = 'a\u001b\u009b31m\u202e\u2028\u{e0001}é😀'
  const json = escapeJson(JSON.stringify({ text }))
  t.match(json, /"a\\u001b\\u009b31m\\u202e\\u2028\\udb40\\udc01é😀"/)
  t.strictSame(JSON.parse(json), { text })
})
