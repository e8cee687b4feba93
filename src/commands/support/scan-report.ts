import type { Sources } from '../../facts/facts.js'
import type { KubeObject } from '../../kube/read.js'
import { allRules, type Severity } from '../../model/finding.js'
import { type Owner, ownerOf } from '../../model/kubernetes-object.js'
import { compare, type EarlierFinding, withSince } from '../../output/baseline.js'
import { type ObjectVerdict, reportOf } from '../../output/report.js'
import type { ScanReport, Unused } from '../../output/scan-report.js'
import { rules } from '../../rules/index.js'
import { unusedAccounts, unusedRoles } from '../../scan/unused.js'
import { recordOf } from '../../text/record.js'
import { referenceOf } from './references.js'
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
  readonly at: Date
  /** Whether the scan was interrupted, or a file could not be read. */
  readonly isPartial: boolean
}

/** The report about clusters that were scanned. */
export async function scanReportOf(
  clusters: readonly ScannedCluster[],
  options: ScanReportOptions
): Promise<ScanReport> {
  const verdicts = clusters.flatMap((cluster) => verdictsOn(cluster, options.namespace))
  const report = reportOf(
    {
      objects: clusters.reduce((sum, { objects }) => sum + objects.length, 0),
      judged: clusters.reduce((sum, { judged }) => sum + judged, 0)
    },
    verdicts,
    (id) => rules.find((rule) => rule.id === id)?.summary ?? id
  )
  const { earlier, at } = options

  return {
    ...withSince(report, earlier ?? [], at),
    clusters: clusters.map(summaryOf),
    ...(earlier && { baseline: compare(report, earlier, coverageOf(clusters, verdicts, options)) }),
    ...(options.unused === true && { unused: await unusedIn(clusters, options.namespace) })
  }
}

/** What nobody uses. A list is left out if it is not complete for each cluster. */
async function unusedIn(clusters: readonly ScannedCluster[], namespace: string | undefined): Promise<Unused> {
  const each = await Promise.all(
    clusters.map(async (scanned) => {
      const cluster = scanned.name === undefined ? {} : { cluster: scanned.name }
      const accounts = await unusedAccounts(scanned)
      const roles = await unusedRoles(scanned, scanned.isWhole && namespace === undefined)

      return {
        accounts: accounts?.map((account) => ({ ...cluster, ...account })),
        roles: roles?.map(({ arn, subjects }) => ({ ...cluster, arn, trusts: subjects }))
      }
    })
  )
  const together = <T>(lists: readonly (readonly T[] | undefined)[]): T[] | undefined =>
    lists.includes(undefined) ? undefined : lists.flatMap((list) => list ?? [])
  const [serviceAccounts, roles] = [
    together(each.map(({ accounts }) => accounts)),
    together(each.map(({ roles }) => roles))
  ]

  return { ...(serviceAccounts && { serviceAccounts }), ...(roles && { roles }) }
}

/** The verdicts on the objects with something to report, and one for each collection that was not read. */
function verdictsOn(
  { name, objects, reviews, unread }: ScannedCluster,
  namespace: string | undefined
): ObjectVerdict[] {
  const cluster = name === undefined ? {} : { cluster: name }
  const topOwnerOf = buildTopOwners(objects)

  return [
    ...objects.flatMap((object, index): ObjectVerdict[] => {
      const review = reviews[index]
      if (review === undefined || (review.findings.length === 0 && review.unchecked.length === 0)) return []
      const { subject, findings, unchecked } = review

      return [
        { object: { ...referenceOf(object, subject, topOwnerOf(object)), ...cluster }, findings, unchecked }
      ]
    }),
    ...unread.map((each): ObjectVerdict => {
      const { collection, because, status } = each
      const advice = status === 403 ? ` (run ${checkOf(each, namespace)})` : ''

      return {
        object: { apiVersion: '', kind: collection.kind, name: '', ...cluster },
        findings: [],
        unchecked: [{ rule: allRules, because: `${because}${advice}` }]
      }
    })
  ]
}

/** Finds the controller that an object belongs to, such as the Deployment of a pod. */
function buildTopOwners(objects: readonly KubeObject[]): (object: KubeObject) => Owner | undefined {
  const keyOf = (kind: unknown, namespace: unknown, name: unknown): string =>
    JSON.stringify([kind, namespace, name])
  const owners = new Map<string, Owner>()
  for (const object of objects) {
    const owner = object['kind'] === 'Pod' ? undefined : ownerOf(object)
    const { namespace, name } = recordOf(object['metadata'])
    if (owner !== undefined) owners.set(keyOf(object['kind'], namespace, name), owner)
  }

  return (object) => {
    const owner = ownerOf(object)
    const { namespace } = recordOf(object['metadata'])

    // Built-in chains have two links: Deployment → ReplicaSet → pod, CronJob → Job → pod.
    return owner && (owners.get(keyOf(owner.kind, namespace, owner.name)) ?? owner)
  }
}

/**
 * Whether a report would contain a finding; undefined if the scan is partial or covers only objects chosen by
 * label or time.
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

  return ({ rule, object }) =>
    isJudgedWith(sources.get(object.cluster), rule) &&
    severities.get(rule) !== 'off' &&
    (namespace === undefined || isCoveredBy(namespace, rule, object)) &&
    !unchecked.has(keyOf(rule, object)) &&
    !unchecked.has(keyOf(allRules, object)) &&
    !unchecked.has(keyOf(allRules, { cluster: object.cluster, kind: object.kind, name: '' }))
}

const needsOf = new Map(rules.map(({ id, needs }) => [id, new Set<string>(needs)]))

/**
 * Whether a rule was applied with these sources. A rule whose facts have no source is not listed as unchecked,
 * either.
 */
function isJudgedWith(sources: Sources | undefined, rule: string): boolean {
  if (sources === undefined) return false
  const needs = needsOf.get(rule)

  return (
    (sources.associations !== undefined || !rule.startsWith('pod-identity-')) &&
    (sources.podIdentityAgent !== undefined || needs?.has('podIdentityAgent') !== true) &&
    (sources.neighbours !== undefined || needs?.has('neighbours') !== true) &&
    (sources.trustingRoles !== undefined || needs?.has('rolesTrusting') !== true)
  )
}

/** Whether the scan of one namespace judges an object by a rule. */
const isCoveredBy = (only: string, rule: string, { kind, namespace, name }: Place): boolean =>
  namespace === undefined
    ? (kind !== 'Namespace' || name === only) && needsOf.get(rule)?.has('podsWithRole') !== true
    : namespace === only

type Place = { readonly [K in 'cluster' | 'kind' | 'namespace' | 'name']?: string | undefined }
