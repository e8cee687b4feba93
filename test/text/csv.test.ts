import t from 'tap'
import { parseCsvRecord } from '../../src/text/csv.js'

t.test('reads a record as Go does', async (t) => {
  const table: readonly (readonly [string, string[] | undefined])[] = [
    ['a', ['a']],
    ['a,b', ['a', 'b']],
    ['a, b ', ['a', ' b ']],
    ['a,', ['a', '']],
    [',', ['', '']],
    [' ', [' ']],
    ['"a,b",c', ['a,b', 'c']],
    ['"a""b"', ['a"b']],
    ['"a\nb"', ['a\nb']],
    ['a\nb', ['a']],
    ['\r\n\na,b\r\nc', ['a', 'b']],
    ['a\rb', ['a\rb']],
    ['""', ['']],
    ['', undefined],
    ['\n', undefined],
    ['a"b', undefined],
    ['"a"b', undefined],
    ['"a', undefined],
    ['a, "b"', undefined]
  ]
  for (const [text, fields] of table) t.strictSame(parseCsvRecord(text), fields, JSON.stringify(text))
})
