import type { Facts } from '../../src/facts/facts.js'
import type { Severity } from '../../src/model/finding.js'

/** One service account, and what one rule says of it: without `message`, nothing. `atAdmission` is error unless told. */
export interface Case {
  readonly why: string
  readonly annotation: unknown
  /** Further annotations of the account. */
  readonly annotations?: Readonly<Record<string, unknown>>
  readonly before?: unknown
  readonly facts?: Facts
  readonly message?: RegExp
  readonly fix?: RegExp
  readonly atAdmission?: Severity
}
