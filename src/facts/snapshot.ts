import { known, unknown, type Fact } from '../model/fact.js'
import { GuardError } from '../model/guard-error.js'
import { parseRoleArn, type RoleArn } from '../model/role-arn.js'
import { isRecord } from '../model/subject.js'
import { isAuthorizationDetails, parseAuthorizationDetails } from './authorization-details.js'
import type { IamSource, ProviderAnswer, ProviderQuestion, RoleAnswer, TrustingRoleSource } from './facts.js'
import { listOf, parseRole, type Fail, type IamFile } from './iam-file.js'
import { lookalikesOf } from './lookalikes.js'
import { buildTrustingRoles } from './trusting-roles.js'

/** What IAM files say, indexed for questions. */
export interface Snapshot {
  readonly iam: IamSource
  readonly trustingRoles: TrustingRoleSource
  readonly issuer: string | undefined
}

/**
 * Reads IamSnapshot documents, and the output of `aws iam get-account-authorization-details`, into one source of facts. Throws
 * ERR_IAM_SNAPSHOT, naming the file and the field.
 */
export function loadSnapshots(documents: readonly { readonly file: string; readonly content: unknown }[]): Snapshot {
  const files = documents.map(({ file, content }) => {
    const fail: Fail = (message) => {
      throw new GuardError('ERR_IAM_SNAPSHOT', `${file}: ${message}`)
    }
    return isAuthorizationDetails(content) ? parseAuthorizationDetails(content, fail) : parseSnapshot(content, fail)
  })
  const issuers = new Set(files.flatMap(({ issuer }) => issuer ?? []))

  return {
    issuer: issuers.size === 1 ? [...issuers][0] : undefined,
    iam: sourceOf(files),
    trustingRoles: buildTrustingRoles(
      files.flatMap(({ roles }) => roles.map(({ arn, trustPolicy }) => ({ arn, trustPolicy: trustPolicy?.document })))
    )
  }
}

function sourceOf(files: readonly IamFile[]): IamSource {
  const roles = new Map(files.flatMap((file) => file.roles.map((role) => [keyOf(parseRoleArn(role.arn)), role])))
  const providers = new Map(files.flatMap((file) => (file.oidcProviders ?? []).map((provider) => [provider.arn, provider])))
  const rolesListed = new Set(files.flatMap(({ accounts }) => accounts))
  const providersListed = new Set(files.flatMap(({ accounts, oidcProviders }) => (oidcProviders === undefined ? [] : accounts)))

  return {
    readRole: (arn): Fact<RoleAnswer> => {
      const role = roles.get(keyOf(arn))
      if (role !== undefined) return known(role)
      if (rolesListed.has(arn.account)) return known({ exists: false })

      return unknown(`the IAM file does not list all roles of account ${arn.account}`)
    },
    readProvider: ({ account, partition, issuer }: ProviderQuestion): Fact<ProviderAnswer> => {
      const prefix = `arn:${partition}:iam::${account}:oidc-provider/`
      const arn = `${prefix}${issuer.replace(/^https:\/\//, '')}`
      const provider = providers.get(arn)
      if (provider !== undefined) return known({ registered: true, ...provider })
      if (!providersListed.has(account)) return unknown(`the IAM file does not list the OIDC providers of account ${account}`)

      const similar = lookalikesOf(
        arn,
        [...providers.keys()].filter((other) => other.startsWith(prefix))
      )
      return known({ registered: false, arn, similar })
    }
  }
}

function parseSnapshot(content: unknown, fail: Fail): IamFile {
  if (!isRecord(content) || content['kind'] !== 'IamSnapshot' || content['apiVersion'] !== 'irsa-guard.io/v1') {
    return fail(
      'expected an object with apiVersion "irsa-guard.io/v1" and kind "IamSnapshot", or the output of aws iam get-account-authorization-details'
    )
  }
  const { issuer, oidcProviders } = content
  if (issuer !== undefined && (typeof issuer !== 'string' || !issuer.startsWith('https://'))) {
    return fail(`issuer is ${JSON.stringify(issuer)}; expected a URL that begins with https://`)
  }

  return {
    issuer,
    accounts: listOf(content['accounts'], 'accounts', fail).map((account, index) =>
      typeof account === 'string' && /^\d{12}$/.test(account)
        ? account
        : fail(`accounts[${index}] is ${JSON.stringify(account)}; expected an account id, a text of 12 digits`)
    ),
    roles: listOf(content['roles'], 'roles', fail).map((role, index) => parseRole(role, 'arn', 'trustPolicy', `roles[${index}]`, fail)),
    oidcProviders:
      oidcProviders === undefined
        ? undefined
        : listOf(oidcProviders, 'oidcProviders', fail).map((provider, index) => parseProvider(provider, `oidcProviders[${index}]`, fail))
  }
}

function parseProvider(provider: unknown, at: string, fail: Fail): { arn: string; clientIds: readonly string[] } {
  const { arn, clientIds } = isRecord(provider) ? provider : {}
  if (typeof arn !== 'string' || !/^arn:aws[a-z0-9-]*:iam::\d{12}:oidc-provider\/./.test(arn)) {
    return fail(`${at}.arn is ${JSON.stringify(arn)}; expected the ARN of an OIDC provider`)
  }
  const texts = listOf(clientIds, `${at}.clientIds`, fail).map((clientId) =>
    typeof clientId === 'string' ? clientId : fail(`${at}.clientIds holds ${JSON.stringify(clientId)}; expected texts`)
  )

  return { arn, clientIds: texts }
}

// Role names are unique in an account whatever their path and case: IAM user guide, "IAM and AWS STS quotas".
function keyOf(arn: RoleArn | undefined): string {
  const { account = '', name = '' } = arn ?? {}

  return `${account}/${name.toLowerCase()}`
}
