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
   * The cause is outside the object and the same for all objects that have the problem, so a text report
   * shows it once.
   */
  readonly shared?: true
  /** The highest severity of this one problem, whatever the rule's severity, if it may be intended. */
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
