import type { ParsedException } from './exception.js'
import type { Severity } from './finding.js'
import type { WaiverLimits } from './waiver-limits.js'

/** What the configuration says about rules. */
export interface RuleSettings {
  /** Severities that differ from the rules' own, by rule ID. */
  readonly severities: ReadonlyMap<string, Severity | 'off'>
  /** Findings that count as waived, for objects that cannot be annotated. */
  readonly exceptions: readonly ParsedException[]
  /** The limits on the waivers in objects' annotations. */
  readonly waiverLimits: WaiverLimits
}
