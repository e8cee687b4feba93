import { matchesPattern, parsePattern, type Pattern } from '../text/glob.js'

/** The configuration's settings for waivers. A key that is undefined sets no limit. */
export interface WaiverSettings {
  /** The IDs of the only rules that can be waived. */
  readonly rules?: readonly string[] | undefined
  /** The IDs of rules that cannot be waived. */
  readonly excludedRules?: readonly string[] | undefined
  /** The only namespaces whose objects can have waivers; `*` and `?` are wildcards. */
  readonly namespaces?: readonly string[] | undefined
  readonly requireExpiry?: boolean | undefined
  /** How many days ahead a waiver may end. If this is set, every waiver must have an end date. */
  readonly maxDays?: number | undefined
}

/** The limits on waivers, parsed once and compared with many waivers. */
export interface WaiverLimits {
  readonly mayWaive: (rule: string) => boolean
  readonly namespaces: readonly Pattern[] | undefined
  readonly requireExpiry: boolean
  readonly maxDays: number | undefined
}

export function parseWaiverLimits({
  rules,
  excludedRules = [],
  namespaces,
  requireExpiry = false,
  maxDays
}: WaiverSettings): WaiverLimits {
  return {
    mayWaive: (rule) => (rules === undefined || rules.includes(rule)) && !excludedRules.includes(rule),
    namespaces: namespaces?.map(parsePattern),
    requireExpiry: requireExpiry || maxDays !== undefined,
    maxDays
  }
}

/** The limits if the configuration sets none. */
export const noWaiverLimits = parseWaiverLimits({})

/**
 * Why a waiver is outside the limits; undefined if it is within them. `namespace` is undefined for an object
 * that is in no namespace and belongs to the cluster's administrators, and empty if the namespace is unknown.
 * `until` is the last day of the waiver (UTC), if it has one.
 */
export function outsideLimits(
  { mayWaive, namespaces, requireExpiry, maxDays }: WaiverLimits,
  { rule, namespace, until }: { rule: string; namespace: string | undefined; until: string | undefined },
  at: Date
): string | undefined {
  if (!mayWaive(rule)) return 'the configuration of irsa-guard allows no waivers of this rule'
  if (namespace !== undefined && namespaces?.some((pattern) => matchesPattern(pattern, namespace)) === false)
    return namespace === ''
      ? 'the configuration of irsa-guard allows waivers only in some namespaces, and this object names no namespace (pass -n NAMESPACE)'
      : `the configuration of irsa-guard allows no waivers in namespace ${namespace}`
  if (until === undefined)
    return requireExpiry
      ? `the configuration of irsa-guard requires an end date${maxDays === undefined ? '' : ` at most ${daysAhead(maxDays)} ahead`}; expected "until 2027-01-31: reason"`
      : undefined

  return maxDays !== undefined && until > dayAfter(at, maxDays)
    ? `it ends on ${until}, and the configuration of irsa-guard allows an end date at most ${daysAhead(maxDays)} ahead`
    : undefined
}

/** A day such as `2027-01-31` (UTC). Such strings sort in the order of the days. */
const dayAfter = (at: Date, days: number): string =>
  new Date(at.getTime() + days * 86_400_000).toISOString().slice(0, 10)

const daysAhead = (days: number): string => `${days} ${days === 1 ? 'day' : 'days'}`
