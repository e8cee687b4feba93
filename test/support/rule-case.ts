import type { Facts } from '../../src/facts/facts.js'
import type { Severity } from '../../src/model/finding.js'
import type { Stage } from '../../src/model/subject.js'

/** One object, and what one rule reports about it; without `message`, nothing. */
export type Case = AnnotationCase | ObjectCase

interface Expected {
  readonly why: string
  readonly facts?: Facts
  readonly message?: RegExp
  readonly fix?: RegExp
}

/** A service account of which only the annotations matter. `atAdmission` is error by default. */
export interface AnnotationCase extends Expected {
  readonly annotation: unknown
  /** Further annotations of the account. */
  readonly annotations?: Readonly<Record<string, unknown>>
  readonly before?: unknown
  readonly atAdmission?: Severity
}

/**
 * Any object. By default, the stage is `admitted`, and one finding is expected, with the rule's severity (a
 * warning for rules about pods).
 */
export interface ObjectCase extends Expected {
  readonly object: object
  readonly stage?: Stage
  readonly old?: object
  readonly severity?: Severity
  readonly field?: string
  readonly count?: number
}
