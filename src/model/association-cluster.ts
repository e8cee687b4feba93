import type { Association, ClusterPlace } from './association.js'
import type { ClusterArn } from './cluster-arn.js'
import { parseClusterArn } from './cluster-arn.js'
import { parseRoleArn } from './role-arn.js'

/** An association, as described by an object or a file. */
export interface DescribedAssociation {
  readonly association: Association
  readonly place: ClusterPlace
}

/**
 * Whether an association belongs to a cluster; undefined if it does not name its cluster. The name alone is
 * not enough if the region or the account contradicts it, because two accounts can have clusters of the same
 * name.
 */
export function isInCluster(described: DescribedAssociation, cluster: ClusterArn): boolean | undefined {
  const { clusterName } = described.association
  if (clusterName !== '' && clusterName !== cluster.name) return false
  const place = placeOf(described)
  const others = [
    [place.partition, cluster.partition],
    [place.region, cluster.region],
    [place.account, cluster.account]
  ].some(([said, actual]) => said !== undefined && said !== actual)
  if (others) return false

  return clusterName === '' ? undefined : true
}

/**
 * Why an association cannot belong to a cluster; undefined if nothing contradicts it. EKS accepts only roles
 * of the cluster's account: https://docs.aws.amazon.com/eks/latest/userguide/pod-id-association.html
 */
export function contradictionWith(
  { association: { clusterName, roleArn }, place }: DescribedAssociation,
  cluster: ClusterArn
): string | undefined {
  if (clusterName !== '' && clusterName !== cluster.name)
    return `the association is for cluster ${clusterName}, not for ${cluster.name}`
  const role = parseRoleArn(roleArn ?? '')
  for (const [what, said, actual] of [
    ['partition', place.partition, cluster.partition],
    ['region', place.region, cluster.region],
    ['AWS account', place.account, cluster.account]
  ] as const)
    if (said !== undefined && said !== actual)
      return `the association is for a cluster in ${what} ${said}, not for ${cluster.text}`
  for (const [what, said, actual] of [
    ['partition', role?.partition, cluster.partition],
    ['AWS account', role?.account, cluster.account]
  ] as const)
    if (said !== undefined && said !== actual)
      return `the association's role is in ${what} ${said}, but EKS accepts only roles in ${what} ${actual}, where cluster ${cluster.name} is`

  return undefined
}

/**
 * The cluster of an association, if the association itself contains all parts of the cluster's ARN, as an
 * association that was read from EKS does.
 */
export function clusterNamedBy({ association, place }: DescribedAssociation): ClusterArn | undefined {
  const { partition, region, account } = place

  return partition === undefined || region === undefined || account === undefined
    ? undefined
    : parseClusterArn(`arn:${partition}:eks:${region}:${account}:cluster/${association.clusterName}`)
}

/**
 * The name of the cluster that the associations belong to. Undefined if no association names a cluster, or if
 * the associations disagree about its name, partition, region or account.
 */
export function commonClusterOf(described: readonly DescribedAssociation[]): string | undefined {
  const named = described.filter(({ association }) => association.clusterName !== '')
  const places = named.map(placeOf)
  const parts = [
    named.map(({ association }) => association.clusterName),
    places.map(({ partition }) => partition),
    places.map(({ region }) => region),
    places.map(({ account }) => account)
  ].map((values) => new Set(values.filter((value) => value !== undefined)))

  return parts.every(({ size }) => size <= 1) ? named[0]?.association.clusterName : undefined
}

/**
 * What is known about where an association's cluster is. Its role shows this, too, because the role must be
 * in the cluster's account: https://docs.aws.amazon.com/eks/latest/userguide/pod-id-association.html
 */
function placeOf({ association, place }: DescribedAssociation): ClusterPlace {
  const role = association.roleArn === undefined ? undefined : parseRoleArn(association.roleArn)
  if (role === undefined) return place

  return { ...place, partition: place.partition ?? role.partition, account: place.account ?? role.account }
}
