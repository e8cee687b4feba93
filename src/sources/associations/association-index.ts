import type { AccountName } from '../../facts/facts.js'
import type { Association } from '../../model/association.js'
import { commonClusterOf, type DescribedAssociation, isInCluster } from '../../model/association-cluster.js'
import type { ClusterArn } from '../../model/cluster-arn.js'
import { type Fact, known, moot, unknown } from '../../model/fact.js'
import { quote } from '../../text/escape.js'

/** An association. If `isConditional`, a condition of its template decides whether it exists. */
export interface IndexedAssociation extends DescribedAssociation {
  readonly isConditional?: boolean
}

/**
 * Looks up the association of a service account. The fact is unknown if an association may or may not be for
 * this account, and moot if there is none. Never throws.
 */
export type AssociationIndex = (account: AccountName) => Fact<Association>

/**
 * Indexes the associations of one cluster. If the cluster is not known, the associations count only if all of
 * them name the same cluster. `from` says where they come from, such as `the files`.
 */
export function indexAssociations(
  described: readonly IndexedAssociation[],
  cluster: ClusterArn | undefined,
  from: string
): AssociationIndex {
  const certain = new Map<string, Association>()
  const doubts = new Map<string, string>()
  const common = cluster === undefined ? commonClusterOf(described) : undefined

  for (const each of described) {
    const { association } = each
    if (cluster !== undefined && isInCluster(each, cluster) === false) continue
    const { namespace, serviceAccount } = association
    const doubt = doubtOf(each)
    const [map, value] = doubt === undefined ? [certain, association] : [doubts, doubt]
    const key = keyOf(namespace, serviceAccount)
    if (!map.has(key)) (map as Map<string, unknown>).set(key, value)
  }

  return ({ namespace, name }) => {
    const association = certain.get(keyOf(namespace, name))
    if (association !== undefined) return known(association)

    // An empty part of a key stands for an unknown namespace or name.
    const doubt =
      doubts.get(keyOf(namespace, name)) ??
      doubts.get(keyOf('', name)) ??
      doubts.get(keyOf(namespace, '')) ??
      doubts.get(keyOf('', ''))
    return doubt === undefined ? withoutAssociation : unknown(doubt)
  }

  /** Why it is not certain that an association counts; undefined if it is certain. */
  function doubtOf({ association, isConditional }: IndexedAssociation): string | undefined {
    const { clusterName, namespace, serviceAccount } = association
    const one = `an EKS Pod Identity association in ${from}`
    if (serviceAccount === '' || namespace === '')
      return `${one} does not name ${serviceAccount === '' ? 'its service account' : 'its namespace'}, so it may be for this service account`
    if (isConditional === true) return `${one} for this service account depends on a condition`
    if (clusterName === '') return `${one} for this service account does not name its cluster`
    if (cluster === undefined && common === undefined)
      return `${from} contain EKS Pod Identity associations of several clusters, such as ${quote(clusterName)}; name the cluster with --cluster-arn ARN`

    return undefined
  }
}

/** The fact for a service account without an association. */
export const withoutAssociation = moot('the service account has no EKS Pod Identity association')

const keyOf = (namespace: string, name: string): string => `${namespace}/${name}`
