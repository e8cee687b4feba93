import { isNode, parseDocument } from 'yaml'
import type { TrustPolicyDocument } from '../../facts/facts.js'
import { expandFunctions } from '../../input/cloudformation-tags.js'
import { GuardError } from '../../model/guard-error.js'
import { parseRoleArn, type RoleArn } from '../../model/role-arn.js'
import { quote } from '../../text/escape.js'
import { isRecord, textOf } from '../../text/record.js'
import { decodePolicy, parsePolicyJson } from '../../trust-policy/document.js'

/** A trust policy from the user, and the ARN of its role if the input contains it. */
export interface GivenPolicy {
  readonly trustPolicy: TrustPolicyDocument
  readonly arn: RoleArn | undefined
}

/**
 * Finds the trust policy in an input: JSON, percent-encoded JSON as GetRole returns it, either of them as a
 * JSON string, or YAML. The input is the policy alone, or a role that contains it: the output of `aws iam
 * get-role`, `list-roles` or `terraform show -json`, or a CloudFormation template. `role` is the ARN of the
 * intended role. `from` is the name of the input in error messages. Throws ERR_INPUT if the input contains no
 * usable trust policy; the message says what was found instead. Throws ERR_USAGE if it is not clear which
 * role is meant.
 */
export function policyIn(text: string, from: string, role?: RoleArn): GivenPolicy {
  const json = decodePolicy(text)
  const read = json === undefined ? undefined : parsePolicyJson(json)
  const value = read === undefined ? yamlIn(text) : read.parsed
  if (json === undefined || value === undefined) {
    throw new GuardError(
      'ERR_INPUT',
      `${from} contains ${describeText(text)}; expected a trust policy in JSON or YAML, percent-encoded JSON as IAM returns it, or a role with its trust policy, such as the output of aws iam get-role`
    )
  }
  if (typeof value === 'string') return policyIn(value, from, role)

  const isPolicy = isRecord(value) && 'Statement' in value
  const roles = isPolicy ? [] : rolesIn(value)
  if (roles.length === 0) {
    if (!isPolicy && isRecord(value) && Object.keys(value).some((key) => wrappers.has(key)))
      throw new GuardError('ERR_INPUT', `${from} contains no role with a trust policy`)
    assertFinal(value, from)

    return {
      trustPolicy: { document: read === undefined ? value : json, encoding: 'json' },
      arn: undefined
    }
  }
  const chosen = chosenOf(roles, from, role)
  assertFinal(chosen.policy, from)

  return { trustPolicy: policyOf(chosen, from), arn: chosen.arn }
}

interface Role {
  readonly policy: unknown
  readonly arn: RoleArn | undefined
  readonly name: string | undefined
}

// The field names of a trust policy in IAM's API and CloudFormation, Terraform, and Kubernetes operators
// (ACK, Crossplane).
const policyKeys = [
  'AssumeRolePolicyDocument',
  'assume_role_policy',
  'assumeRolePolicyDocument',
  'assumeRolePolicy'
]
/** Keys that show that a document may contain roles and is not itself a policy. */
const wrappers = new Set([
  ...['Role', 'Roles', 'RoleDetailList', 'Resources', 'AWSTemplateFormatVersion', 'format_version'],
  ...['resource', 'apiVersion', 'RoleName', 'Properties']
])

/** The roles in a document, whatever they are wrapped in. */
function rolesIn(document: unknown): Role[] {
  const queue = [renderedOf(document)]
  const roles: Role[] = []
  for (let at = 0; at < queue.length; at++) {
    const value = queue[at]
    const key = isRecord(value) ? policyKeys.find((name) => isPolicyLike(value[name])) : undefined
    if (isRecord(value) && key !== undefined) {
      const arn = textOf(value['Arn'] ?? value['arn'])
      const parsed = arn === undefined ? undefined : parseRoleArn(arn)
      const name = parsed?.name ?? textOf(value['RoleName'] ?? value['name'])
      roles.push({ policy: value[key], arn: parsed, name })
    } else if (typeof value === 'object' && value !== null) {
      for (const inner of Object.values(value)) queue.push(inner)
    }
  }

  return roles
}

const isPolicyLike = (value: unknown): boolean => isRecord(value) || textOf(value) !== undefined

/**
 * The part of Terraform's JSON that contains the values. A plan also contains expressions and previous
 * values.
 */
function renderedOf(document: unknown): unknown {
  if (!isRecord(document) || document['format_version'] === undefined) return document

  return document['planned_values'] ?? document['values']
}

function chosenOf(roles: readonly Role[], from: string, role: RoleArn | undefined): Role {
  const [only] = roles
  const matching =
    role === undefined
      ? roles
      : roles.filter(({ arn, name }) => (arn === undefined ? name === role.name : arn.text === role.text))
  const unnamed = roles.length === 1 && only?.name === undefined ? only : undefined
  const chosen = matching.length === 1 ? matching[0] : unnamed
  if (chosen !== undefined) return chosen

  const names = roles.flatMap(({ arn, name }) => arn?.text ?? name ?? [])
  const shown =
    names.slice(0, 10).map(quote).join(', ') + (names.length > 10 ? ` and ${names.length - 10} more` : '')
  const listed = names.length === 0 ? '' : `: ${shown}`
  throw new GuardError(
    'ERR_USAGE',
    role === undefined || matching.length > 1
      ? `${from} contains ${roles.length} roles; choose one with --role ARN${listed}`
      : `--role is ${quote(role.text)}, but ${from} contains ${roles.length === 1 ? 'another role' : `${roles.length} other roles`}${listed}`
  )
}

function policyOf({ policy }: Role, from: string): TrustPolicyDocument {
  if (typeof policy !== 'string') return { document: policy, encoding: 'json' }
  const json = decodePolicy(policy)
  if (json === undefined || parsePolicyJson(json) === undefined)
    throw new GuardError(
      'ERR_INPUT',
      `${from} contains a role whose trust policy is ${describeText(policy)}; expected JSON, or percent-encoded JSON as IAM returns it`
    )

  return { document: json, encoding: 'json' }
}

/**
 * Rejects a policy with CloudFormation functions. Only the deployed stack has their values, so the policy
 * cannot be judged.
 */
function assertFinal(policy: unknown, from: string): void {
  const queue = [policy]
  for (let at = 0; at < queue.length; at++) {
    const value = queue[at]
    if (typeof value !== 'object' || value === null) continue
    const [key = '', ...others] = Object.keys(value)
    if (others.length === 0 && (key.startsWith('Fn::') || key === 'Ref'))
      throw new GuardError(
        'ERR_INPUT',
        `${from} contains ${quote(key)}, whose value only the deployed stack has; judge the deployed role: aws iam get-role --role-name NAME | irsa-guard trust --policy - …`
      )
    for (const inner of Object.values(value)) queue.push(inner)
  }
}

/**
 * The object or list in a YAML text, or undefined. `!Sub x` becomes `{"Fn::Sub": …}`, as in JSON templates.
 */
function yamlIn(text: string): unknown {
  if (/^\s*(?:[{[]|$)/.test(text)) return undefined // JSON, but invalid or truncated
  const document = parseDocument(text, { logLevel: 'silent', prettyErrors: false })
  if (document.errors.length > 0) return undefined
  expandFunctions(document)
  try {
    const value: unknown = isNode(document.contents) ? document.toJS() : undefined
    return typeof value === 'object' && value !== null ? value : undefined
  } catch {
    return undefined // too many aliases
  }
}

function describeText(text: string): string {
  const start = text.trimStart()
  if (start === '') return 'nothing'
  if (/[\0-\x08\ufffd]/.test(start)) return 'binary data'
  if (start.startsWith('%')) return 'percent-encoded text that is not JSON'
  if (/^[{[]/.test(start)) return 'invalid or truncated JSON'
  if (/^(?:---|- |["']?[\w.-]+["']?:(?:\s|$))/.test(start)) return 'YAML that cannot be read'

  return `text that starts with ${quote(start.slice(0, 40))}`
}
