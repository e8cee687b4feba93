import { parseRoleArn } from '../../model/role-arn.js'
import { isRecord } from '../../text/record.js'
import { type Fail, type IamFile, type ListedRole, loadList, parseRole } from './iam-file.js'

/** Whether a document is the output of `aws iam get-account-authorization-details`. */
export const isAuthorizationDetails = (content: unknown): content is Readonly<Record<string, unknown>> =>
  isRecord(content) && content['RoleDetailList'] !== undefined && content['kind'] === undefined

/**
 * Parses the roles of an account listing. A role counts as absent only if the listing has all roles of one
 * account, see `accountOf`. It contains no OIDC providers.
 * https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetAccountAuthorizationDetails.html
 */
export function parseAuthorizationDetails(content: Readonly<Record<string, unknown>>, fail: Fail): IamFile {
  const roles = loadList(content['RoleDetailList'], 'RoleDetailList', fail).map((role, index) =>
    parseRole(role, 'Arn', 'AssumeRolePolicyDocument', `RoleDetailList[${index}]`, fail)
  )

  return { roles, accounts: accountOf(content, roles) }
}

/**
 * The account whose roles are all listed, if that is sure. `--filter` chooses kinds of things and never
 * single roles, so a listing with roles has all of them, unless it is one page of several, or was cut down
 * with `--query` or by hand: then a list is missing.
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
