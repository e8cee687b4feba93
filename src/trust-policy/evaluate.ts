import { evaluateCondition, type Outcome } from './condition.js'
import type { RequestContext } from './context.js'
import type { Policy, Statement } from './policy.js'

/** An API call that statements are evaluated for. */
export interface Call {
  /** The condition keys of the call. */
  readonly context: RequestContext
  /** Whether a statement's actions (with NotAction, all other actions) include this call. */
  isAbout(statement: Statement): boolean
  /** Whether a statement's principals cover the caller. */
  comesFrom(statement: Statement): Outcome
}

/** The call AssumeRoleWithWebIdentity with a token of an OIDC provider. */
export const webIdentityCall = (provider: string, context: RequestContext): Call =>
  new WebIdentityCall(provider, context)

class WebIdentityCall implements Call {
  readonly #provider: string
  readonly context: RequestContext

  constructor(provider: string, context: RequestContext) {
    this.#provider = provider
    this.context = context
  }

  isAbout(statement: Statement): boolean {
    return statement.isAboutCall
  }

  comesFrom(statement: Statement): Outcome {
    return evaluatePrincipal(statement, this.#provider)
  }
}

/** The result of evaluating a policy for all requests that a context represents. */
export interface Decision {
  readonly verdict: 'allowed' | 'denied' | 'depends'
  /** The Deny or Allow that applies or may apply; undefined if no Deny applies and no Allow can apply. */
  readonly statement: number | undefined
  /** Keys as written, sorted, each listed once regardless of case. */
  readonly dependsOn: readonly string[]
  /** Undocumented AWS behavior that the result depends on. */
  readonly undocumented: readonly string[]
}

/**
 * Decides as IAM does, in Kleene's three-valued logic: denied if a Deny applies or no Allow can apply;
 * allowed if an Allow applies and no Deny can; otherwise it depends.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
 */
export function evaluatePolicy(policy: Policy, call: Call): Decision {
  let allow: number | undefined
  let openAllow: number | undefined
  let openDeny: number | undefined
  const open: { effect: Statement['effect']; outcome: Outcome }[] = []

  for (const statement of policy.statements) {
    const outcome = evaluateStatement(statement, policy.variables, call)
    if (outcome.truth === false) continue
    if (statement.effect === 'Deny') {
      if (outcome.truth === true) return { ...settled, verdict: 'denied', statement: statement.index }
      openDeny ??= statement.index
    } else if (outcome.truth === true) allow ??= statement.index
    else openAllow ??= statement.index
    if (outcome.truth === undefined) open.push({ effect: statement.effect, outcome })
  }
  if (allow === undefined && openAllow === undefined)
    return { ...settled, verdict: 'denied', statement: undefined }
  if (allow !== undefined && openDeny === undefined)
    return { ...settled, verdict: 'allowed', statement: allow }

  // If an Allow applies, only Deny statements can leave the result open.
  const deciding = allow === undefined ? open : open.filter(({ effect }) => effect === 'Deny')
  return {
    verdict: 'depends',
    statement: allow === undefined ? openAllow : openDeny,
    ...join(deciding.map(({ outcome }) => outcome))
  }
}

const settled = { dependsOn: [], undocumented: [] }

/** Whether a statement applies to the call: its principal, its action and each of its conditions. */
export function evaluateStatement(statement: Statement, variables: boolean, call: Call): Outcome {
  if (!call.isAbout(statement)) return no
  const principal = call.comesFrom(statement)
  if (principal.truth === false) return no

  let open: Outcome[] | undefined = principal.truth === undefined ? [principal] : undefined
  for (const condition of statement.conditions) {
    const outcome = evaluateCondition(condition, variables, call.context)
    if (outcome.truth === false) return outcome
    if (outcome.truth === undefined) (open ??= []).push(outcome)
  }
  if (open === undefined) return yes

  return { truth: undefined, ...join(open) }
}

const yes: Outcome = { truth: true }
const no: Outcome = { truth: false }

const everyone: Outcome = {
  truth: undefined,
  undocumented: ['whether the principal {"AWS": "*"} covers web identities']
}

/**
 * Whether a statement's principals cover the tokens of an OIDC provider. ARNs are compared as plain strings,
 * without wildcards.
 */
export function evaluatePrincipal({ principals }: Statement, provider: string): Outcome {
  let answer = no
  for (const { type, value } of principals) {
    if (type === 'Federated' && value === provider) return yes
    if (type === 'AWS' && value === '*') answer = everyone
  }
  return answer
}

/** Merges what several outcomes depend on. */
export function join(outcomes: readonly Outcome[]): { dependsOn: string[]; undocumented: string[] } {
  const keys = new Map<string, string>()
  const undocumented = new Set<string>()
  for (const outcome of outcomes) {
    if (outcome.truth !== undefined) continue
    for (const key of outcome.dependsOn ?? []) {
      const lower = key.toLowerCase()
      const before = keys.get(lower)
      if (before === undefined || key < before) keys.set(lower, key)
    }
    for (const what of outcome.undocumented ?? []) undocumented.add(what)
  }
  return { dependsOn: [...keys.values()].sort(), undocumented: [...undocumented].sort() }
}
