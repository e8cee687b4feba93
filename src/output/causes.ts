import { createHash } from 'node:crypto'
import type { Severity } from '../model/finding.js'
import type { ObjectReference, ReportedFinding } from './reported-finding.js'

/** A mistake to fix, and the objects that it affects. */
export interface Cause {
  /** Stays the same as long as the rule and what is wrong stay the same. */
  readonly id: string
  readonly rule: string
  readonly severity: Severity
  readonly summary: string
  readonly fix: string
  /** The first ten objects. */
  readonly objects: readonly ObjectReference[]
  /** How many objects the mistake affects. */
  readonly count: number
}

/** A finding that is not grouped by cause yet. `cause` is what is wrong, if it is outside the object. */
export type UngroupedFinding = Omit<ReportedFinding, 'cause'> & { readonly cause?: string }

/** The findings of one cause: they share the rule, the severity and what is wrong. */
interface Group {
  readonly id: string
  readonly findings: readonly UngroupedFinding[]
}

/**
 * Groups findings by their cause: what is wrong outside the objects, or the controller that the objects
 * belong to. Any other finding is a cause by itself. The causes are in the order of their first findings.
 */
export function groupByCause(findings: readonly UngroupedFinding[]): Group[] {
  const groups = Map.groupBy(findings, (finding) => {
    const { rule, severity, cause, waived, object, field, message, fix, fingerprint } = finding
    const { cluster, namespace, owner } = object
    if (cause !== undefined) return JSON.stringify([rule, severity, waived, cluster, cause])
    if (owner !== undefined)
      return JSON.stringify([rule, severity, waived, cluster, namespace, owner, field, message, fix])

    return JSON.stringify([rule, severity, waived, fingerprint])
  })

  return [...groups].map(([key, group]) => ({ id: shortHash(key), findings: group }))
}

const maxObjects = 10

/** Describes a group of findings. `summaryOf` gives the summary of a rule. */
export function causeOf({ id, findings }: Group, summaryOf: (rule: string) => string): Cause {
  const [{ rule, severity, message, fix, cause }] = findings as readonly [UngroupedFinding]
  const haveOneMessage = findings.every((finding) => finding.message === message)
  const haveOneFix = findings.every((finding) => finding.fix === fix)

  return {
    id,
    rule,
    severity,
    summary: haveOneMessage ? message : summaryFor(cause, summaryOf(rule)),
    fix: haveOneFix ? fix : `for ${placeOf(findings[0]?.object)}: ${fix}`,
    objects: findings.slice(0, maxObjects).map(({ object }) => object),
    count: findings.length
  }
}

/** The summary of a rule as a message, and the role or provider that its findings have in common. */
export function summaryFor(cause: string | undefined, summary: string): string {
  const text = summary.replace(/^[A-Z](?=[a-z])/, (letter) => letter.toLowerCase()).replace(/\.$/, '')

  return cause === undefined || cause === 'cluster' ? text : `${cause}: ${text}`
}

/** The namespace and name of an object, as in messages. */
const placeOf = (object: ObjectReference | undefined): string =>
  object === undefined ? '' : `${object.namespace === undefined ? '' : `${object.namespace}/`}${object.name}`

/** A short hash of a string, which stays the same between runs. */
export const shortHash = (text: string): string =>
  createHash('sha256').update(text).digest('hex').slice(0, 16)
