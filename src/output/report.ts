import type { Finding, Severity, Unchecked } from '../model/finding.js'
import { version } from '../version.js'
import { type Cause, causeOf, groupByCause, shortHash, type UngroupedFinding } from './causes.js'
import type { ObjectReference, ReportedFinding } from './reported-finding.js'

export type { ObjectReference, ReportedFinding } from './reported-finding.js'

/** Rules that could not be checked for the same reason. */
export interface UncheckedGroup {
  readonly rule: string
  readonly because: string
  readonly count: number
  /** The first ten objects. */
  readonly objects: readonly ObjectReference[]
  /** How to get the rule checked, if the reason ends with such advice. */
  readonly hint?: string
}

/** What `check` and `scan` found. Its JSON Schema is schemas/report.json. */
export interface Report {
  readonly apiVersion: 'irsa-guard.io/v1'
  readonly kind: 'Report'
  readonly tool: { readonly version: string }
  /** When the report was made (RFC 3339). */
  readonly createdAt?: string
  readonly findings: readonly ReportedFinding[]
  /** The mistakes behind the findings, the most severe first. */
  readonly causes: readonly Cause[]
  readonly unchecked: readonly UncheckedGroup[]
  readonly summary: {
    /** Kubernetes objects that were read. */
    readonly objects: number
    /** Of these, the objects of kinds that irsa-guard judges. */
    readonly judged: number
    readonly errors: number
    readonly warnings: number
    readonly infos: number
    readonly waived: number
    readonly unchecked: number
  }
}

/** The verdict on one object. */
export interface ObjectVerdict {
  readonly object: ObjectReference
  readonly findings: readonly (Finding & { readonly line?: number })[]
  readonly unchecked: readonly Unchecked[]
}

/** What a report covers, and when it was made. */
export interface ReportScope {
  /** The number of objects that were read. */
  readonly objects: number
  /** Of these, the number of objects of kinds that irsa-guard judges. */
  readonly judged: number
  readonly createdAt?: Date
}

/** Combines the verdicts on many objects. `summaryOf` gives the summary of a rule. */
export function reportOf(
  { objects, judged, createdAt }: ReportScope,
  verdicts: readonly ObjectVerdict[],
  summaryOf: (rule: string) => string
): Report {
  const groups = groupByCause(ungroupedOf(verdicts))
  const findings = groups.flatMap(({ id, findings }) =>
    findings.map((finding): ReportedFinding => ({ ...finding, cause: id }))
  )
  const counted = findings.filter(({ waived }) => waived === undefined)
  const count = (severity: Severity): number =>
    counted.filter((finding) => finding.severity === severity).length
  const unchecked = groupUnchecked(verdicts)

  return {
    apiVersion: 'irsa-guard.io/v1',
    kind: 'Report',
    tool: { version },
    ...(createdAt && { createdAt: createdAt.toISOString() }),
    findings,
    causes: groups.map((group) => causeOf(group, summaryOf)).sort(worstFirst),
    unchecked,
    summary: {
      objects,
      judged,
      errors: count('error'),
      warnings: count('warning'),
      infos: count('info'),
      waived: findings.length - counted.length,
      unchecked: unchecked.reduce((sum, group) => sum + group.count, 0)
    }
  }
}

/** The order of severities, worst first. */
export const ranks = { error: 0, warning: 1, info: 2 } satisfies Record<Severity, number>

const worstFirst = (one: Cause, other: Cause): number =>
  ranks[one.severity] - ranks[other.severity] || other.count - one.count

function ungroupedOf(verdicts: readonly ObjectVerdict[]): UngroupedFinding[] {
  const seen = new Map<string, number>()

  return verdicts.flatMap(({ object, findings }) =>
    findings.map(({ line, ...finding }) => {
      const { apiVersion, kind, namespace, name, file, cluster } = object
      // The version of an API group does not identify an object, and neither does the file if the object has
      // a name.
      const key = JSON.stringify([
        finding.rule,
        apiVersion.includes('/') ? apiVersion.split('/', 1)[0] : '',
        kind,
        namespace,
        name,
        name === '' ? file : undefined,
        cluster,
        finding.field
      ])
      const before = seen.get(key) ?? 0
      seen.set(key, before + 1)

      return {
        ...finding,
        fingerprint: shortHash(before === 0 ? key : `${key} ${before}`),
        object: line === undefined ? object : { ...object, line }
      }
    })
  )
}

const maxObjects = 10

/** Groups unchecked rules by rule and reason. */
function groupUnchecked(verdicts: readonly ObjectVerdict[]): UncheckedGroup[] {
  const groups = new Map<string, UncheckedGroup & { count: number; objects: ObjectReference[] }>()
  for (const { object, unchecked } of verdicts) {
    for (const { rule, because } of unchecked) {
      const key = `${rule} ${because}`
      const [reason, hint] = hintIn(because)
      const group = groups.get(key) ?? {
        rule,
        because: reason,
        count: 0,
        objects: [],
        ...(hint !== undefined && { hint })
      }
      group.count++
      if (group.objects.length < maxObjects) group.objects.push(object)
      groups.set(key, group)
    }
  }

  return [...groups.values()]
}

/**
 * Separates a reason from the advice in parentheses at its end: `the issuer is not known (pass --issuer)`,
 * `pods could not be read (run kubectl auth can-i list pods -A)`.
 */
function hintIn(because: string): readonly [reason: string, hint: string | undefined] {
  const start = because.endsWith(')')
    ? Math.max(because.lastIndexOf(' (pass '), because.lastIndexOf(' (run '))
    : -1

  return start === -1 ? [because, undefined] : [because.slice(0, start), because.slice(start + 2, -1)]
}
