import type { ErrorText, Phrases } from './error-text.js'
import { normalize } from './normalize.js'
import { type Values, valuesIn } from './values.js'

/** The known error texts in an input, in the order of the list, and the values that the input contains. */
export interface Matches {
  readonly texts: readonly ErrorText[]
  readonly values: Values
}

/** Finds known error texts in an input. Takes linear time. */
export function matchErrorTexts(input: string, known: readonly ErrorText[]): Matches {
  const text = normalize(input)
  const values = valuesIn(input)
  const found = known.filter(
    ({ forms, when }) =>
      forms.some((phrases) => contains(text, phrases)) && (when === undefined || when(values))
  )
  const clear = found.filter(({ isVague }) => !isVague)

  return { texts: clear.length > 0 ? clear : found, values }
}

// The phrases of one error are close together. In a CloudTrail event, the user agent is between them.
const furthest = 500

/** Whether the text contains the phrases in this order, each close to the previous one. */
function contains(text: string, phrases: Phrases): boolean {
  let ends: readonly number[] | undefined // the ends of the phrases so far; undefined before the first phrase
  for (const phrase of phrases.map(normalize)) {
    ends = endsAfter(text, phrase, ends)
    if (ends.length === 0) return false
  }

  return true
}

/**
 * Where the occurrences of a phrase end, if the previous phrase ends shortly before them. If the previous
 * phrase comes several times before an occurrence, only the last one matters.
 */
function endsAfter(text: string, phrase: string, previous: readonly number[] | undefined): number[] {
  const ends: number[] = []
  let next = 0
  for (let at = text.indexOf(phrase); at !== -1; at = text.indexOf(phrase, at + phrase.length)) {
    while (previous !== undefined && (previous[next] ?? Infinity) <= at) next++
    const last = previous === undefined ? at : previous[next - 1]
    if (last !== undefined && at - last <= furthest) ends.push(at + phrase.length)
  }

  return ends
}
