import type { Excerpt } from '../text/excerpt.js'

/** One part of an Allow statement, and whether it admits a call. */
export interface StatementPart {
  /** `principal`, `action`, or a condition key as written. */
  readonly name: string
  /** Undefined: it depends on the request, or on undocumented behavior. */
  readonly isMet: boolean | undefined
  /** The operator of a condition. */
  readonly operator?: string
  /** The values in the statement; for a condition on the subject, the nearest first. */
  readonly wanted: readonly string[]
  /** The action, or the value of the condition key in the request, if it is known. */
  readonly actual?: string | undefined
  /** Whether the request has no such condition key. */
  readonly isAbsent?: boolean
  /** `actual`, with the part that differs from the nearest value marked. */
  readonly excerpt?: Excerpt | undefined
  /** The difference in words. */
  readonly difference?: string | undefined
}
