import type { ListedRole } from '../../facts/facts.js'
import { parseRoleArn } from '../../model/role-arn.js'
import { isRecord } from '../../text/record.js'
import { type Fail, type IamFile, loadList, parseRole } from './iam-file.js'

/** Whether a document is the output of `aws iam get-account-authorization-details`. */
export const isAuthorizationDetails = (content: unknown): content is Readonly<Record<string, unknown>> =>
  isRecord(content) && content['RoleDetailList'] !== undefined && content['kind'] === undefined

/**
 * Parses the roles of an account listing. A role counts as absent only if the listing contains all roles of
 * one account (see `accountOf`). The listing contains no OIDC providers.
 * https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetAccountAuthorizationDetails.html
 */
export function parseAuthorizationDetails(content: Readonly<Record<string, unknown>>, fail: Fail): IamFile {
  const roles = loadList(content['RoleDetailList'], 'RoleDetailList', fail).map((role, index) =>
    parseRole(role, 'Arn', 'AssumeRolePolicyDocument', `RoleDetailList[${index}]`, fail)
  )

  return { roles, accounts: accountOf(content, roles) }
}

/**
 * The account whose roles are all in the listing, if that is certain. `--filter` selects kinds of entities,
 * never single roles, so a listing with roles contains all of them. There are two exceptions: the listing is
 * one of several pages, or it was reduced with `--query`, in which case the users, groups or policies are
 * usually missing. Roles that were removed by hand go unnoticed.
 */
function accountOf(
  content: Readonly<Record<string, unknown>>,
  roles: readonly ListedRole[]
): readonly string[] {
  const isPage =
    (content['IsTruncated'] ?? false) !== false ||
    content['Marker'] !== undefined ||
    content['NextToken'] !== undefined
  const isWhole = ['UserDetailList', 'GroupDetailList', 'Policies'].every((key) =>
    Array.isArray(content[key])
  )
  const accounts = new Set(roles.flatMap(({ arn }) => parseRoleArn(arn)?.account ?? []))

  return !isPage && isWhole && accounts.size === 1 ? [...accounts] : []
}
