import fc from 'fast-check'
import t from 'tap'
import { buildClosest, closestTo } from '../../src/text/closest.js'

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

t.test('an index of words gives the same answers', async (t) => {
  const word = fc.string({ maxLength: 7, unit: fc.constantFrom('a', 'b', '1', '😀') })
  const words = fc.array(word, { maxLength: 12 })
  fc.assert(
    fc.property(words, fc.array(word, { minLength: 1 }), (known, texts) => {
      const closest = buildClosest(known)
      for (const text of texts)
        t.equal(closest(text), closestTo(text, known), `${text} among ${known.join(' ')}`)
    }),
    { numRuns: 500 }
  )
})
