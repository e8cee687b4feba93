import type { Finding, Unchecked } from '../model/finding.js'
import type { Mode } from '../model/namespace.js'

/** What to answer: in mode `audit` nobody but log, metrics and audit annotations hears of it. */
export interface Verdict {
  readonly allowed: boolean
  readonly mode: Mode
  readonly findings: readonly Finding[]
  readonly unchecked: readonly Unchecked[]
  /** How old, in seconds, the answer of IAM is that an error rests on; undefined when none does. */
  readonly iamAge?: number | undefined
}

/** Whether a request may pass: only an error that nobody waived, in a namespace that enforces, stops it. */
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
