import { hasWildcard, matchesPattern, parsePattern } from '../text/glob.js'
import { evaluateCondition } from './condition.js'
import { awsKeyMeant, type RequestContext, type Token } from './context.js'
import type { Defect } from './document.js'
import { evaluatePrincipal, evaluateStatement, webIdentityCall } from './evaluate.js'
import { conditionKeyDifference, isClaim, meantKeys } from './key.js'
import { type Limits, limitsOf } from './limits.js'
import type { Condition, Policy, Principal, Statement } from './policy.js'
import { providerDifference } from './provider.js'
import { subjectDifference } from './subject-difference.js'

/** A condition that decides the result: the values that it requires, and the value of its key in the request. */
export interface DecidingCondition {
  readonly operator: string
  readonly key: string
  readonly wanted: readonly string[]
  /**
   * The value in the request; undefined if the key is absent, has several values, or has a value that is not
   * known in advance but makes no difference.
   */
  readonly actual: string | undefined
  readonly isAbsent: boolean
  /** Whether the operator is negated, so that only unlisted values meet the condition. */
  readonly isNegated: boolean
}

/** A condition that rejects the token. */
export interface FailedCondition extends DecidingCondition {
  /** The part that differs, if it can be determined. */
  readonly difference: string | undefined
  /** The key that was meant, if the key is wrong. */
  readonly expected?: string | undefined
}

interface InStatement {
  readonly statement: number
  /** All failing conditions of that statement, the deciding one first. */
  readonly failed: readonly FailedCondition[]
}

/**
 * The nearest miss: the one reason why a service account is not admitted. The kinds are in the order in which
 * they are reported.
 */
export type Miss =
  | ({ readonly kind: 'invalid' } & Defect)
  | {
      readonly kind: 'explicit-deny'
      readonly statement: number
      readonly conditions: readonly DecidingCondition[]
    }
  | {
      readonly kind: 'action'
      readonly statement: number | undefined
      readonly found: readonly string[]
      /** Whether the statement uses NotAction, so that it allows every action except `found`. */
      readonly isExcept: boolean
      /** Whom that statement trusts. */
      readonly principals: readonly Principal[]
      /** Whether that statement is for this service account, so that only the action is missing. */
      readonly isForSubject: boolean
    }
  | {
      readonly kind: 'provider'
      readonly statement: number
      readonly found: string
      readonly difference: string
      readonly isSpelling: boolean
      readonly limits: Limits
    }
  | ({
      readonly kind: 'condition-key'
      readonly expected: string
      /** Whether the keys can be corrected in this statement. If not, the policy needs another statement. */
      readonly isInPlace: boolean
      /** What the statement limits once its keys are corrected. */
      readonly limits: Limits
    } & InStatement)
  | ({ readonly kind: 'issuers-anded' } & InStatement)
  | ({ readonly kind: 'literal-wildcard' | 'subject' | 'audience' } & InStatement)
  | ({
      readonly kind: 'unmeetable'
      /** The limits that the other conditions of the statement set. */
      readonly limits: Limits
    } & InStatement)

/** Finds the reason why a policy denies the token: the Deny that applies, otherwise the nearest miss. */
export function findMiss(policy: Policy, provider: string, token: Token, context: RequestContext): Miss {
  let nearest:
    { distance: number; statement: Statement; keys: readonly string[]; failed: readonly Failed[] } | undefined
  const call = webIdentityCall(provider, context)
  for (const statement of policy.statements) {
    if (statement.effect === 'Deny') {
      if (evaluateStatement(statement, policy.variables, call).truth === true)
        return denied(statement, context)
      continue
    }
    const keys = keysOf(statement, provider, token)
    const failed = failuresOf(statement, keys, policy, token, context)
    const distance = distanceOf(statement, failed, provider)
    if (nearest === undefined || distance < nearest.distance) nearest = { distance, statement, keys, failed }
  }
  if (nearest === undefined)
    return {
      kind: 'action',
      statement: undefined,
      found: [],
      isExcept: false,
      principals: [],
      isForSubject: false
    }
  const { statement, keys, failed } = nearest
  const { index, conditions, principals } = statement
  const limits = correctedLimits(conditions, keys, token)
  if (!statement.isAboutCall) {
    return {
      kind: 'action',
      statement: index,
      found: statement.actions,
      isExcept: statement.isExcept,
      principals,
      isForSubject:
        evaluatePrincipal(statement, provider).truth === true &&
        !statement.isExcept &&
        limits.subject === 'exact'
    }
  }
  if (evaluatePrincipal(statement, provider).truth === false) {
    const { found = '', difference = '', isSpelling = false } = providerDifference(principals, provider) ?? {}
    return { kind: 'provider', statement: index, found, difference, isSpelling, limits }
  }

  const sorted = [...failed].sort((a, b) => order.indexOf(a.kind) - order.indexOf(b.kind))
  const inStatement = { statement: index, failed: sorted.map(({ condition }) => condition) }
  const kind = sorted[0]?.kind ?? 'unmeetable'
  if (kind === 'condition-key') {
    // Another cluster's key is correct if the statement trusts that cluster's provider as well.
    const isInPlace =
      (!isShared(statement, provider) || limits.subject !== 'open') && areUnique(conditions, keys)

    return { kind, expected: sorted[0]?.condition.expected ?? '', isInPlace, limits, ...inStatement }
  }
  if (kind === 'unmeetable') {
    const others = conditions.filter((condition) => failed.every(({ of }) => of !== condition))

    return { kind, limits: limitsOf(others, token.issuer, token.subject), ...inStatement }
  }

  return { kind, ...inStatement }
}

/** Whether a statement also trusts other providers, whose keys can therefore be correct in it. */
const isShared = ({ principals }: Statement, provider: string): boolean =>
  principals.some(({ type, value }) => type === 'Federated' && value !== provider)

const keysOf = (statement: Statement, provider: string, { issuer, audience = '' }: Token): string[] =>
  meantKeys(statement.conditions, issuer, audience, !isShared(statement, provider))

/** What a statement limits once its keys are corrected. */
function correctedLimits(
  conditions: readonly Condition[],
  keys: readonly string[],
  { issuer, subject }: Token
): Limits {
  const corrected = conditions.map((condition, index) => ({
    ...condition,
    lowerKey: (keys[index] ?? condition.key).toLowerCase()
  }))

  return limitsOf(corrected, issuer, subject)
}

/** Whether no operator has the same key twice. */
const areUnique = (conditions: readonly Condition[], keys: readonly string[]): boolean =>
  new Set(keys.map((key, index) => `${conditions[index]?.name ?? ''} ${key.toLowerCase()}`)).size ===
  keys.length

interface Failed {
  readonly kind: Exclude<Miss['kind'], 'invalid' | 'explicit-deny' | 'action' | 'provider'>
  readonly of: Condition
  readonly condition: FailedCondition
  /** The distance from a match; comparable only within the same kind. */
  readonly distance: number
}

const order: readonly Failed['kind'][] = [
  'condition-key',
  'issuers-anded',
  'literal-wildcard',
  'subject',
  'audience',
  'unmeetable'
]

const denied = ({ index, conditions }: Statement, context: RequestContext): Miss => ({
  kind: 'explicit-deny',
  statement: index,
  conditions: conditions.map((condition) => decidingOf(condition, context))
})

function decidingOf(
  { name, key, lowerKey, values, operator }: Condition,
  context: RequestContext
): DecidingCondition {
  const state = context.stateOf(lowerKey)

  return {
    operator: name,
    key,
    wanted: values,
    actual: state.is === 'known' ? state.value : undefined,
    isAbsent: state.is === 'absent',
    isNegated: operator.negated
  }
}

function failuresOf(
  { conditions }: Statement,
  keys: readonly string[],
  { variables }: Policy,
  token: Token,
  context: RequestContext
): Failed[] {
  return conditions.flatMap((condition, index) =>
    evaluateCondition(condition, variables, context).truth === false
      ? failedOf(condition, keys[index] ?? condition.key, conditions, token, context)
      : []
  )
}

function failedOf(
  condition: Condition,
  meant: string,
  conditions: readonly Condition[],
  token: Token,
  context: RequestContext
): Failed {
  const { name, key, lowerKey, values, operator } = condition
  const deciding = decidingOf(condition, context)
  const { actual } = deciding
  const failed = (kind: Failed['kind'], more: Partial<FailedCondition> = {}, distance = 1): Failed => ({
    kind,
    of: condition,
    condition: { ...deciding, difference: undefined, ...more },
    distance
  })
  const prefix = `${token.issuer.toLowerCase()}:`
  const claim = lowerKey.startsWith(prefix) ? lowerKey.slice(prefix.length) : undefined
  const keyDifference = conditionKeyDifference(condition, token.issuer, token.audience ?? '')

  if (actual !== undefined && (claim === 'sub' || claim === 'aud') && operator.family !== 'null') {
    if (keyDifference !== undefined && meant !== key)
      return failed('condition-key', { difference: keyDifference.difference, expected: meant })
    const isLiteral = operator.family === 'string' && operator.relation !== 'like' && !operator.negated
    if (
      isLiteral &&
      values.some((value) => hasWildcard(value) && matchesPattern(parsePattern(value), actual))
    ) {
      return failed('literal-wildcard', { difference: `${name} compares * and ? literally` })
    }
    if (operator.negated)
      return claim === 'aud'
        ? failed('audience')
        : failed('subject', { difference: `${name} excludes this subject` })
    if (claim === 'aud') return failed('audience')
    const { nearest, difference, distance } = subjectDifference(values, actual, operator.relation === 'like')
    const wanted = nearest === undefined ? values : [nearest, ...values.filter((value) => value !== nearest)]
    return failed('subject', { wanted, difference }, distance)
  }
  if ((claim !== undefined && isClaim(claim)) || keyDifference === undefined) {
    const expected = awsKeyMeant(lowerKey)

    return expected === undefined
      ? failed('unmeetable')
      : failed('unmeetable', { expected, difference: 'AWS does not document this key' })
  }
  const { difference, expected, isOtherIssuer } = keyDifference
  const isAnded = isOtherIssuer && conditions.some((other) => other.lowerKey === expected.toLowerCase())

  return isAnded ? failed('issuers-anded', { difference }) : failed('condition-key', { difference, expected })
}

/**
 * The distance of a statement from a match: a statement for our provider is closest, then one for another
 * OIDC provider. Failing conditions add to the distance.
 */
function distanceOf(statement: Statement, failed: readonly Failed[], provider: string): number {
  const principal = evaluatePrincipal(statement, provider).truth
  const isOurs = principal === true || (principal === undefined && statement.isAboutCall)
  const means = isOurs || providerDifference(statement.principals, provider)?.isSpelling === true
  const isFederated = statement.principals.some(({ type }) => type === 'Federated')
  const conditions = failed.reduce((sum, { distance }) => sum + distance, 0)

  return (
    (isOurs ? 0 : means ? 10 : isFederated ? 20 : 40) +
    (statement.isAboutCall ? 0 : 10) +
    Math.min(conditions, 9)
  )
}
