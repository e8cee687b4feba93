import t from 'tap'
import { parseDuration } from '../../src/text/duration.js'

t.test('reads the durations of Go and kubectl', async (t) => {
  const table: readonly (readonly [string, number | undefined])[] = [
    ['30s', 30_000],
    ['2m', 120_000],
    ['1m30s', 90_000],
    ['1h2m3s4ms', 3_723_004],
    ['1500ms', 1500],
    ['0', 0],
    ['0s', 0],
    ['', undefined],
    ['30', undefined],
    ['1s1m', undefined],
    ['-1s', undefined],
    ['1.5s', undefined],
    ['1 m', undefined],
    ['9'.repeat(100_000), undefined]
  ]
  for (const [text, expected] of table) t.equal(parseDuration(text), expected, text.slice(0, 20))
})
