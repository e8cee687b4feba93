import type { KubeObject } from '../../kube/read.js'
import { shortHash } from '../../output/causes.js'
import type { ReportedFinding } from '../../output/report.js'
import { rules } from '../../rules/index.js'
import { isRecord, listOf, recordOf, textOf } from '../../text/record.js'
import type { NamespaceFindings } from './namespace-findings.js'

/** The name of the report in each namespace. */
export const reportName = 'irsa-guard'

/** The content of a report, without its metadata. */
export interface ReportContent {
  readonly results: readonly KubeObject[]
  readonly summary: Readonly<Record<'pass' | 'fail' | 'warn' | 'error' | 'skip', number>>
  /** The number of results that did not fit. */
  readonly omitted: number
}

const maxResults = 1000
// etcd accepts objects of up to 1.5 MiB: https://etcd.io/docs/latest/dev-guide/limit/
const maxBytes = 900_000
const longestText = 1024

/**
 * The report on a namespace: its errors and warnings, and the number of objects that passed. Undefined if there
 * are no errors or warnings. Both report APIs have these fields:
 * https://github.com/openreports/reports-api and https://github.com/kubernetes-sigs/wg-policy-prototypes
 */
export function reportContentOf({ findings, passed }: NamespaceFindings): ReportContent | undefined {
  const errors = findings.filter(({ severity }) => severity === 'error')
  const warnings = findings.filter(({ severity }) => severity === 'warning')
  const shown = [...errors, ...warnings]
  if (shown.length === 0) return undefined
  const results: KubeObject[] = []
  let bytes = 0
  for (const finding of shown.slice(0, maxResults)) {
    const result = resultOf(finding)
    bytes += Buffer.byteLength(JSON.stringify(result))
    if (bytes > maxBytes) break
    results.push(result)
  }

  return {
    results,
    summary: { pass: passed, fail: errors.length, warn: warnings.length, error: 0, skip: 0 },
    omitted: shown.length - results.length
  }
}

function resultOf({
  rule,
  severity,
  message,
  fix,
  docs,
  field,
  fingerprint,
  since,
  object
}: ReportedFinding) {
  const { apiVersion, kind, namespace, name } = object

  return {
    source: 'irsa-guard',
    policy: rule,
    category: 'AWS identity',
    // OpenReports defines `fail` as scored, and `warn` as not scored.
    ...(severity === 'error'
      ? { result: 'fail', severity: 'high', scored: true }
      : { result: 'warn', severity: 'medium', scored: false }),
    ...(since !== undefined && {
      timestamp: { seconds: Math.floor(new Date(since).getTime() / 1000), nanos: 0 }
    }),
    message: shortened(message),
    resources: [{ apiVersion, kind, name, ...(namespace !== undefined && { namespace }) }],
    properties: {
      field: shortened(field),
      fix: shortened(fix),
      docs,
      fingerprint,
      ...(since !== undefined && { since })
    }
  }
}

const shortened = (text: string): string =>
  text.length > longestText ? `${text.slice(0, longestText - 1)}…` : text

/** The parts by which two reports are compared: a hash of the results, and the summary. */
export interface ReportPrint {
  readonly results: string
  readonly summary: string
}

/** The fingerprint of a report's content, or of a stored report. */
export const printOf = ({ results, summary }: ReportContent | KubeObject): ReportPrint => ({
  results: shortHash(canonical(listOf(results))),
  summary: canonical(recordOf(summary))
})

/** JSON with sorted keys, because the API server returns keys in its own order. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_key, each: unknown) =>
    isRecord(each)
      ? Object.fromEntries(Object.entries(each).sort(([one], [other]) => (one < other ? -1 : 1)))
      : each
  )
}

/**
 * Returns those findings of a stored report that concern objects of the report's own namespace. The
 * controller reads them after a restart, so that the findings keep their times. Anyone who is allowed to
 * write reports may have changed the findings.
 */
export function findingsIn(report: KubeObject): ReportedFinding[] {
  const own = recordOf(report['metadata'])['namespace']

  return listOf(report['results'])
    .map(recordOf)
    .flatMap((result): ReportedFinding[] => {
      const { fingerprint, since, field, fix, docs } = recordOf(result['properties'])
      const { apiVersion, kind, namespace, name } = recordOf(listOf(result['resources'])[0])
      const text = (value: unknown): string => textOf(value) ?? ''
      const isOurs =
        /^[0-9a-f]{16}$/.test(text(fingerprint)) &&
        !Number.isNaN(Date.parse(text(since))) &&
        rules.some(({ id }) => id === result['policy']) &&
        (namespace === own || (kind === 'Namespace' && name === own))
      if (!isOurs) return []

      return [
        {
          rule: text(result['policy']),
          severity: result['result'] === 'fail' ? 'error' : 'warning',
          field: text(field),
          message: text(result['message']),
          fix: text(fix),
          docs: text(docs),
          cause: text(fingerprint),
          fingerprint: text(fingerprint),
          since: text(since),
          object: {
            apiVersion: text(apiVersion),
            kind: text(kind),
            name: text(name),
            ...(textOf(namespace) !== undefined && { namespace: text(namespace) })
          }
        }
      ]
    })
}
