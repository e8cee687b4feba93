import type { Excerpt } from '../text/excerpt.js'

export type Severity = 'error' | 'warning' | 'info'

/** A problem that a rule found in one field. Plain data. */
export interface Problem {
  /** Path of the field in the user's object, such as `metadata.annotations["eks.amazonaws.com/role-arn"]`. */
  readonly field: string
  readonly message: string
  readonly fix: string
  /** The value that contains the problem, and the part of it that is wrong. */
  readonly excerpt?: Excerpt
  /** A milder severity at admission for this one problem, because it may be intended. */
  readonly atAdmission?: Severity
  /**
   * The resource at fault, if it is not the object itself: the ARN of a role or OIDC provider, or `cluster`.
   * A report shows such a problem once for all objects that have it.
   */
  readonly cause?: string
  /**
   * An upper limit on the severity of this one problem, whatever the rule's severity, because it may be
   * intended.
   */
  readonly atMost?: Severity
  /** Other fields of the object that cause the problem together with `field`. */
  readonly restsOn?: readonly string[]
}

/** A problem, the rule that found it, and its severity. */
export interface Finding extends Omit<Problem, 'atAdmission' | 'atMost' | 'restsOn'> {
  readonly rule: string
  readonly severity: Severity
  /** The rule's page. */
  readonly docs: string
  /** Other fields of the object with the same problem. */
  readonly alsoAt?: readonly string[]
  /** The reason that the object's owner gave for the waiver. */
  readonly waived?: string
  /** The last day of the waiver (UTC), such as `2027-01-31`, if it expires. */
  readonly waivedUntil?: string
}

/** Stands for all rules in {@link Unchecked}. */
export const allRules = '*'

/** A rule that could not decide, and the reason. */
export interface Unchecked {
  /** The rule's ID, or {@link allRules}. */
  readonly rule: string
  readonly because: string
}
