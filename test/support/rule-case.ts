import type { Facts } from '../../src/facts/facts.js'
import type { Severity } from '../../src/model/finding.js'

/**
 * One object, and what one rule says of it: without `message`, nothing. `atAdmission` is error unless told. `annotation` and
 * `before` make a service account with that role; `object` and `old` are any other object.
 */
export interface Case {
  readonly why: string
  readonly annotation?: unknown
  /** Further annotations of the account. */
  readonly annotations?: Readonly<Record<string, unknown>>
  readonly object?: object
  readonly old?: object
  readonly before?: unknown
  readonly facts?: Facts
  readonly message?: RegExp
  readonly fix?: RegExp
  readonly atAdmission?: Severity
}
