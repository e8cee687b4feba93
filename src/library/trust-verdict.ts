import type { Finding, Problem } from '../model/finding.js'
import { textOf } from '../text/record.js'
import { docsUrl } from '../version.js'

/** Whether a role's trust policy admits a service account, and what to change. */
export interface TrustVerdict {
  readonly verdict: 'allowed' | 'denied' | 'depends' | 'invalid'
  /** Whether the policy also admits service accounts, associations or roles that it does not name. */
  readonly overPermissive: boolean
  /**
   * Index of the statement, from zero: the Deny or Allow that applies or may apply, otherwise the nearest
   * miss.
   */
  readonly statement?: number
  /** Condition keys that the result depends on, as written, sorted, each listed once. */
  readonly dependsOn: string[]
  readonly findings: Finding[]
  /** A corrected policy document; omitted if no small edit helps. */
  readonly suggested?: object
}

/** The verdict on input that is not a valid question. */
export function notAQuestion(problem: Problem): TrustVerdict {
  const finding: Finding = { rule: 'not-a-question', severity: 'error', docs: `${docsUrl}/cli`, ...problem }

  return { verdict: 'invalid', overPermissive: false, dependsOn: [], findings: [finding] }
}

/**
 * Checks that all given parts of a question are non-empty strings, because untyped callers can pass anything.
 * Returns the problem with the first part that is anything else; undefined if there is none.
 */
export function wrongTextIn(texts: Readonly<Record<string, unknown>>): Problem | undefined {
  const wrong = Object.entries(texts).find(([, value]) => textOf(value) === undefined)

  return wrong && problemOf(wrong[0], wrong[1], 'a non-empty string')
}

/** The parts that all questions about a trust policy have. */
export function commonOf({ document, encoding, at }: Readonly<Record<string, unknown>>):
  | {
      readonly document: unknown
      readonly encoding: 'json' | 'url' | undefined
      readonly at: Date | undefined
    }
  | { readonly problem: Problem } {
  if (at !== undefined && !(at instanceof Date)) return { problem: problemOf('at', at, 'a Date') }
  if (encoding !== undefined && encoding !== 'json' && encoding !== 'url')
    return { problem: problemOf('encoding', encoding, '"json" or "url"') }

  return { document, encoding, at }
}

export const problemOf = (field: string, value: unknown, expected: string): Problem => ({
  field,
  message: `${field} is ${value === undefined ? 'missing' : kindOf(value)}; expected ${expected}`,
  fix: `pass ${field} as ${expected}`
})

const kindOf = (value: unknown): string =>
  value === null || value === ''
    ? JSON.stringify(value)
    : Array.isArray(value)
      ? 'an array'
      : `of type ${typeof value}`
