import type { AccountName, AssociationSource } from '../../facts/facts.js'
import type { Association, AssociationLookup } from '../../model/association.js'
import { isInCluster } from '../../model/association-cluster.js'
import type { ClusterArn } from '../../model/cluster-arn.js'
import { type Fact, known, moot, unknown } from '../../model/fact.js'
import { type MaybePromise, thenMaybe } from '../../model/maybe-promise.js'
import { type AssociationSubject, namespacedName } from '../../model/subject.js'
import { type AssociationIndex, indexAssociations, type IndexedAssociation } from './association-index.js'

/**
 * Overlays the associations among the given objects on those from another source. A given association wins,
 * because the cluster will contain it. The objects never include all associations of a cluster, so an account
 * that has none among them is looked up in the other source. Without another source, the fact is moot.
 */
export function overlayAssociations(
  subjects: readonly AssociationSubject[],
  cluster: ClusterArn | undefined,
  other: AssociationSource | undefined
): AssociationSource | undefined {
  if (subjects.length === 0) return other
  const find = indexAssociations(subjects, cluster, 'the files')
  const contradicted = contradictedAmong(subjects, cluster, ({ roleArn }) => roleArn)

  return {
    findAssociation: (account, lookup): MaybePromise<Fact<AssociationLookup>> => {
      const given = find(account)
      if (given.state === 'known') return known({ exists: true, since: undefined })

      return thenMaybe(other?.findAssociation(account, lookup) ?? notGiven, (fact) =>
        given.state === 'unknown' && !(fact.state === 'known' && fact.value.exists) ? given : fact
      )
    },
    readAssociation: (account, lookup): MaybePromise<Fact<Association>> => {
      const given = find(account)
      if (given.state === 'known' && contradicted.has(keyOf(account)))
        return contradiction(account, 'the files')
      if (given.state === 'known') return known({ ...given.value, fromObject: true })

      return thenMaybe(other?.readAssociation(account, lookup) ?? notGiven, (fact) =>
        given.state === 'unknown' && fact.state === 'moot' ? given : fact
      )
    }
  }
}

// Without another source, an account that has no given association is judged as if none had been given at
// all.
const notGiven = moot('only some EKS Pod Identity associations of the cluster are known')

/**
 * The associations of IAM files. `isComplete` says whether the files list all associations of the cluster.
 */
export function buildFileAssociations(
  associations: readonly IndexedAssociation[],
  cluster: ClusterArn | undefined,
  isComplete: boolean
): AssociationSource {
  const find: AssociationIndex = indexAssociations(associations, cluster, 'the IAM files')
  const contradicted = contradictedAmong(associations, cluster, (association) => JSON.stringify(association))
  const notListed = unknown(
    cluster === undefined
      ? 'the IAM files list EKS Pod Identity associations, but the cluster is not known'
      : `the IAM files do not list all EKS Pod Identity associations of cluster ${cluster.text}`
  )

  return {
    findAssociation: (account): Fact<AssociationLookup> => {
      const fact = find(account)
      if (fact.state === 'known') return known({ exists: true, since: undefined })
      if (fact.state === 'unknown') return fact

      return isComplete ? absent : notListed
    },
    readAssociation: (account): Fact<Association> => {
      const fact = find(account)
      if (fact.state === 'known' && contradicted.has(keyOf(account)))
        return contradiction(account, 'the IAM files')

      return fact.state === 'moot' && !isComplete ? notListed : fact
    }
  }
}

const keyOf = ({ namespace, name }: AccountName): string => namespacedName(namespace, name)

// EKS answers ResourceInUseException:
// https://docs.aws.amazon.com/eks/latest/APIReference/API_CreatePodIdentityAssociation.html
const contradiction = (account: AccountName, from: string): Fact<never> =>
  unknown(
    `${from} contain different EKS Pod Identity associations of service account ${keyOf(account)}, which can have only one: EKS refuses the second`
  )

/**
 * The accounts for which there are different associations, perhaps in files written at different times.
 * `textOf` returns the text to compare; undefined if it is not known.
 */
function contradictedAmong(
  associations: readonly IndexedAssociation[],
  cluster: ClusterArn | undefined,
  textOf: (association: Association) => string | undefined
): ReadonlySet<string> {
  const texts = new Map<string, string>()
  const contradicted = new Set<string>()
  for (const each of associations) {
    const { association, isConditional } = each
    const isElsewhere = cluster !== undefined && isInCluster(each, cluster) !== true
    const text = textOf(association)
    if (isElsewhere || isConditional === true || text === undefined) continue
    const key = namespacedName(association.namespace, association.serviceAccount)
    if ((texts.get(key) ?? text) !== text) contradicted.add(key)
    texts.set(key, text)
  }

  return contradicted
}

const absent = known({ exists: false } as const)
