import { isRecord } from '../text/record.js'
import { includesWebIdentity } from './action.js'
import type { Defect } from './document.js'
import { joinPath } from './duplicate-keys.js'
import { isTimeKey, type Operator, parseOperator } from './operators.js'

/** A trust policy that IAM would store, in the form that the evaluator uses. */
export interface Policy {
  /** Whether `${…}` in condition values is a variable, which is the case only in version 2012-10-17. */
  readonly variables: boolean
  readonly statements: readonly Statement[]
  /** True if no condition depends on the time of the request, so a verdict never changes. */
  readonly isTimeless: boolean
}

export interface Statement {
  readonly index: number
  readonly effect: 'Allow' | 'Deny'
  readonly principals: readonly Principal[]
  readonly actions: readonly string[]
  /** Whether the actions (with NotAction, all other actions) include AssumeRoleWithWebIdentity. */
  readonly isAboutCall: boolean
  /** Whether `actions` come from NotAction, so that the statement applies to all other actions. */
  readonly isExcept: boolean
  readonly conditions: readonly Condition[]
}

export interface Principal {
  readonly type: 'AWS' | 'Federated' | 'Service' | 'CanonicalUser'
  readonly value: string
}

export interface Condition {
  /** The operator's name as written. */
  readonly name: string
  readonly operator: Operator
  /** The key as written; `lowerKey` is used for comparison. */
  readonly key: string
  readonly lowerKey: string
  readonly values: readonly string[]
}

/** Parses a document's value as a trust policy, or returns the part that IAM would reject. Never throws. */
export function parsePolicy(value: unknown): Policy | Defect {
  if (!isRecord(value)) return { reason: 'it is not an object', place: '' }
  const stranger = Object.keys(value).find((key) => !policyElements.has(key))
  if (stranger !== undefined) return { reason: 'it is not a policy element', place: joinPath('', stranger) }
  const { Version: version, Id: id, Statement: statement } = value
  if (version !== undefined && version !== '2012-10-17' && version !== '2008-10-17') {
    return { reason: `it is ${shown(version)}; expected 2012-10-17 or 2008-10-17`, place: 'Version' }
  }
  if (id !== undefined && typeof id !== 'string') return { reason: 'it must be a string', place: 'Id' }
  if (statement === undefined) return { reason: 'it has no Statement', place: '' }

  const list: readonly unknown[] = Array.isArray(statement) ? statement : [statement]
  if (list.length === 0) return { reason: 'it is empty', place: 'Statement' }
  const statements: Statement[] = []
  const sids = new Set<string>()
  for (const [index, element] of list.entries()) {
    const place = Array.isArray(statement) ? `Statement[${index}]` : 'Statement'
    const parsed = parseStatement(element, index, place, sids)
    if ('reason' in parsed) return { ...parsed, statement: index }
    statements.push(parsed)
  }

  return {
    variables: version === '2012-10-17',
    statements,
    isTimeless: !statements.some(({ conditions }) => conditions.some(({ lowerKey }) => isTimeKey(lowerKey)))
  }
}

/** The elements of a policy, and of a statement in a trust policy. */
export const policyElements: ReadonlySet<string> = new Set(['Version', 'Id', 'Statement'])
export const statementElements: ReadonlySet<string> = new Set([
  'Sid',
  'Effect',
  'Principal',
  'Action',
  'NotAction',
  'Condition'
])

function parseStatement(value: unknown, index: number, place: string, sids: Set<string>): Statement | Defect {
  if (!isRecord(value)) return { reason: `it is ${shown(value)}; a statement must be an object`, place }
  const stranger = Object.keys(value).find((key) => !statementElements.has(key))
  if (stranger !== undefined)
    return {
      reason: strangers[stranger] ?? 'it is not a statement element',
      place: joinPath(place, stranger)
    }
  const {
    Sid: sid,
    Effect: effect,
    Principal: principal,
    Action: action,
    NotAction: notAction,
    Condition: condition
  } = value
  if (sid !== undefined && typeof sid !== 'string')
    return { reason: 'it must be a string', place: `${place}.Sid` }
  // IAM: "Statement IDs (SID) must be alpha-numeric" (https://github.com/aws-cloudformation/cfn-lint/issues/1376,
  // https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_sid.html)
  if (sid !== undefined && !/^[A-Za-z0-9]*$/.test(sid))
    return {
      reason: `it is ${shown(sid)}; IAM accepts only letters and digits`,
      place: `${place}.Sid`
    }
  if (sid !== undefined && sid !== '' && sids.has(sid))
    return { reason: `another statement also has the Sid ${shown(sid)}`, place: `${place}.Sid` }
  if (sid !== undefined) sids.add(sid)
  if (effect === undefined) return { reason: 'it has no Effect', place }
  if (effect !== 'Allow' && effect !== 'Deny')
    return { reason: `it is ${shown(effect)}; expected Allow or Deny`, place: `${place}.Effect` }

  const principals = parsePrincipals(principal, place)
  if ('reason' in principals) return principals
  if (action !== undefined && notAction !== undefined)
    return { reason: 'it has both Action and NotAction', place }
  if (action === undefined && notAction === undefined) return { reason: 'it has no Action', place }
  const actions = parseActions(
    action ?? notAction,
    `${place}.${action === undefined ? 'NotAction' : 'Action'}`
  )
  if ('reason' in actions) return actions
  const conditions = condition === undefined ? [] : parseConditions(condition, `${place}.Condition`)
  if ('reason' in conditions) return conditions

  const isAboutCall = includesWebIdentity(actions) === (action !== undefined)

  return { index, effect, principals, actions, isAboutCall, isExcept: action === undefined, conditions }
}

const strangers: Readonly<Record<string, string | undefined>> = Object.assign(
  Object.create(null) as Record<string, string>,
  {
    Resource: 'a trust policy cannot name resources, because the role is the resource',
    NotResource: 'a trust policy cannot name resources, because the role is the resource',
    NotPrincipal: 'a trust policy cannot contain NotPrincipal'
  }
)

export const principalTypes = ['AWS', 'Federated', 'Service', 'CanonicalUser'] as const

function parsePrincipals(value: unknown, statement: string): Principal[] | Defect {
  const place = `${statement}.Principal`
  if (value === undefined) return { reason: 'it has no Principal', place: statement }
  // IAM: AssumeRolepolicy contained an invalid principal: "STAR":"*", in an Allow
  // (https://github.com/aws/aws-cdk/issues/5732) and in a Deny
  // (https://github.com/hashicorp/terraform-provider-aws/pull/4248)
  if (!isRecord(value))
    return { reason: `it is ${shown(value)}; in a trust policy, it must be an object`, place }
  const entries = Object.entries(value)
  if (entries.length === 0) return { reason: 'it is empty', place }

  const principals: Principal[] = []
  for (const [name, listed] of entries) {
    const type = principalTypes.find((known) => known === name)
    if (type === undefined)
      return {
        reason: `it is not a principal type; expected ${principalTypes.join(', ')}`,
        place: joinPath(place, name)
      }
    const values = parseTexts(listed, joinPath(place, name))
    if ('reason' in values) return values
    for (const text of values) principals.push({ type, value: text })
  }
  return principals
}

// IAM returns "AssumeRole policy may only specify STS AssumeRole actions"
// (https://github.com/hashicorp/terraform-provider-aws/issues/32872) for any other action. These are the actions
// that AWS documents for trust policies.
export const stsActions: ReadonlyMap<string, string> = new Map(
  [
    'AssumeRole',
    'AssumeRoleWithSAML',
    'AssumeRoleWithWebIdentity',
    'TagSession',
    'SetSourceIdentity',
    'SetContext'
  ].map((name) => [`sts:${name}`.toLowerCase(), `sts:${name}`])
)

function parseActions(value: unknown, place: string): string[] | Defect {
  const actions = parseTexts(value, place)
  if ('reason' in actions) return actions
  // AWS does not document whether IAM stores wildcards here. They are accepted, because a policy that was
  // read from IAM may contain them.
  const refused = actions.find((action) => !/[*?]/.test(action) && !stsActions.has(action.toLowerCase()))
  if (refused !== undefined)
    return { reason: `${shown(refused)} is not an action that assumes a role`, place }

  return actions
}

function parseTexts(value: unknown, place: string): string[] | Defect {
  const list: readonly unknown[] = Array.isArray(value) ? value : [value]
  if (list.length === 0) return { reason: 'it is empty', place }
  const texts: string[] = []
  for (const [index, element] of list.entries()) {
    if (typeof element !== 'string') {
      return {
        reason: `it is ${shown(element)}; it must be a string`,
        place: Array.isArray(value) ? `${place}[${index}]` : place
      }
    }
    texts.push(element)
  }
  return texts
}

function parseConditions(value: unknown, place: string): Condition[] | Defect {
  if (!isRecord(value)) return { reason: `it is ${shown(value)}; it must be an object`, place }
  const conditions: Condition[] = []
  for (const [name, keys] of Object.entries(value)) {
    const operatorPlace = joinPath(place, name)
    const operator = parseOperator(name)
    if (operator === undefined) return { reason: 'it is not a condition operator', place: operatorPlace }
    if (!isRecord(keys))
      return { reason: `it is ${shown(keys)}; it must be an object of condition keys`, place: operatorPlace }
    const seen = new Set<string>()
    for (const [key, wanted] of Object.entries(keys)) {
      const keyPlace = joinPath(operatorPlace, key)
      const lowerKey = key.toLowerCase()
      if (seen.has(lowerKey))
        return {
          reason: 'duplicate key: condition keys are not case-sensitive',
          place: keyPlace
        }
      seen.add(lowerKey)
      const values = parseValues(wanted, keyPlace)
      if ('reason' in values) return values
      conditions.push({ name, operator, key, lowerKey, values })
    }
  }
  return conditions
}

/** Numbers and Booleans may be unquoted; they are compared as strings. */
function parseValues(value: unknown, place: string): string[] | Defect {
  const list: readonly unknown[] = Array.isArray(value) ? value : [value]
  const values: string[] = []
  for (const [index, element] of list.entries()) {
    if (typeof element !== 'string' && typeof element !== 'number' && typeof element !== 'boolean') {
      return {
        reason: `it is ${shown(element)}; it must be a string, a number or a Boolean`,
        place: Array.isArray(value) ? `${place}[${index}]` : place
      }
    }
    values.push(String(element))
  }
  return values
}

/** A value as shown in a message: its type if it is nested, truncated if it is long. */
function shown(value: unknown): string {
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'an array'
  if (typeof value === 'object') return 'an object'

  return typeof value === 'string' && value.length > 80
    ? `${JSON.stringify(value.slice(0, 80))}…`
    : JSON.stringify(value)
}
