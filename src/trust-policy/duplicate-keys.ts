import { endOfString } from '../text/json.js'

const quote = 34

interface Frame {
  /** Keys seen so far; undefined for an array. */
  readonly keys: Set<string> | undefined
  key: string
  index: number
}

/**
 * Returns the path of the first duplicate key in a JSON string. JSON.parse would silently keep the last one,
 * but IAM's grammar forbids duplicates
 * (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html). The string must be
 * valid JSON.
 */
export function findDuplicateKey(text: string): string | undefined {
  const frames: Frame[] = []
  let frame: Frame | undefined

  for (let at = 0; at < text.length; at++) {
    switch (text.charCodeAt(at)) {
      case 123: // {
      case 91: // [
        frame = { keys: text.charCodeAt(at) === 123 ? new Set() : undefined, key: '', index: 0 }
        frames.push(frame)
        break
      case 125: // }
      case 93: // ]
        frames.pop()
        frame = frames.at(-1)
        break
      case 44: // ,
        if (frame !== undefined) frame.index++
        break
      case quote: {
        const end = endOfString(text, at)
        if (frame?.keys !== undefined && isKey(text, end)) {
          frame.key = keyOf(text, at, end)
          if (frame.keys.has(frame.key)) return pathOf(frames)
          frame.keys.add(frame.key)
        }
        at = end
      }
    }
  }
  return undefined
}

function isKey(text: string, end: number): boolean {
  let at = end + 1
  while (text.charCodeAt(at) <= 32) at++

  return text.charCodeAt(at) === 58 // :
}

function keyOf(text: string, start: number, end: number): string {
  const raw = text.slice(start + 1, end)
  if (!raw.includes('\\')) return raw

  return String(JSON.parse(text.slice(start, end + 1))) // a key can be escaped in several ways
}

const pathOf = (frames: readonly Frame[]): string =>
  frames.reduce(
    (path, { keys, key, index }) => (keys === undefined ? `${path}[${index}]` : joinPath(path, key)),
    ''
  )

/** Adds a key to a path, in brackets unless it is a plain word. */
export const joinPath = (path: string, key: string): string =>
  /^[\w:]+$/.test(key) ? (path === '' ? key : `${path}.${key}`) : `${path}[${JSON.stringify(key)}]`
