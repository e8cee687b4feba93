import t from 'tap'
import { escapeJson } from '../../src/text/escape.js'

t.test('JSON contains no character that a terminal obeys, and means the same', async (t) => {
  const text = 'a\u001b\u009b31m\u202e\u2028\u{e0001}é😀'
  const json = escapeJson(JSON.stringify({ text }))
  t.match(json, /"a\\u001b\\u009b31m\\u202e\\u2028\\udb40\\udc01é😀"/)
  t.strictSame(JSON.parse(json), { text })
})
