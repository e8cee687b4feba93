import { isRecord, listOf, recordOf, textOf } from '../text/record.js'
import type { Report, ReportedFinding } from './report.js'
import type { Comparison } from './scan-report.js'

/** A finding of an earlier report, reduced to the fields that are needed later. */
export type EarlierFinding = Pick<
  ReportedFinding,
  'rule' | 'severity' | 'message' | 'fingerprint' | 'object'
> & {
  readonly since?: string
  /** Undefined if the earlier report does not contain it. */
  readonly field?: string
}

/** The findings of an earlier report in JSON; undefined if the text is not a report. Never throws. */
export function parseBaseline(text: string): readonly EarlierFinding[] | undefined {
  let report: unknown
  try {
    report = JSON.parse(text)
  } catch {
    return undefined
  }
  const { apiVersion, kind, findings } = recordOf(report)
  if (apiVersion !== 'irsa-guard.io/v1' || kind !== 'Report' || !Array.isArray(findings)) return undefined
  const earlier = listOf(findings).map(earlierOf)

  return earlier.includes(undefined) ? undefined : earlier.filter((finding) => finding !== undefined)
}

function earlierOf(finding: unknown): EarlierFinding | undefined {
  const { rule, severity, message, fingerprint, since, object, field } = recordOf(finding)
  const { apiVersion, kind, namespace, name, cluster } = recordOf(object)
  if (textOf(fingerprint) === undefined || textOf(rule) === undefined || !isRecord(object)) return undefined
  const text = (value: unknown): string => textOf(value) ?? ''

  return {
    rule: text(rule),
    severity: severity === 'error' || severity === 'warning' ? severity : 'info',
    message: text(message),
    fingerprint: text(fingerprint),
    object: {
      apiVersion: text(apiVersion),
      kind: text(kind),
      ...(textOf(namespace) !== undefined && { namespace: text(namespace) }),
      name: text(name),
      ...(textOf(cluster) !== undefined && { cluster: text(cluster) })
    },
    ...(textOf(since) !== undefined && { since: text(since) }),
    ...(textOf(field) !== undefined && { field: text(field) })
  }
}

/**
 * Compares a report with the findings of an earlier one, by their fingerprints. `isCovered` says whether this
 * report would contain an earlier finding if its problem still existed. If this report may not cover all
 * objects of the earlier one, `isCovered` is undefined, and `gone` is left out.
 */
export function compare(
  { findings }: Pick<Report, 'findings'>,
  earlier: readonly EarlierFinding[],
  isCovered: ((finding: EarlierFinding) => boolean) | undefined
): Comparison {
  const before = new Set(earlier.map(({ fingerprint }) => fingerprint))
  const now = new Set(findings.map(({ fingerprint }) => fingerprint))

  return {
    new: findings.flatMap(({ fingerprint }) => (before.has(fingerprint) ? [] : fingerprint)),
    ...(isCovered && {
      gone: earlier
        .filter((finding) => !now.has(finding.fingerprint) && isCovered(finding))
        .map(({ rule, severity, message, fingerprint, object }) => ({
          rule,
          severity,
          message,
          fingerprint,
          object
        }))
    })
  }
}

/** Notes when each finding was first seen: in an earlier report, or now. */
export function withSince<R extends Report>(report: R, earlier: readonly EarlierFinding[], at: Date): R {
  const times = new Map(earlier.map(({ fingerprint, since }) => [fingerprint, since]))

  return {
    ...report,
    findings: report.findings.map((finding) => {
      const since = times.has(finding.fingerprint) ? times.get(finding.fingerprint) : at.toISOString()
      return since === undefined ? finding : { ...finding, since }
    })
  }
}
