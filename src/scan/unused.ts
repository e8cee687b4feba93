import { identityWebhookOf } from '../facts/gather.js'
import { roleRequestOf } from '../identity-webhook/role-request.js'
import { noDeadline } from '../model/deadline.js'
import { moot } from '../model/fact.js'
import { accountsIn, type JudgedCluster, knownSoFar } from './judge-cluster.js'

/** A service account with a role that no workload and no pod uses. */
export interface UnusedAccount {
  readonly namespace: string
  readonly name: string
  readonly role: string
}

/** A role that trusts nothing but service accounts of the cluster, of which none exists. */
export interface UnusedRole {
  readonly arn: string
  readonly subjects: readonly string[]
}

/**
 * The service accounts of a cluster that have a role and that nothing uses; undefined if not all workloads and
 * pods were read.
 */
export async function unusedAccounts({
  reviews,
  sources
}: JudgedCluster): Promise<readonly UnusedAccount[] | undefined> {
  const { neighbours, associations } = sources
  if (neighbours === undefined) return undefined
  const settings = identityWebhookOf(sources)

  const found = await Promise.all(
    accountsIn(reviews).map(async (account) => {
      const { namespace, name } = account
      const used = neighbours.neighboursOf(namespace, name)
      if (used.state !== 'known' || used.value.asAccount.length > 0) return []
      const association =
        (await associations?.readAssociation({ namespace, name }, knownSoFar(namespace))) ?? noAssociations
      const role =
        association.state === 'known' ? association.value.roleArn : roleRequestOf(account, settings)?.role

      return role === undefined ? [] : [{ namespace, name, role }]
    })
  )

  return found.flat()
}

const noAssociations = moot('no associations are known')

/**
 * The roles of the given list that trust only service accounts that do not exist; undefined if there is no list
 * of roles, or if the issuer or the service accounts of the cluster are not known.
 */
export async function unusedRoles(
  { reviews, sources }: JudgedCluster,
  areAllAccountsRead: boolean
): Promise<readonly UnusedRole[] | undefined> {
  const { trustingRoles, cluster, issuer } = sources
  const read = issuer === undefined ? await cluster?.readIssuer(noDeadline) : undefined
  const known = issuer ?? (read?.state === 'known' ? read.value : undefined)
  if (trustingRoles === undefined || known === undefined || !areAllAccountsRead) return undefined

  const subjects = new Set(
    accountsIn(reviews).map(({ namespace, name }) => `system:serviceaccount:${namespace}:${name}`)
  )
  return trustingRoles
    .rolesFor(known)
    .filter((role) => !role.subjects.some((subject) => subjects.has(subject)))
}
