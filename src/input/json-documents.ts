import { LineCounter } from 'yaml'
import { endOfString } from '../model/json-text.js'
import type { ReadDocument } from './read-document.js'

/** What stands first in a text as JSON, and where the rest of it begins. */
export interface JsonDocuments {
  readonly documents: readonly ReadDocument[]
  readonly rest: number
}

/**
 * Reads the JSON objects and lists that a text begins with, one after the other as `kubectl get -o json | jq -c '.items[]'` prints them, or
 * with `---` between them. `JSON.parse` takes a tenth of the time and memory of a YAML library. What it does not take, and what holds a key
 * twice, is left in the rest. Never throws.
 */
export function readJsonDocuments(text: string): JsonDocuments {
  const documents: ReadDocument[] = []
  const lineAt = buildLineAt(text)

  let rest = 0
  for (;;) {
    const start = afterSeparators(text, rest)
    if (start === text.length) return { documents, rest: start }
    const document = parseAt(text, start)
    if (document === undefined) return { documents, rest }

    const locate = buildLocate(text, start)
    documents.push({ content: document.content, lineOf: (path) => lineAt(locate(path)) })
    rest = document.end
  }
}

// Kubernetes' decoder ends at 10,000; whatever looks through an object calls itself for each level.
const depthLimit = 500

function parseAt(text: string, start: number): { content: unknown; end: number } | undefined {
  if (!isContainer(text, start)) return undefined
  const extent = extentOf(text, start)
  if (extent === undefined) return undefined

  try {
    const content: unknown = JSON.parse(text.slice(start, extent.end))
    return countKeys(content) === extent.keys ? { content, end: extent.end } : undefined // JSON.parse drops a key that stands there twice
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}

/** Where the object or list at `start` ends, and how many keys are written in it; undefined where it does not end or nests too deeply. */
function extentOf(text: string, start: number): { end: number; keys: number } | undefined {
  let depth = 0
  let keys = 0
  for (let at = start; at < text.length; at++) {
    switch (text.charCodeAt(at)) {
      case 123: // {
      case 91: // [
        if (++depth > depthLimit) return undefined
        break
      case 125: // }
      case 93: // ]
        if (--depth === 0) return { end: at + 1, keys }
        break
      case 58: // :
        keys++
        break
      case 34: // "
        at = endOfString(text, at)
        if (at === -1) return undefined
    }
  }

  return undefined
}

function countKeys(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0

  const members: unknown[] = Object.values(value)
  let count = Array.isArray(value) ? 0 : members.length
  for (const member of members) count += countKeys(member)

  return count
}

/** Where a member begins (in an object with its key), and where its value. */
interface Place {
  readonly begin: number
  readonly value: number
}

// Many findings stand in one long list, and each is looked for from its beginning.
const long = 10_000

/** Finds where a field stands, or the nearest thing around it, in the JSON value at `start`. */
function buildLocate(text: string, start: number): (path: readonly string[]) => number {
  const kept = new Map<number, ReadonlyMap<string, Place>>()
  const membersIn = (at: number): ReadonlyMap<string, Place> => {
    const known = kept.get(at)
    if (known !== undefined) return known
    const { members, end } = membersAt(text, at)
    if (end - at > long) kept.set(at, members)

    return members
  }

  return (path) => {
    let place: Place = { begin: start, value: start }
    for (const key of path) {
      if (!isContainer(text, place.value)) break
      const member = membersIn(place.value).get(key)
      if (member === undefined) break
      place = member
    }

    return place.begin
  }
}

/** Where the members of the object or list at `start` stand, in a text that is known to be JSON. */
function membersAt(text: string, start: number): { members: ReadonlyMap<string, Place>; end: number } {
  const members = new Map<string, Place>()
  const isList = text[start] === '['
  let at = afterBlanks(text, start + 1)
  while (text[at] !== ']' && text[at] !== '}') {
    const begin = at
    let key = String(members.size)
    if (!isList) {
      const end = endOfString(text, at) + 1
      key = String(JSON.parse(text.slice(at, end)))
      at = afterBlanks(text, afterBlanks(text, end) + 1) // over the colon
    }
    members.set(key, { begin, value: at })
    at = afterBlanks(text, endOfValue(text, at))
    if (text[at] === ',') at = afterBlanks(text, at + 1)
  }

  return { members, end: at }
}

function endOfValue(text: string, start: number): number {
  if (isContainer(text, start)) return extentOf(text, start)?.end ?? text.length
  if (text[start] === '"') return endOfString(text, start) + 1

  let end = start
  while (end < text.length && !',]} \t\r\n'.includes(text.charAt(end))) end++

  return end
}

const isContainer = (text: string, at: number): boolean => text[at] === '{' || text[at] === '['

const isBlank = (code: number): boolean => code === 32 || code === 10 || code === 13 || code === 9

function afterBlanks(text: string, start: number): number {
  let at = start
  while (isBlank(text.charCodeAt(at))) at++

  return at
}

/** Where something stands again, after blanks and lines of `---`. */
function afterSeparators(text: string, start: number): number {
  let at = afterBlanks(text, start)
  while (isSeparator(text, at)) at = afterBlanks(text, at + 3)

  return at
}

const isSeparator = (text: string, at: number): boolean =>
  text.startsWith('---', at) && (at === 0 || text[at - 1] === '\n') && (at + 3 === text.length || isBlank(text.charCodeAt(at + 3)))

/** Tells the line of a place; looks for the ends of lines when it is first asked. */
function buildLineAt(text: string): (offset: number) => number {
  let lines: LineCounter | undefined

  return (offset) => {
    lines ??= countLines(text)
    return lines.linePos(offset).line
  }
}

function countLines(text: string): LineCounter {
  const lines = new LineCounter()
  lines.addNewLine(0)
  for (let end = text.indexOf('\n'); end !== -1; end = text.indexOf('\n', end + 1)) lines.addNewLine(end + 1)

  return lines
}
