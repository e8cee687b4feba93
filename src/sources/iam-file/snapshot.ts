import type {
  AssociationSource,
  IamSource,
  ProviderLookup,
  ProviderQuestion,
  RoleListSource,
  RoleLookup,
  TrustingRoleSource
} from '../../facts/facts.js'
import type { ClusterArn } from '../../model/cluster-arn.js'
import { type Fact, known, unknown } from '../../model/fact.js'
import { GuardError } from '../../model/guard-error.js'
import { withoutEksSlash } from '../../model/issuer.js'
import { parseRoleArn } from '../../model/role-arn.js'
import { buildClosest, closestTo } from '../../text/closest.js'
import { memoizeEach } from '../../text/memoize.js'
import { isRecord } from '../../text/record.js'
import { providerArnOf } from '../../trust-policy/provider.js'
import { buildFileAssociations } from '../associations/given-associations.js'
import { loadAssociations, loadCluster } from './associations.js'
import { isAuthorizationDetails, parseAuthorizationDetails } from './authorization-details.js'
import { type Fail, type IamFile, loadList, parseRole } from './iam-file.js'
import { similarProviders } from './similar-providers.js'
import { buildTrustingRoles } from './trusting-roles.js'

/** The content of IAM files, indexed for lookups. */
export interface Snapshot {
  readonly iam: IamSource
  readonly trustingRoles: TrustingRoleSource
  /** Undefined if no file lists roles. */
  readonly roles: RoleListSource | undefined
  readonly issuer: string | undefined
  /** The cluster that was chosen, or that the files name; undefined if they name none or several. */
  readonly clusterArn: ClusterArn | undefined
  /** Undefined if no file lists associations; nothing is then reported about them. */
  readonly associations: AssociationSource | undefined
}

/**
 * Loads IamSnapshot documents, and the output of `aws iam get-account-authorization-details`, into one source
 * of facts. `choose` gets the clusters that the files name, and returns the one whose associations count.
 * Throws ERR_IAM_SNAPSHOT with the file and the field.
 */
export function loadSnapshots(
  documents: readonly { readonly file: string; readonly content: unknown }[],
  choose: (clusters: readonly ClusterArn[]) => ClusterArn | undefined = (clusters) =>
    clusters.length === 1 ? clusters[0] : undefined
): Snapshot {
  const files = documents.map(({ file, content }) => {
    const fail: Fail = (message) => {
      throw new GuardError('ERR_IAM_SNAPSHOT', `${file}: ${message}`)
    }
    return isAuthorizationDetails(content)
      ? parseAuthorizationDetails(content, fail)
      : parseSnapshot(content, fail)
  })
  const listed = files.flatMap(({ roles = [] }) => roles)
  const issuers = new Set(files.flatMap(({ issuer }) => issuer ?? []))
  const clusters = new Map(files.flatMap(({ cluster }) => (cluster ? [[cluster.text, cluster]] : [])))
  const clusterArn = choose([...clusters.values()])

  return {
    issuer: issuers.size === 1 ? [...issuers][0] : undefined,
    clusterArn,
    associations: files.some(({ associations }) => associations !== undefined)
      ? buildFileAssociations(
          files.flatMap(({ associations }) => associations ?? []),
          clusterArn,
          clusterArn !== undefined &&
            files.some(
              ({ cluster, associations }) => associations !== undefined && cluster?.text === clusterArn.text
            )
        )
      : undefined,
    iam: sourceOf(files),
    trustingRoles: buildTrustingRoles(
      listed.map(({ arn, trustPolicy }) => ({ arn, trustPolicy: trustPolicy?.document }))
    ),
    roles: files.some(({ roles }) => roles !== undefined)
      ? { listRoles: () => ({ roles: listed, unread: [] }) }
      : undefined
  }
}

function sourceOf(files: readonly IamFile[]): IamSource {
  // Role names are unique in an account, regardless of path and case: IAM user guide, "IAM and AWS STS
  // quotas".
  const roles = new Map<string, Map<string, Fact<RoleLookup>>>()
  for (const role of files.flatMap((file) => file.roles ?? [])) {
    const { account, name } = parseRoleArn(role.arn) ?? { account: '', name: '' } // the file parsers accept only valid ARNs
    groupOf(roles, account).set(name.toLowerCase(), known(role))
  }
  const registered = files.flatMap(({ oidcProviders }) => oidcProviders ?? [])
  const providers = new Map<string, Map<string, Map<string, Fact<ProviderLookup>>>>()
  for (const { arn, clientIds } of registered) {
    const [, partition = '', account = '', host = ''] = providerArn.exec(arn) ?? []
    groupOf(groupOf(providers, partition), account).set(
      `https://${host}`,
      known({ registered: true, arn, clientIds })
    )
  }
  // Few callers need a similar name, so an account's role names are sorted only when a caller first asks for
  // one.
  const closestRoleIn = memoizeEach((account: string) =>
    buildClosest([...(roles.get(account)?.keys() ?? [])])
  )
  const rolesListed = new Set(files.flatMap(({ accounts, roles }) => (roles === undefined ? [] : accounts)))
  const providersListed = new Set(
    files.flatMap(({ accounts, oidcProviders }) => (oidcProviders === undefined ? [] : accounts))
  )

  return {
    readRole: (arn): Fact<RoleLookup> => {
      const role = roles.get(arn.account)?.get(arn.name.toLowerCase())
      if (role !== undefined) return role
      if (rolesListed.has(arn.account)) {
        return known({
          exists: false,
          get similar() {
            const closest = closestRoleIn(arn.account)(arn.name.toLowerCase())
            const meant = roles.get(arn.account)?.get(closest ?? '')

            return meant?.state === 'known' && meant.value.exists ? meant.value.arn : undefined
          }
        })
      }

      return unknown(`the IAM file does not list all roles of account ${arn.account}`)
    },
    readProvider: ({ account, partition, issuer }: ProviderQuestion): Fact<ProviderLookup> => {
      const provider = providers
        .get(partition)
        ?.get(account)
        ?.get(issuer.startsWith('https://') ? issuer : `https://${issuer}`)
      if (provider !== undefined) return provider
      if (!providersListed.has(account))
        return unknown(`the IAM file does not list the OIDC providers of account ${account}`)

      const arn = providerArnOf(partition, account, issuer.replace(/^https:\/\//, ''))
      const prefix = providerArnOf(partition, account, '')
      const similar = similarProviders(
        arn,
        registered.map((other) => other.arn).filter((other) => other.startsWith(prefix))
      )
      return known({ registered: false, arn, similar })
    }
  }
}

function groupOf<T>(groups: Map<string, Map<string, T>>, key: string): Map<string, T> {
  const group = groups.get(key) ?? new Map<string, T>()
  groups.set(key, group)

  return group
}

const providerArn = /^arn:(aws[a-z0-9-]*):iam::(\d{12}):oidc-provider\/(.+)/s

const keys = [
  ...['apiVersion', 'kind', 'takenAt', 'accounts', 'issuer', 'roles', 'oidcProviders'],
  ...['cluster', 'associations']
]

function parseSnapshot(content: unknown, fail: Fail): IamFile {
  if (
    !isRecord(content) ||
    content['kind'] !== 'IamSnapshot' ||
    content['apiVersion'] !== 'irsa-guard.io/v1'
  ) {
    return fail(
      'expected an object with apiVersion "irsa-guard.io/v1" and kind "IamSnapshot", or the output of aws iam get-account-authorization-details'
    )
  }
  for (const key of Object.keys(content)) {
    const meant = closestTo(key, keys) // other keys may be a user's own notes
    if (meant !== undefined && meant !== key) fail(`${key}: unknown key; did you mean ${meant}?`)
  }
  const { takenAt, issuer, roles, oidcProviders, associations } = content
  const cluster = loadCluster(content['cluster'], fail)
  if (takenAt !== undefined && (typeof takenAt !== 'string' || Number.isNaN(Date.parse(takenAt)))) {
    return fail(`takenAt is ${JSON.stringify(takenAt)}; expected a time such as 2026-11-22T10:00:00Z`)
  }
  if (issuer !== undefined && (typeof issuer !== 'string' || !issuer.startsWith('https://'))) {
    return fail(`issuer is ${JSON.stringify(issuer)}; expected a URL that starts with https://`)
  }

  return {
    cluster,
    associations: associations === undefined ? undefined : loadAssociations(associations, cluster, fail),
    issuer: issuer === undefined ? undefined : withoutEksSlash(issuer),
    accounts: loadList(content['accounts'], 'accounts', fail).map((account, index) =>
      typeof account === 'string' && /^\d{12}$/.test(account)
        ? account
        : fail(
            `accounts[${index}] is ${JSON.stringify(account)}; expected an account ID, a string of 12 digits`
          )
    ),
    roles:
      roles === undefined
        ? undefined
        : loadList(roles, 'roles', fail).map((role, index) =>
            parseRole(role, 'arn', 'trustPolicy', `roles[${index}]`, fail)
          ),
    oidcProviders:
      oidcProviders === undefined
        ? undefined
        : loadList(oidcProviders, 'oidcProviders', fail).map((provider, index) =>
            parseProvider(provider, `oidcProviders[${index}]`, fail)
          )
  }
}

function parseProvider(
  provider: unknown,
  at: string,
  fail: Fail
): { arn: string; clientIds: readonly string[] } {
  const { arn, clientIds } = isRecord(provider) ? provider : {}
  if (typeof arn !== 'string' || !providerArn.test(arn)) {
    return fail(`${at}.arn is ${JSON.stringify(arn)}; expected the ARN of an OIDC provider`)
  }
  const texts = loadList(clientIds, `${at}.clientIds`, fail).map((clientId) =>
    typeof clientId === 'string'
      ? clientId
      : fail(`${at}.clientIds contains ${JSON.stringify(clientId)}; expected strings`)
  )

  return { arn, clientIds: texts }
}
