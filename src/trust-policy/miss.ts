import { hasWildcard, matchesPattern, parsePattern } from '../text/glob.js'
import { evaluateCondition } from './condition.js'
import type { RequestContext, Token } from './context.js'
import type { Defect } from './document.js'
import { evaluatePrincipal, evaluateStatement } from './evaluate.js'
import { isClaim, type KeyDifference, keyDifference } from './key.js'
import type { Condition, Policy, Principal, Statement } from './policy.js'
import { providerDifference } from './provider.js'
import { subjectDifference } from './subject-difference.js'

/** A deciding condition: the values that it requires, and the value of its key in the request. */
export interface DecidingCondition {
  readonly operator: string
  readonly key: string
  readonly wanted: readonly string[]
  /**
   * The value in the request; undefined if the key is absent, or if its value is open but makes no
   * difference.
   */
  readonly actual: string | undefined
  readonly isAbsent: boolean
}

/** A condition that rejects the token. */
export interface FailedCondition extends DecidingCondition {
  /** The part that differs, if it can be determined. */
  readonly difference: string | undefined
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
      /** Whom that statement trusts. */
      readonly principals: readonly Principal[]
      /** Whether that statement trusts our provider, so that only the action is missing. */
      readonly trustsProvider: boolean
    }
  | {
      readonly kind: 'provider'
      readonly statement: number
      readonly found: string
      readonly difference: string
      readonly isSpelling: boolean
    }
  | ({
      readonly kind: 'condition-key'
      readonly expected: string
      /** The key of the audience, if the statement does not limit the audience once the key is corrected. */
      readonly missingAudience: string | undefined
    } & InStatement)
  | ({ readonly kind: 'issuers-anded' } & InStatement)
  | ({ readonly kind: 'literal-wildcard' | 'subject' | 'audience' } & InStatement)
  | ({
      readonly kind: 'unmeetable'
      /** Whether another condition of the statement limits it to this subject. */
      readonly limitsSubject: boolean
    } & InStatement)

/** Finds the reason why a policy denies the token: the Deny that applies, otherwise the nearest miss. */
export function findMiss(policy: Policy, provider: string, token: Token, context: RequestContext): Miss {
  let nearest: { distance: number; statement: Statement; failed: readonly Failed[] } | undefined
  for (const statement of policy.statements) {
    if (statement.effect === 'Deny') {
      if (evaluateStatement(statement, policy.variables, provider, context).truth === true)
        return denied(statement, context)
      continue
    }
    const failed = failuresOf(statement, policy, token, context)
    const distance = distanceOf(statement, failed, provider)
    if (nearest === undefined || distance < nearest.distance) nearest = { distance, statement, failed }
  }
  if (nearest === undefined)
    return { kind: 'action', statement: undefined, found: [], principals: [], trustsProvider: false }
  const { statement, failed } = nearest
  if (!statement.isAboutCall) {
    const { index, actions, principals } = statement
    const trustsProvider = evaluatePrincipal(statement, provider).truth === true

    return { kind: 'action', statement: index, found: actions, principals, trustsProvider }
  }
  if (evaluatePrincipal(statement, provider).truth === false) {
    const {
      found = '',
      difference = '',
      isSpelling = false
    } = providerDifference(statement.principals, provider) ?? {}
    return { kind: 'provider', statement: statement.index, found, difference, isSpelling }
  }

  return missOf(statement, failed, token, policy.variables, context)
}

interface Failed {
  readonly kind: Exclude<Miss['kind'], 'invalid' | 'explicit-deny' | 'action' | 'provider'>
  readonly condition: FailedCondition
  readonly expected?: string
  /** The distance from a match, within its kind. */
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

function missOf(
  { index, conditions }: Statement,
  failed: readonly Failed[],
  { issuer }: Token,
  variables: boolean,
  context: RequestContext
): Miss {
  const sorted = [...failed].sort((a, b) => order.indexOf(a.kind) - order.indexOf(b.kind))
  const inStatement = { statement: index, failed: sorted.map(({ condition }) => condition) }
  const { kind = 'unmeetable', expected = '' } = sorted[0] ?? {}
  if (kind === 'condition-key') {
    const key = `${issuer}:aud`
    const corrected = sorted.map((one) => one.expected ?? one.condition.key)
    const isLimited = [
      ...corrected,
      ...conditions.filter((one) => !isFailed(one)).map((one) => one.key)
    ].some((one) => one.toLowerCase() === key.toLowerCase())
    return { kind, expected, missingAudience: isLimited ? undefined : key, ...inStatement }
  }
  if (kind === 'unmeetable') {
    const limitsSubject = conditions.some(
      (condition) =>
        condition.lowerKey === `${issuer.toLowerCase()}:sub` &&
        condition.operator.family === 'string' &&
        !condition.operator.negated &&
        !condition.operator.ifExists &&
        evaluateCondition(condition, variables, context).truth === true
    )
    return { kind, limitsSubject, ...inStatement }
  }

  return { kind, ...inStatement }

  function isFailed({ name, key }: Condition): boolean {
    return sorted.some(({ condition }) => condition.operator === name && condition.key === key)
  }
}

const denied = ({ index, conditions }: Statement, context: RequestContext): Miss => ({
  kind: 'explicit-deny',
  statement: index,
  conditions: conditions.map((condition) => decidingOf(condition, context))
})

function decidingOf({ name, key, lowerKey, values }: Condition, context: RequestContext): DecidingCondition {
  const state = context.stateOf(lowerKey)

  return {
    operator: name,
    key,
    wanted: values,
    actual: state.is === 'known' ? state.value : undefined,
    isAbsent: state.is === 'absent'
  }
}

function failuresOf(
  { conditions }: Statement,
  { variables }: Policy,
  token: Token,
  context: RequestContext
): Failed[] {
  return conditions
    .filter((condition) => evaluateCondition(condition, variables, context).truth === false)
    .map((condition) => failedOf(condition, conditions, token, context))
}

function failedOf(
  condition: Condition,
  conditions: readonly Condition[],
  token: Token,
  context: RequestContext
): Failed {
  const { name, key, lowerKey, values, operator } = condition
  const deciding = decidingOf(condition, context)
  const { actual } = deciding
  const failed = (kind: Failed['kind'], difference?: string, distance = 1): Failed => ({
    kind,
    condition: { ...deciding, difference },
    distance
  })
  const claimed = { values, audience: token.audience ?? '' }
  const prefix = `${token.issuer.toLowerCase()}:`
  const claim = lowerKey.startsWith(prefix) ? lowerKey.slice(prefix.length) : undefined

  if (actual !== undefined && (claim === 'sub' || claim === 'aud') && operator.family !== 'null') {
    const swapped = operator.negated ? undefined : keyDifference(key, token.issuer, claimed)
    if (swapped !== undefined)
      return { ...failed('condition-key', swapped.difference), expected: swapped.expected }
    const isLiteral = operator.family === 'string' && operator.relation !== 'like' && !operator.negated
    if (
      isLiteral &&
      values.some((value) => hasWildcard(value) && matchesPattern(parsePattern(value), actual))
    ) {
      return failed('literal-wildcard', `${name} compares * and ? literally`)
    }
    if (claim === 'aud') return failed('audience')
    if (operator.negated) return failed('subject', `${name} excludes this subject`)
    const { nearest, difference, distance } = subjectDifference(values, actual, operator.relation === 'like')
    const wanted = nearest === undefined ? values : [nearest, ...values.filter((value) => value !== nearest)]
    return { kind: 'subject', condition: { ...deciding, wanted, difference }, distance }
  }
  if (claim !== undefined && isClaim(claim)) return failed('unmeetable')

  const difference: KeyDifference | undefined = keyDifference(key, token.issuer, claimed)
  if (difference === undefined) return failed('unmeetable')
  const ours =
    difference.isOtherIssuer &&
    conditions.some((other) => other.lowerKey === difference.expected.toLowerCase())
  if (ours) return failed('issuers-anded', difference.difference)

  return { ...failed('condition-key', difference.difference), expected: difference.expected }
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
