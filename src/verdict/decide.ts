import type { Finding, Unchecked } from '../model/finding.js'

/** What a namespace does with findings at admission. */
export const modes = ['enforce', 'warn', 'audit', 'off'] as const
export type Mode = (typeof modes)[number]

/** What to answer: `warnings` are told to the user, everything is in the audit annotations, log and metrics. */
export interface Verdict {
  readonly allowed: boolean
  readonly findings: readonly Finding[]
  readonly unchecked: readonly Unchecked[]
}

/** Whether a request may pass: only an error that nobody waived, in a namespace that enforces, stops it. */
export function decide(findings: readonly Finding[], unchecked: readonly Unchecked[], mode: Mode): Verdict {
  const shown = mode === 'off' ? [] : findings

  return {
    allowed: mode !== 'enforce' || !shown.some(({ severity, waived }) => severity === 'error' && waived === undefined),
    findings: shown,
    unchecked: mode === 'off' ? [] : unchecked
  }
}
