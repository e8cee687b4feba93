import type { ListedRole } from '../../facts/facts.js'
import type { DescribedAssociation } from '../../model/association-cluster.js'
import type { ClusterArn } from '../../model/cluster-arn.js'
import { parseRoleArn } from '../../model/role-arn.js'
import { isRecord } from '../../text/record.js'

/**
 * One IAM file in any format. `accounts` are the accounts whose lists are complete; a missing list proves
 * nothing.
 */
export interface IamFile {
  readonly accounts: readonly string[]
  readonly issuer?: string | undefined
  readonly roles?: readonly ListedRole[] | undefined
  readonly oidcProviders?:
    readonly { readonly arn: string; readonly clientIds: readonly string[] }[] | undefined
  /** The cluster whose associations the file lists. */
  readonly cluster?: ClusterArn | undefined
  /**
   * The listed EKS Pod Identity associations, including all those of that cluster; undefined if there is no
   * list.
   */
  readonly associations?: readonly DescribedAssociation[] | undefined
}

/** Stops reading a file. The message names the invalid field. */
export type Fail = (message: string) => never

/**
 * Parses a role with its ARN and trust policy. The policy is an object or a string: JSON or, as IAM itself
 * returns it, percent-encoded JSON.
 */
export function parseRole(
  role: unknown,
  arnKey: string,
  policyKey: string,
  at: string,
  fail: Fail
): ListedRole {
  const fields = isRecord(role) ? role : {}
  const arn = fields[arnKey]
  if (typeof arn !== 'string' || parseRoleArn(arn) === undefined) {
    return fail(
      `${at}.${arnKey} is ${JSON.stringify(isRecord(role) ? arn : role)}; expected the ARN of a role`
    )
  }
  const document = fields[policyKey]
  if (document === undefined) return { exists: true, arn }
  if (typeof document !== 'string' && !isRecord(document)) {
    return fail(`${at}.${policyKey} is ${JSON.stringify(document)}; expected an object or a string`)
  }

  const encoding = typeof document === 'string' && /^\s*%/.test(document) ? 'url' : 'json'
  return { exists: true, arn, trustPolicy: { document, encoding } }
}

/** Reads a list; a missing list is empty. */
export function loadList(value: unknown, name: string, fail: Fail): readonly unknown[] {
  if (value === undefined) return []

  return Array.isArray(value) ? value : fail(`${name} is ${JSON.stringify(value)}; expected a list`)
}
