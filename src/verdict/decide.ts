import type { Finding, Unchecked } from '../model/finding.js'
import type { Mode } from '../model/namespace.js'

/** The result of a review. In mode `audit`, it appears only in logs, metrics and audit annotations. */
export interface Verdict {
  readonly allowed: boolean
  readonly mode: Mode
  readonly findings: readonly Finding[]
  readonly unchecked: readonly Unchecked[]
  /**
   * The age, in seconds, of the oldest response from IAM or EKS that an error is based on; undefined if no error
   * is based on one.
   */
  readonly iamAge?: number | undefined
}

/**
 * Decides whether a request is allowed. Only an error without a waiver, in a namespace in `enforce` mode,
 * denies it.
 */
export function decide(
  findings: readonly Finding[],
  unchecked: readonly Unchecked[],
  mode: Mode,
  iamAge?: number
): Verdict {
  const shown = mode === 'off' ? [] : findings

  return {
    allowed:
      mode !== 'enforce' ||
      !shown.some(({ severity, waived }) => severity === 'error' && waived === undefined),
    mode,
    findings: shown,
    unchecked: mode === 'off' ? [] : unchecked,
    iamAge
  }
}
