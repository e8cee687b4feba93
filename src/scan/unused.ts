import type { Sources } from '../facts/facts.js'
import { identityWebhookOf } from '../facts/identity-webhook.js'
import { roleRequestOf } from '../identity-webhook/role-request.js'
import { noDeadline } from '../model/deadline.js'
import { type Fact, known, moot, unknown } from '../model/fact.js'
import { parseRoleArn } from '../model/role-arn.js'
import type { ServiceAccountSubject } from '../model/subject.js'
import { quote } from '../text/escape.js'
import { hasWildcard, matchesPattern, parsePattern } from '../text/glob.js'
import { podsService } from '../trust-policy/pod-identity/caller.js'
import { serviceAccountsOnly } from '../trust-policy/service-accounts-only.js'
import { accountsIn, type JudgedCluster, knownSoFar } from './judge-cluster.js'

/** A service account that has a role but that no workload or pod uses. */
export interface UnusedAccount {
  readonly namespace: string
  readonly name: string
  readonly role: string
}

/** The roles that no service account of a cluster can use. */
export interface UnusedRoles {
  /**
   * Roles that nothing in this cluster can use. Whatever they trust does not exist: a service account, or an
   * EKS Pod Identity association that names the role.
   */
  readonly roles: readonly {
    readonly arn: string
    /** Subjects, such as `system:serviceaccount:shop:cart`, and `pods.eks.amazonaws.com`. */
    readonly trusts: readonly string[]
  }[]
  /** Roles for which it is unknown whether a service account can use them. */
  readonly undetermined: readonly { readonly arn: string; readonly because: string }[]
  /** The ARNs of the roles that the cluster's associations name. */
  readonly associated: ReadonlySet<string>
  /** Why roles of some accounts are missing. */
  readonly unread: readonly string[]
}

/**
 * The service accounts in a cluster that have a role but that nothing uses; undefined if not all workloads and
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
 * The roles that no service account of the cluster can use, among the roles that can be listed; unknown if there
 * is no list of roles, or if the issuer or the service accounts of the cluster are not known.
 */
export async function unusedRoles(
  { reviews, sources }: JudgedCluster,
  areAllAccountsRead: boolean
): Promise<Fact<UnusedRoles>> {
  const { roles: list, cluster, clusterArn } = sources
  if (list === undefined) return unknown('no list of roles was given (pass --aws or --iam FILE)')
  if (!areAllAccountsRead) return unknown('not all service accounts of the cluster were read')
  const issuer = sources.issuer === undefined ? await cluster?.readIssuer(noDeadline) : known(sources.issuer)
  if (issuer?.state !== 'known')
    return unknown(issuer?.because ?? 'the issuer of the cluster is not known (pass --issuer URL)')

  const accounts = accountsIn(reviews)
  if (accounts.length === 0) return unknown('no service accounts were read')
  const [{ roles, unread }, associated] = await Promise.all([
    list.listRoles(clusterArn?.partition ?? 'aws'),
    associatedRoles(accounts, sources)
  ])
  const hasAccount = buildSubjectTest(accounts)
  const undetermined: UnusedRoles['undetermined'][number][] = []
  const unused = roles.flatMap(({ arn, trustPolicy }) => {
    const trusted = trustPolicy && serviceAccountsOnly(trustPolicy, { issuer: issuer.value, clusterArn })
    if (trusted === undefined) return []
    if ('reason' in trusted) {
      const place = trusted.place === '' ? '' : `${trusted.place}: `
      undetermined.push({
        arn,
        because: `irsa-guard cannot interpret the trust policy (${place}${trusted.reason})`
      })
      return []
    }
    if (trusted.subjects.some(hasAccount)) return []
    const isPodIdentity = trusted.podIdentity !== 'none'
    // An association's role is in the same account as its cluster.
    if (isPodIdentity && clusterArn !== undefined && parseRoleArn(arn)?.account !== clusterArn.account)
      return []
    if (isPodIdentity && associated.roles.has(arn)) return []
    const pattern = trusted.subjects.find(hasWildcard)
    const because =
      pattern !== undefined
        ? `the subject in the trust policy has a wildcard, ${quote(pattern)}, and could match a future service account`
        : isPodIdentity && associated.because !== undefined
          ? `they trust EKS Pod Identity, and ${associated.because}`
          : trusted.podIdentity === 'any-cluster'
            ? 'they trust EKS Pod Identity without naming this cluster, so another cluster in the account may use them'
            : undefined
    if (because !== undefined) {
      undetermined.push({ arn, because })
      return []
    }

    return [{ arn, trusts: [...trusted.subjects, ...(isPodIdentity ? [podsService] : [])] }]
  })

  return known({ roles: unused, undetermined, associated: associated.roles, unread })
}

/** Whether a subject, which can contain wildcards, matches a service account in the cluster. */
function buildSubjectTest(accounts: readonly ServiceAccountSubject[]): (subject: string) => boolean {
  const subjects = accounts.map(({ namespace, name }) => `system:serviceaccount:${namespace}:${name}`)
  const exact = new Set(subjects)

  return (subject) => {
    // Kubernetes names are in lower case, but a policy can compare them case-insensitively.
    const wanted = subject.toLowerCase()
    if (!hasWildcard(wanted)) return exact.has(wanted)
    const pattern = parsePattern(wanted)

    return subjects.some((one) => matchesPattern(pattern, one))
  }
}

/** The roles that the associations of service accounts name. `because` says why some of them are not known. */
async function associatedRoles(
  accounts: readonly ServiceAccountSubject[],
  { associations }: Sources
): Promise<{ readonly roles: ReadonlySet<string>; readonly because?: string }> {
  const roles = new Set<string>()
  if (associations === undefined)
    return { roles, because: 'the associations of the cluster are not known (pass --cluster-arn ARN)' }
  const facts = await Promise.all(
    accounts.map(async ({ namespace, name }) => {
      const lookup = { namespace, deadline: noDeadline }
      const found = await associations.findAssociation({ namespace, name }, lookup)
      if (found.state === 'known' && !found.value.exists) return undefined

      return found.state === 'known' ? associations.readAssociation({ namespace, name }, lookup) : found
    })
  )
  let because: string | undefined
  for (const fact of facts) {
    if (fact?.state === 'known' && fact.value.roleArn !== undefined) roles.add(fact.value.roleArn)
    else if (fact !== undefined)
      because ??= fact.state === 'known' ? 'an association names no role' : fact.because
  }

  return {
    roles,
    ...(because !== undefined && { because: `not all associations could be read: ${because}` })
  }
}
