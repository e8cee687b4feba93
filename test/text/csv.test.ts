import t from 'tap'
import { parseCsvRecord } from '../../src/text/csv.js'

t.test('reads the first record as Go does', async (t) => {
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
    ['a\r', ['a']],
    ['a,b\r', ['a', 'b']],
    ['a\r\r', ['a\r']],
    ['"a"\r', ['a']],
    ['"a\r\nb"', ['a\nb']],
    ['\r', undefined],
    ['""', ['']],
    ['', undefined],
    ['\n', undefined],
    ['a"b', undefined],
    ['"a"b', undefined],
    ['"a', undefined],
    ['a, "b"', undefined]
  ]
  for (const [text, fields] of table) t.strictSame(parseCsvRecord(text)?.fields, fields, JSON.stringify(text))
})

t.test('returns what follows the first record', async (t) => {
  for (const [text, rest] of [
    ['a,b', ''],
    ['a\n', ''],
    ['a\r', ''],
    ['a\r\nb\r\nc', 'b\nc'],
    ['\n\na\n\nb', '\nb']
  ] as const)
    t.equal(parseCsvRecord(text)?.rest, rest, JSON.stringify(text))
})
