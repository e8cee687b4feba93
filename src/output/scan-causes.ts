import { type Cause, summaryFor } from './causes.js'
import { ranks, type Report, type ReportedFinding } from './report.js'
import type { Style } from './style.js'

/** A row of the table of causes: one cause, or all causes of a rule that has many. */
export interface CauseRow {
  readonly rule: string
  readonly severity: Cause['severity']
  readonly summary: string
  readonly fix: string
  readonly causes: readonly [Cause, ...Cause[]]
  readonly findings: readonly [ReportedFinding, ...ReportedFinding[]]
}

const maxOfRule = 3

/**
 * The rows of the table, worst first. More than three causes of one rule and severity share a
 * row, unless everything is shown. Waived findings have no row. `summaryOf` gives the summary of a rule.
 */
export function causeRowsOf(
  { causes, findings }: Report,
  verbosity: Style['verbosity'],
  summaryOf: (rule: string) => string
): CauseRow[] {
  const shown = findings.filter(
    ({ severity, waived }) => waived === undefined && (verbosity !== 'quiet' || severity === 'error')
  )
  const byCause = Map.groupBy(shown, ({ cause }) => cause)
  const withFindings = causes.filter(({ id }) => byCause.has(id))
  const ofRule = Map.groupBy(withFindings, keyOf)
  const rows = Map.groupBy(withFindings, (cause) =>
    verbosity !== 'verbose' && (ofRule.get(keyOf(cause))?.length ?? 0) > maxOfRule ? keyOf(cause) : cause.id
  )

  const unsorted = [...rows.values()].flatMap((causes): CauseRow[] => {
    const [first] = causes
    const [finding, ...findings] = causes.flatMap(({ id }) => byCause.get(id) ?? [])
    if (first === undefined || finding === undefined) return [] // groups are never empty

    return [
      {
        rule: first.rule,
        severity: first.severity,
        summary: causes.length === 1 ? first.summary : summaryFor(undefined, summaryOf(first.rule)),
        fix: first.fix,
        causes: [first, ...causes.slice(1)],
        findings: [finding, ...findings]
      }
    ]
  })

  return unsorted.sort(
    (one, other) => ranks[one.severity] - ranks[other.severity] || other.findings.length - one.findings.length
  )
}

const keyOf = ({ severity, rule }: Cause): string => `${severity} ${rule}`
