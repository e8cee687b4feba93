import { hasWildcard, matchesPattern, parsePattern, type Pattern } from '../text/glob.js'
import { isRecord } from '../text/record.js'
import { evaluateCondition } from './condition.js'
import { contextOf, type RequestContext, type Token } from './context.js'
import { evaluatePolicy, evaluateStatement, webIdentityCall } from './evaluate.js'
import type { Policy, Statement } from './policy.js'
import { type Reach, reachOf } from './reach.js'
import { hasVariable } from './variables.js'

/** How a policy admits more than the service account, and the statement that does so. */
export interface Breadth {
  readonly kind:
    | 'no-subject'
    | 'negated-subject'
    | 'other-namespaces'
    | 'own-namespace'
    | 'anyone'
    | 'any-provider'
    | 'no-audience'
  readonly statement: number
  /** The ARN of the OIDC provider whose tokens the statement admits, if it is not the cluster's provider. */
  readonly provider?: string
  /** The pattern that is too wide. */
  readonly value?: string
  /** The subject of a service account that this pattern admits. */
  readonly example?: string
}

/** Whether this kind of breadth makes a policy over-permissive; the other kinds only cause lesser warnings. */
export const isOverPermissive = ({ kind }: Breadth): boolean =>
  kind !== 'own-namespace' && kind !== 'no-audience'

// No real object has this name, so a policy that admits it also admits service accounts that the policy does
// not name.
const stranger = 'irsa-guard-stranger'

/**
 * Evaluates the whole policy for made-up service accounts, to find out who else it admits. This takes into
 * account a second, looser statement, and a Deny that excludes other service accounts. The audience of their
 * tokens is left open, because a service account can request any audience.
 */
export function breadthOf(
  policy: Policy,
  provider: string,
  token: Token,
  verdict: 'allowed' | 'denied' | 'depends'
): Breadth[] {
  const { doors, limitsAudience } = doorsOf(policy, provider, token)
  if (doors.length === 0 && limitsAudience) return [] // nearly all policies
  const found = doors.flatMap((door) => ('kind' in door ? [door] : [...byPattern(policy, door, token)]))
  const isOpen = verdict !== 'denied' && !limitsAudience
  const unlimited = isOpen ? letsIn(policy, provider, contextOf({ ...token, audience: stranger })) : undefined
  if (unlimited !== undefined) found.push({ kind: 'no-audience', statement: unlimited.index })

  return found.length < 2 ? found : onePerKind(found)
}

/**
 * How the policy may admit others: either a breadth that is the same for every service account, or patterns whose
 * effect depends on the name of the service account.
 */
type Door = Breadth | Patterns

interface Patterns {
  readonly provider: string
  readonly issuer: string
  readonly patterns: readonly {
    readonly statement: Statement
    readonly value: string
    readonly pattern: Pattern
  }[]
}

interface Doors {
  readonly provider: string
  readonly issuer: string
  readonly roleAccount: string
  readonly doors: readonly Door[]
  /**
   * Whether every Allow statement restricts the audience, whatever else the token contains.
   */
  readonly limitsAudience: boolean
}

const doorsSeen = new WeakMap<Policy, Doors>()

/**
 * All the ways in which a policy may admit others. They are computed only once per cluster, even if many
 * service accounts share the role, unless the policy has a condition on the time.
 */
function doorsOf(policy: Policy, provider: string, token: Token): Doors {
  const { issuer, roleAccount } = token
  const seen = doorsSeen.get(policy)
  if (seen?.provider === provider && seen.issuer === issuer && seen.roleAccount === roleAccount) return seen

  const doors: Doors = {
    provider,
    issuer,
    roleAccount,
    doors: [...findDoors(policy, provider, token)],
    limitsAudience: policy.statements.every(
      (statement) => statement.effect === 'Deny' || limitsAudience(statement, policy.variables, token)
    )
  }
  if (policy.isTimeless) doorsSeen.set(policy, doors)

  return doors
}

/**
 * Whether a statement has a condition without variables that rejects unknown audiences. If so, the rest of
 * the token does not matter.
 */
function limitsAudience({ conditions }: Statement, variables: boolean, token: Token): boolean {
  const key = `${token.issuer.toLowerCase()}:aud`
  const context = contextOf({ ...token, subject: stranger, audience: stranger, at: undefined })

  return conditions.some(
    (condition) =>
      condition.lowerKey === key &&
      !condition.values.some(hasVariable) &&
      evaluateCondition(condition, variables, context).truth === false
  )
}

function* findDoors(policy: Policy, provider: string, token: Token): Iterable<Door> {
  yield* anyoneIn(policy.statements)
  for (const [arn, issuer] of providersOf(policy, provider, token)) {
    const unknownSubject = contextOf({
      ...token,
      issuer,
      provider: arn,
      audience: undefined,
      subject: `system:serviceaccount:${stranger}:${stranger}`
    })
    const open = letsIn(policy, arn, unknownSubject)
    if (open !== undefined)
      yield { ...withoutLimit(open, issuer), ...(arn !== provider && { provider: arn }) }
    else {
      const patterns = [...patternsOf(policy, issuer)]
      if (patterns.length > 0) yield { provider: arn, issuer, patterns }
    }
  }
}

/** The breadth of a document that IAM would reject: an Allow for everyone is worth reporting anyway. */
export function anyoneInValue(value: unknown): Breadth[] {
  const statement = isRecord(value) ? value['Statement'] : undefined
  const list: readonly unknown[] = Array.isArray(statement) ? statement : [statement]
  const index = list.findIndex(
    (entry) => isRecord(entry) && entry['Effect'] === 'Allow' && entry['Principal'] === '*'
  )

  return index < 0 ? [] : [{ kind: 'anyone', statement: index }]
}

// A condition on one of these keys narrows {"AWS": "*"} to some principals.
const limitsPrincipal =
  /^aws:(?:principal(?:arn|orgid|orgpaths|account)$|principaltag\/|userid$|sourceaccount$|sourcearn$)/

function* anyoneIn(statements: readonly Statement[]): Iterable<Breadth> {
  for (const { index, effect, principals, conditions } of statements) {
    if (effect === 'Deny') continue
    if (
      principals.some(
        ({ type, value }) => type === 'Federated' && (value === '*' || /:oidc-provider\/\*/.test(value))
      )
    ) {
      yield { kind: 'any-provider', statement: index }
    }
    const limited = conditions.some(
      ({ operator, lowerKey }) => !operator.negated && !operator.ifExists && limitsPrincipal.test(lowerKey)
    )
    if (!limited && principals.some(({ type, value }) => type === 'AWS' && value === '*'))
      yield { kind: 'anyone', statement: index }
  }
}

/**
 * The statement that admits a request or might admit it; undefined if the policy denies the request in any
 * case.
 */
function letsIn(policy: Policy, provider: string, context: RequestContext): Statement | undefined {
  const call = webIdentityCall(provider, context)
  if (evaluatePolicy(policy, call).verdict === 'denied') return undefined

  return policy.statements.find(
    (statement) =>
      statement.effect === 'Allow' && evaluateStatement(statement, policy.variables, call).truth !== false
  )
}

function withoutLimit({ index, conditions }: Statement, issuer: string): Breadth {
  const limits = conditions.filter(({ lowerKey }) => lowerKey === `${issuer.toLowerCase()}:sub`)
  if (limits.length === 0) return { kind: 'no-subject', statement: index }
  if (limits.every(({ operator }) => operator.negated)) return { kind: 'negated-subject', statement: index }

  const value = limits
    .find(({ operator }) => !operator.negated)
    ?.values.find((text) => hasWildcard(text) || hasVariable(text))
  return { kind: 'other-namespaces', statement: index, ...(value !== undefined && { value }) }
}

/** The cluster's provider, and the other OIDC providers of the role's account that an Allow names. */
function providersOf(
  { statements }: Policy,
  provider: string,
  { issuer, roleAccount }: Token
): Map<string, string> {
  const providers = new Map([[provider, issuer]])
  for (const { effect, principals } of statements) {
    if (effect === 'Deny') continue
    for (const { type, value } of principals) {
      const [, account, url] =
        type === 'Federated' ? (/^arn:[^:]*:iam::(\d+):oidc-provider\/(.+)$/.exec(value) ?? []) : []
      if (url !== undefined && account === roleAccount) providers.set(value, url)
    }
  }
  return providers
}

// The longest subject: a namespace has at most 63 characters, and a service account's name at most 253.
const longestSubject = 'system:serviceaccount::'.length - 1 + 63 + 1 + 253
const examplesTried = 8

/**
 * The patterns with wildcards that admit subjects of an issuer: those in an Allow, and those that a Deny
 * exempts.
 */
function* patternsOf(policy: Policy, issuer: string): Iterable<Patterns['patterns'][number]> {
  const key = `${issuer.toLowerCase()}:sub`
  for (const statement of policy.statements) {
    for (const { operator, lowerKey, values } of statement.conditions) {
      const isAdmitting = operator.negated === (statement.effect === 'Deny')
      if (lowerKey !== key || operator.relation !== 'like' || !isAdmitting) continue
      for (const value of values) {
        if (!hasWildcard(value) || hasVariable(value) || value.replaceAll('*', '').length > longestSubject)
          continue
        yield { statement, value, pattern: parsePattern(value) }
      }
    }
  }
}

function* byPattern(
  policy: Policy,
  { provider, issuer, patterns }: Patterns,
  token: Token
): Iterable<Breadth> {
  const [, , namespace = '', name = ''] = token.subject.split(':')
  const letsSubjectIn = (subject: string, statement: Statement): boolean => {
    const context = contextOf({ ...token, issuer, provider, audience: undefined, subject })
    const call = webIdentityCall(provider, context)
    const truthOf = (one: Statement): boolean | undefined =>
      evaluateStatement(one, policy.variables, call).truth
    const allows = policy.statements.filter(({ effect }) => effect === 'Allow')
    return (
      (statement.effect === 'Allow' ? [statement] : allows).some((one) => truthOf(one) !== false) &&
      !policy.statements.some((one) => one.effect === 'Deny' && truthOf(one) === true)
    )
  }
  let tried = 0

  for (const { statement, value, pattern } of patterns) {
    const { otherNamespace, otherName } = reachBeyond(pattern, namespace, name)
    for (const [kind, example] of [
      ['other-namespaces', otherNamespace],
      ['own-namespace', otherName]
    ] as const) {
      if (example === undefined || tried >= examplesTried) continue
      tried++
      if (!letsSubjectIn(example, statement)) continue
      yield { kind, statement: statement.index, value, example }
      if (kind === 'other-namespaces') return // the strongest finding: no need to search further
    }
  }
}

/**
 * Which service accounts a pattern admits in addition to the given one. A pattern that does not admit the
 * given service account, but only service accounts of one other namespace, does not count as wide.
 */
function reachBeyond(pattern: Pattern, namespace: string, name: string): Reach {
  const reach = reachOf(pattern, namespace, name)
  const { otherNamespace, otherName } = reach
  if (otherNamespace === undefined || otherName !== undefined) return reach
  if (matchesPattern(pattern, `system:serviceaccount:${namespace}:${name}`)) return reach
  const [, , foreign = '', foreignName = ''] = otherNamespace.split(':')

  return reachOf(pattern, foreign, foreignName).otherNamespace === undefined ? {} : { otherNamespace }
}

/**
 * Keeps the first breadth of each kind. A wildcard within the service account's own namespace is left out if
 * anything over-permissive was found.
 */
function onePerKind(found: readonly Breadth[]): Breadth[] {
  const first = found.filter(
    (breadth, index) => found.findIndex(({ kind }) => kind === breadth.kind) === index
  )
  const isWide = first.some(isOverPermissive)

  return first.filter(({ kind }) => kind !== 'own-namespace' || !isWide)
}
