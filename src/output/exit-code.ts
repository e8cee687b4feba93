import type { Severity } from '../model/finding.js'

/** The lowest severity that makes the exit code 1. */
export type FailOn = Severity | 'never'

const ranks = { info: 0, warning: 1, error: 2, never: 3 } satisfies Record<FailOn, number>

/** Whether a finding counts for the exit code: it is not waived, and at least as severe as `failOn`. */
export const isFailure = (
  { severity, waived }: { readonly severity: Severity; readonly waived?: string },
  failOn: FailOn
): boolean => waived === undefined && ranks[severity] >= ranks[failOn]

/** 1 if a finding that is not waived is at least as severe as `failOn`, otherwise 0. */
export const exitCodeOf = (
  findings: readonly { readonly severity: Severity; readonly waived?: string }[],
  failOn: FailOn
): 0 | 1 => (findings.some((finding) => isFailure(finding, failOn)) ? 1 : 0)
