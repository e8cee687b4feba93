import type { Sources } from '../../facts/facts.js'
import { allRules, type Severity } from '../../model/finding.js'
import { compare, type EarlierFinding, withSince } from '../../output/baseline.js'
import { type ObjectVerdict, reportOf } from '../../output/report.js'
import type { ScanReport, Unused } from '../../output/scan-report.js'
import { rules } from '../../rules/index.js'
import { unusedAccounts, unusedRoles } from '../../scan/unused.js'
import { verdictsOf } from '../../scan/verdicts.js'
import { checkOf, type ScannedCluster, summaryOf } from './scan-cluster.js'

/** What a report depends on besides the clusters. */
export interface ScanReportOptions {
  readonly namespace?: string | undefined
  readonly selector?: string | undefined
  readonly createdAfter?: string | undefined
  readonly severities: ReadonlyMap<string, Severity | 'off'>
  readonly unused?: boolean
  /** The findings of the baseline. */
  readonly earlier: readonly EarlierFinding[] | undefined
  readonly createdAt: Date
  /** Whether the scan was interrupted, or a file could not be read. */
  readonly isPartial: boolean
}

/** The report about clusters that were scanned. */
export async function scanReportOf(
  clusters: readonly ScannedCluster[],
  options: ScanReportOptions
): Promise<ScanReport> {
  const { earlier, createdAt } = options
  const verdicts = clusters.flatMap((cluster) => verdictsOn(cluster, options.namespace))
  const report = reportOf(
    {
      objects: clusters.reduce((sum, { objects }) => sum + objects.length, 0),
      judged: clusters.reduce((sum, { judged }) => sum + judged, 0),
      createdAt
    },
    verdicts,
    (id) => rules.find((rule) => rule.id === id)?.summary ?? id
  )

  return {
    ...withSince(report, earlier ?? [], createdAt),
    clusters: clusters.map(summaryOf),
    ...(earlier && { baseline: compare(report, earlier, coverageOf(clusters, verdicts, options)) }),
    ...(options.unused === true && { unused: await unusedIn(clusters, options.namespace) })
  }
}

/**
 * The service accounts and roles that are not used. The list of service accounts is left out unless it is
 * complete for every cluster. The lists of roles are left out if no cluster has any.
 */
async function unusedIn(clusters: readonly ScannedCluster[], namespace: string | undefined): Promise<Unused> {
  const each = await Promise.all(
    clusters.map(async (scanned) => {
      const cluster = scanned.name === undefined ? {} : { cluster: scanned.name }
      const inCluster = <T>(entry: T): T & { readonly cluster?: string } => ({ ...cluster, ...entry })
      const accounts = await unusedAccounts(scanned)
      const found = await unusedRoles(scanned, scanned.isWhole && namespace === undefined)
      const roles = found.state === 'known' ? found.value : undefined

      return {
        accounts: accounts?.map(inCluster),
        roles: roles?.roles.map(inCluster),
        undetermined: roles?.undetermined.map(inCluster),
        associated: roles?.associated ?? [],
        unread: (found.state === 'known' ? found.value.unread : [found.because]).map((because) =>
          inCluster({ because })
        )
      }
    })
  )
  const accounts = each.map(({ accounts }) => accounts)
  const together = <T>(lists: readonly (readonly T[] | undefined)[]): T[] | undefined =>
    lists.every((list) => list === undefined) ? undefined : lists.flatMap((list) => list ?? [])
  // A role that is undetermined for one cluster may be used by an association in another cluster.
  const usedAnywhere = new Set(each.flatMap(({ associated }) => [...associated]))
  const [roles, undetermined] = [
    together(each.map(({ roles }) => roles)),
    together(each.map(({ undetermined }) => undetermined))?.filter(({ arn }) => !usedAnywhere.has(arn))
  ]
  const unread = each.flatMap(({ unread }) => unread)

  return {
    ...(!accounts.includes(undefined) && { serviceAccounts: accounts.flatMap((list) => list ?? []) }),
    ...(roles && { roles }),
    ...(undetermined && { undetermined }),
    ...(unread.length > 0 && { unread })
  }
}

/** The verdicts on the objects with something to report, and one for each collection that was not read. */
function verdictsOn(
  { name, flags, objects, reviews, unread }: ScannedCluster,
  namespace: string | undefined
): ObjectVerdict[] {
  const cluster = name === undefined ? {} : { cluster: name }

  return [
    ...verdictsOf(objects, reviews).map((verdict) => ({
      ...verdict,
      object: { ...verdict.object, ...cluster }
    })),
    ...unread.map((each): ObjectVerdict => {
      const { collection, because, status } = each
      const advice = status === 403 ? ` (run ${checkOf(each, namespace)}${flags})` : ''

      return {
        object: { apiVersion: '', kind: collection.kind, name: '', ...cluster },
        findings: [],
        unchecked: [{ rule: allRules, because: `${because}${advice}` }]
      }
    })
  ]
}

/**
 * A function that tells whether this scan would report an earlier finding if it still existed. Undefined if the
 * scan is partial or covers only objects selected by label or time.
 */
function coverageOf(
  clusters: readonly ScannedCluster[],
  verdicts: readonly ObjectVerdict[],
  { namespace, selector, createdAfter, severities, isPartial }: ScanReportOptions
): ((finding: EarlierFinding) => boolean) | undefined {
  if (selector !== undefined || createdAfter !== undefined || isPartial) return undefined

  const sources = new Map(clusters.map(({ name, sources }) => [name, sources]))
  const keyOf = (rule: string, { cluster, kind, namespace, name }: Place): string =>
    JSON.stringify([rule, cluster, kind, namespace, name])
  const unchecked = new Set(
    verdicts.flatMap(({ object, unchecked }) => unchecked.map(({ rule }) => keyOf(rule, object)))
  )

  return ({ rule, object, field }) =>
    isJudgedWith(sources.get(object.cluster), rule, field) &&
    severities.get(rule) !== 'off' &&
    (namespace === undefined || isCoveredBy(namespace, rule, object)) &&
    !unchecked.has(keyOf(rule, object)) &&
    !unchecked.has(keyOf(allRules, object)) &&
    !unchecked.has(keyOf(allRules, { cluster: object.cluster, kind: object.kind, name: '' }))
}

const needsOf = new Map(rules.map(({ id, needs }) => [id, new Set<string>(needs)]))

/** The rules that apply to both chains. */
const ofBothChains = new Set(
  rules.filter(({ either }) => either?.includes('podIdentityTrust') === true).map(({ id }) => id)
)

/**
 * Whether a rule was applied with these sources. If there is no source for a rule's facts, the rule was not
 * applied, and it is not listed as unchecked either. The field of a finding about IRSA is an annotation; any
 * other finding of a rule that applies to both chains may be about an association.
 */
function isJudgedWith(sources: Sources | undefined, rule: string, field: string | undefined): boolean {
  if (sources === undefined) return false
  const isAboutAssociation =
    rule.startsWith('pod-identity-') ||
    (ofBothChains.has(rule) && field?.startsWith('metadata.annotations[') !== true)
  const needs = needsOf.get(rule)

  return (
    (sources.associations !== undefined || !isAboutAssociation) &&
    (sources.podIdentityAgent !== undefined || needs?.has('podIdentityAgent') !== true) &&
    (sources.neighbours !== undefined || needs?.has('neighbours') !== true) &&
    (sources.trustingRoles !== undefined || needs?.has('rolesTrusting') !== true)
  )
}

/** Whether the scan of one namespace applies a rule to an object. */
const isCoveredBy = (only: string, rule: string, { kind, namespace, name }: Place): boolean =>
  namespace === undefined
    ? (kind !== 'Namespace' || name === only) && needsOf.get(rule)?.has('podsWithRole') !== true
    : namespace === only

type Place = { readonly [K in 'cluster' | 'kind' | 'namespace' | 'name']?: string | undefined }
