import { afterBlanks, endOfString, extentOf, isContainer } from '../text/json.js'

/** Where a member begins (in an object, at its key), and where its value begins. */
interface Place {
  readonly begin: number
  readonly value: number
}

// A length in characters. The positions of members in longer objects and lists are kept; otherwise, each search
// would start at the beginning again.
const long = 10_000

/** Finds the position of a field, or of its nearest parent, in the JSON value at `start`. */
export function buildLocate(text: string, start: number): (path: readonly string[]) => number {
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

/** The positions of the members of the object or list at `start`, in valid JSON. */
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
      at = afterBlanks(text, afterBlanks(text, end) + 1) // skips the colon
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
