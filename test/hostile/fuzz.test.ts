// Reviews whose strings are made to hurt: repetitions of every character class and every literal in a pattern
// of src/. FUZZ_COUNT=100000 runs what `npm run fuzz` does; the slowest answer is printed.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import ts from 'typescript'
import { randomFrom } from '../support/mutations.js'
import { places } from './places.js'

const count = Number(process.env['FUZZ_COUNT'] ?? 2000)
const longest = 65_536

/**
 * The pieces of a pattern: character classes and escapes, each with characters that it stands for, and runs
 * of literals.
 */
function piecesOf({ source, flags }: RegExp): string[] {
  const parts =
    source.match(
      /\[(?:[^\]\\]|\\.)*\]|\\p\{\w+\}|\\u[0-9a-f]{4}|\\x[0-9a-f]{2}|\\.|[^\\[\](){}*+?|^$.]+|\./gisu
    ) ?? []

  return parts.flatMap((part) => {
    if (!part.startsWith('[') && !part.startsWith('\\') && part !== '.') return [part]
    try {
      const member = new RegExp(`^${part}$`, flags.replace(/[gy]/g, ''))
      return candidates.filter((character) => member.test(character)).slice(0, 4)
    } catch {
      return [] // an assertion, or a part of a class that stands in another
    }
  })
}

const candidates = [
  ...Array.from('aZ0_- /\\:.,"\'<>{}[]()$%*?=+@#&|~^!;\n\r\t'),
  '\u0000',
  '\u00e9',
  '\u200b',
  '\ufeff',
  '\u2028',
  '\ud800'
]

const sources = readdirSync('src', { recursive: true, encoding: 'utf8' }).filter((file) =>
  file.endsWith('.ts')
)
const pieces = new Set<string>(candidates)
for (const file of sources) {
  const visit = (node: ts.Node): void => {
    if (ts.isRegularExpressionLiteral(node)) {
      const end = node.text.lastIndexOf('/')
      for (const piece of piecesOf(new RegExp(node.text.slice(1, end), node.text.slice(end + 1))))
        pieces.add(piece)
    }
    ts.forEachChild(node, visit)
  }
  visit(ts.createSourceFile(file, readFileSync(join('src', file), 'utf8'), ts.ScriptTarget.Latest))
}

t.test('answers reviews whose strings repeat what patterns look for', async (t) => {
  const random = randomFrom(Number(process.env['FUZZ_SEED'] ?? 1))
  const pick = <T>(list: readonly T[]): T => list[random(list.length)] as T // the lists are not empty
  const all = [...pieces]
  const quick = places.filter(({ isSlow }) => !isSlow)
  let slowest = { milliseconds: 0, what: '' }

  for (let index = 0; index < count; index++) {
    const place = pick(quick)
    const repeated = Array.from({ length: 1 + random(3) }, () => pick(all)).join('')
    const before = random(2) === 0 ? '' : pick(all)
    const text = `${before}${repeated.repeat(Math.ceil((1 + random(longest)) / repeated.length))}${random(2) === 0 ? '' : pick(all)}`
    const start = process.cpuUsage()
    await place.read(text)
    const { user, system } = process.cpuUsage(start)
    const milliseconds = (user + system) / 1000
    if (milliseconds > slowest.milliseconds) {
      slowest = {
        milliseconds,
        what: `${place.name}: ${JSON.stringify(before)} and ${JSON.stringify(repeated)} to ${text.length} characters`
      }
    }
  }
  t.comment(
    `${count} reviews, ${all.length} pieces; the slowest took ${slowest.milliseconds.toFixed(1)} ms: ${slowest.what}`
  )
  t.pass('each was answered')
})
