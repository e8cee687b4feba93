export type Severity = 'error' | 'warning' | 'info'

/** What a rule found wrong with one field. Plain data. */
export interface Problem {
  /** Path of the field in the user's object, such as `metadata.annotations["eks.amazonaws.com/role-arn"]`. */
  readonly field: string
  readonly message: string
  readonly fix: string
  /** A milder severity in the webhook for this one problem, where it may not be a mistake. */
  readonly atAdmission?: Severity
  /**
   * Its cause is not in the object and is the same for all that have the problem: a report for people says it
   * once.
   */
  readonly shared?: true
  /** How severe this one problem is at most, whatever the rule says, where it may be meant so. */
  readonly atMost?: Severity
}

/** A problem, the rule that found it and how much it matters. */
export interface Finding extends Omit<Problem, 'atAdmission' | 'atMost'> {
  readonly rule: string
  readonly severity: Severity
  /** The rule's page. */
  readonly docs: string
  /** Other fields of the object with the same problem. */
  readonly alsoAt?: readonly string[]
  /** The reason that the object's owner gave for living with it. */
  readonly waived?: string
}

/** A rule that could not decide, and why. */
export interface Unchecked {
  readonly rule: string
  readonly because: string
}
