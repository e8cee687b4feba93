/** The parts of a pattern: literal strings, any run of characters, or exactly one character. */
export type Pattern = readonly (string | typeof anyRun | typeof anyOne)[]
export const anyRun = Symbol('*')
export const anyOne = Symbol('?')

/**
 * Parses a pattern: `*` and `?` are wildcards, and everything else is literal. There is no escape character.
 */
export function parsePattern(text: string): Pattern {
  const parts: (string | typeof anyRun | typeof anyOne)[] = []
  let literalStart = 0
  for (let at = 0; at <= text.length; at++) {
    const character = text[at]
    if (character !== undefined && character !== '*' && character !== '?') continue
    if (at > literalStart) parts.push(text.slice(literalStart, at))
    literalStart = at + 1
    if (character === '?') parts.push(anyOne)
    if (character === '*' && parts.at(-1) !== anyRun) parts.push(anyRun)
  }
  return parts
}

/** The length of the shortest string that a pattern matches. */
export const shortestMatchOf = (pattern: Pattern): number =>
  pattern.reduce<number>((sum, part) => sum + (part === anyRun ? 0 : part === anyOne ? 1 : part.length), 0)

export const hasWildcard = (text: string): boolean => text.includes('*') || text.includes('?')

/**
 * Whether a pattern matches the whole string. Each segment between two `*` is searched for once, from the end
 * of the previous one, so there is no backtracking. A pattern that needs a longer string is rejected first.
 */
export function matchesPattern(pattern: Pattern, text: string): boolean {
  const segments = segmentsOf(pattern)
  const first = segments[0] ?? []
  if (segments.length === 1) return lengthOf(first) === text.length && matchesAt(first, text, 0)
  if (
    segments.reduce((sum, segment) => sum + lengthOf(segment), 0) > text.length ||
    !matchesAt(first, text, 0)
  )
    return false

  const last = segments.at(-1) ?? []
  const end = text.length - lengthOf(last)
  let from = lengthOf(first)
  for (const segment of segments.slice(1, -1)) {
    const found = findSegment(segment, text, from)
    if (found === undefined) return false
    from = found + lengthOf(segment)
  }
  return from <= end && matchesAt(last, text, end)
}

type Segment = (string | typeof anyOne)[]

function segmentsOf(pattern: Pattern): Segment[] {
  let segment: Segment = []
  const segments = [segment]
  for (const part of pattern) {
    if (part === anyRun) segments.push((segment = []))
    else segment.push(part)
  }
  return segments
}

const lengthOf = (segment: Segment): number =>
  segment.reduce((sum, part) => sum + (part === anyOne ? 1 : part.length), 0)

function matchesAt(segment: Segment, text: string, start: number): boolean {
  let at = start
  for (const part of segment) {
    if (part !== anyOne && !text.startsWith(part, at)) return false
    at += part === anyOne ? 1 : part.length
  }
  return at <= text.length
}

function findSegment(segment: Segment, text: string, start: number): number | undefined {
  const before = segment.findIndex((part) => part !== anyOne) // the number of `?` before the first literal
  const literal = segment[before]
  if (typeof literal !== 'string') return start + segment.length <= text.length ? start : undefined

  for (let from = start; ; from++) {
    const found = text.indexOf(literal, from + before)
    if (found < 0) return undefined
    from = found - before
    if (matchesAt(segment, text, from)) return from
  }
}
