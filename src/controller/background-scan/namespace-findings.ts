import { allRules } from '../../model/finding.js'
import { withSince } from '../../output/baseline.js'
import { type ObjectVerdict, type ReportedFinding, reportOf } from '../../output/report.js'
import { rules } from '../../rules/index.js'
import type { JudgedNamespace } from '../../scan/judge-namespace.js'

/** The findings in one namespace, each with the time at which it was first found. */
export interface NamespaceFindings extends Pick<JudgedNamespace, 'judged' | 'passed' | 'pods'> {
  readonly findings: readonly ReportedFinding[]
}

/** Findings that are new since the last scan of their namespaces, and those that are gone. */
export interface FindingChanges {
  readonly appeared: readonly ReportedFinding[]
  readonly gone: readonly ReportedFinding[]
}

const summaryOf = (id: string): string => rules.find((rule) => rule.id === id)?.summary ?? id

/**
 * The findings of a namespace after a scan. A finding keeps its `since`. It also stays if its rule could not
 * be checked this time, for example because AWS did not respond. `share` makes equal strings in the findings
 * share memory, because one mistake can cause tens of thousands of findings with the same text.
 */
export function findingsOf(
  { verdicts, ...judged }: JudgedNamespace,
  before: readonly ReportedFinding[],
  at: Date,
  share: <T>(value: T) => T = (value) => value
): NamespaceFindings {
  const report = reportOf({ objects: judged.judged, judged: judged.judged }, verdicts, summaryOf)
  const { findings } = withSince(report, before, at)
  const now = new Set(findings.map(({ fingerprint }) => fingerprint))
  const unchecked = uncheckedIn(verdicts)
  const undecided = before.filter(
    (finding) => !now.has(finding.fingerprint) && unchecked(finding.rule, finding.object)
  )

  return {
    ...judged,
    findings: [...findings.filter(({ waived }) => waived === undefined).map(share), ...undecided]
  }
}

function uncheckedIn(
  verdicts: readonly ObjectVerdict[]
): (rule: string, object: ReportedFinding['object']) => boolean {
  const keyOf = (rule: string, { kind, namespace, name }: ReportedFinding['object']): string =>
    JSON.stringify([rule, kind, namespace, name])
  const keys = new Set(
    verdicts.flatMap(({ object, unchecked }) => unchecked.map(({ rule }) => keyOf(rule, object)))
  )

  return (rule, object) => keys.has(keyOf(rule, object)) || keys.has(keyOf(allRules, object))
}

/** The difference between two scans of one namespace. */
export function changesBetween(
  before: readonly ReportedFinding[],
  now: readonly ReportedFinding[]
): FindingChanges {
  const [then, there] = [before, now].map(
    (findings) => new Set(findings.map(({ fingerprint }) => fingerprint))
  )

  return {
    appeared: now.filter(({ fingerprint }) => then?.has(fingerprint) !== true),
    gone: before.filter(({ fingerprint }) => there?.has(fingerprint) !== true)
  }
}
