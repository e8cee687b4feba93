import { anyOne, anyRun, type Pattern } from '../text/glob.js'

/**
 * Service accounts that a pattern admits in addition to the intended one: one example of each kind, if any
 * exist.
 */
export interface Reach {
  readonly otherNamespace?: string
  readonly otherName?: string
}

const isLabel = (character: string): boolean =>
  (character >= 'a' && character <= 'z') || (character >= '0' && character <= '9') || character === '-'
const isName = (character: string): boolean => isLabel(character) || character === '.'
const isPossible = (part: Pattern[number]): boolean => typeof part !== 'string' || !/[^a-z0-9.:-]/.test(part)

/**
 * Finds a service account in another namespace, and one with another name in the same namespace, whose
 * subjects match a pattern. The function runs the pattern through a small automaton that reads subjects and
 * tracks where they diverge from ours. It has one state for each character of our subject, and four states for
 * subjects that differ. Each state keeps one example string that reaches it.
 */
export function reachOf(pattern: Pattern, namespace: string, name: string): Reach {
  if (!pattern.every(isPossible)) return {} // it contains a character that no subject has

  const own = `system:serviceaccount:${namespace}:${name}`
  const start = own.length - namespace.length - 1 - name.length
  const end = start + namespace.length
  const length = own.length
  const [inOtherNamespace, beforeOtherName, inOtherName, otherNameHere] = [
    length + 1,
    length + 2,
    length + 3,
    length + 4
  ]

  const step = (state: number, character: string): number | undefined => {
    if (state < length && own[state] === character) return state + 1
    if (state < start) return undefined
    if (state <= end || state === inOtherNamespace) {
      if (character === ':') return state === start || state === end ? undefined : beforeOtherName
      return isLabel(character) ? inOtherNamespace : undefined
    }
    if (!isName(character)) return undefined
    return state <= length || state === otherNameHere ? otherNameHere : inOtherName
  }
  /** A few characters that together lead to every state that any single character can lead to. */
  const choices = (state: number): string[] => {
    const next = state < length ? [own[state] ?? ''] : []
    if (state < start) return next
    const other = next[0] === 'x' ? 'y' : 'x'
    return state <= end || state === inOtherNamespace ? [...next, other, ':'] : [...next, other]
  }

  let reached: (string | undefined)[] = ['']
  for (const part of pattern) {
    const after: (string | undefined)[] = []
    const isRun = part === anyRun
    if (isRun) for (const [state, example] of reached.entries()) after[state] = example
    // Each state leads only to itself or to later states, so one pass over the states in order covers a wildcard
    // that matches any number of characters.
    for (let state = 0; state <= otherNameHere; state++) {
      const example = isRun ? after[state] : reached[state]
      if (example === undefined) continue
      if (part === anyRun || part === anyOne) {
        for (const character of choices(state)) {
          const to = step(state, character)
          if (to === state)
            after[to] = example + character // the example must look like a name: `shop-x`, not `shop-`
          else if (to !== undefined) after[to] ??= example + character
        }
      } else {
        const to = walk(part, state, step)
        if (to !== undefined) after[to] ??= example + part
      }
    }
    if (after.length === 0) return {}
    reached = after
  }

  const shorter = reached.findIndex(
    (example, state) => state > end + 1 && state < length && example !== undefined
  )
  const otherName = reached[otherNameHere] ?? (shorter < 0 ? undefined : reached[shorter])
  const otherNamespace = reached[inOtherName]
  return {
    ...(otherNamespace !== undefined && { otherNamespace }),
    ...(otherName !== undefined && { otherName })
  }
}

function walk(
  text: string,
  from: number,
  step: (state: number, character: string) => number | undefined
): number | undefined {
  let state: number | undefined = from
  for (const character of text) {
    state = step(state, character)
    if (state === undefined) return undefined
  }
  return state
}
