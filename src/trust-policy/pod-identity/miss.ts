import { evaluateCondition } from '../condition.js'
import type { Defect } from '../document.js'
import { type Call, evaluateStatement } from '../evaluate.js'
import type { DecidingCondition, FailedCondition } from '../miss.js'
import type { Condition, Policy, Statement } from '../policy.js'
import { allowsAction } from './call.js'
import { type Action, actions, type Caller } from './caller.js'
import { type Difference, differenceOf } from './difference.js'
import { type Pinned, pinnedBy } from './limits.js'
import { principalDifference } from './principal.js'

/**
 * The nearest miss: the one reason why EKS cannot give pods the role. The kinds are in the order in which
 * they are reported.
 */
export type PodIdentityMiss =
  | ({ readonly kind: 'invalid' } & Defect)
  | {
      readonly kind: 'explicit-deny'
      readonly statement: number
      readonly action: Action
      readonly conditions: readonly DecidingCondition[]
    }
  | {
      /** No statement trusts the caller. */
      readonly kind: 'principal'
      readonly statement: number | undefined
      /** The nearest principal; undefined if the policy has no Allow statement. */
      readonly found: string | undefined
      readonly difference: string | undefined
      /** Whether the principal can only be a misspelling of the caller. */
      readonly isSpelling: boolean
    }
  | {
      /** No statement for the caller allows these actions. */
      readonly kind: 'action'
      readonly statement: number
      readonly missing: readonly Action[]
      readonly found: readonly string[]
      /** Whether the statement uses NotAction, so that it allows every action except `found`. */
      readonly isExcept: boolean
      readonly pinned: Pinned
    }
  | ({
      /** What the failing condition is about: a session tag, the source, or anything else. */
      readonly kind: 'tag' | 'source' | 'unmeetable'
    } & FailedStatement)

interface FailedStatement {
  readonly statement: number
  readonly action: Action
  /** All failing conditions of the statement, the deciding one first. */
  readonly failed: readonly FailedCondition[]
  /** What the statement limits to this association. */
  readonly pinned: Pinned
}

/** Both calls, by action. */
export type Calls = Readonly<Record<Action, Call>>

/**
 * Finds the reason why a policy denies some of the actions: the Deny that applies, otherwise the nearest
 * miss.
 */
export function findPodIdentityMiss(
  policy: Policy,
  caller: Caller,
  calls: Calls,
  denied: readonly Action[]
): PodIdentityMiss {
  for (const action of denied) {
    const deny = policy.statements.find(
      (statement) =>
        statement.effect === 'Deny' &&
        evaluateStatement(statement, policy.variables, calls[action]).truth === true
    )
    if (deny !== undefined)
      return {
        kind: 'explicit-deny',
        statement: deny.index,
        action,
        conditions: deny.conditions.map((condition) => decidingOf(condition, calls[action]))
      }
  }

  const allows = policy.statements.filter(({ effect }) => effect === 'Allow')
  // Both calls have the same caller.
  const ours = allows.filter((statement) => calls['sts:AssumeRole'].comesFrom(statement).truth !== false)
  if (ours.length === 0) return { kind: 'principal', ...principalDifference(allows, caller) }

  const missing = actions.filter(
    (action) => denied.includes(action) && !ours.some((statement) => allowsAction(statement, action))
  )
  const [action = 'sts:AssumeRole'] = denied.filter((one) => !missing.includes(one))
  // Without session tags, it is uncertain whether a missing sts:TagSession alone leads to a denial.
  const isCertain = caller.sessionTags || missing.includes('sts:AssumeRole')
  if (missing.length > 0 && isCertain) return actionMiss(ours, missing, { policy, caller, calls })

  return conditionMiss(
    ours.filter((statement) => allowsAction(statement, action)),
    action,
    { policy, caller, calls }
  )
}

interface Asked {
  readonly policy: Policy
  readonly caller: Caller
  readonly calls: Calls
}

/** The nearest statement is one that allows the other action, if possible, and has the fewest failing conditions. */
function actionMiss(
  ours: readonly Statement[],
  missing: readonly Action[],
  { policy, caller, calls }: Asked
): PodIdentityMiss {
  const [other] = actions.filter((action) => !missing.includes(action))
  const { statement } = nearestOf(ours, (statement) => {
    const action = other ?? 'sts:AssumeRole'
    const failed = failuresOf(statement, calls[action], { policy, caller })

    return (other !== undefined && allowsAction(statement, other) ? 0 : 10) + distanceOf(failed)
  })

  return {
    kind: 'action',
    statement: statement.index,
    missing,
    found: statement.actions,
    isExcept: statement.isExcept,
    pinned: pinnedBy(statement.conditions, caller)
  }
}

function conditionMiss(candidates: readonly Statement[], action: Action, asked: Asked): PodIdentityMiss {
  const failures = new Map(
    candidates.map((statement) => [statement, failuresOf(statement, asked.calls[action], asked)])
  )
  const { statement } = nearestOf(candidates, (statement) => distanceOf(failures.get(statement) ?? []))
  const failed = (failures.get(statement) ?? []).toSorted(
    (a, b) => order.indexOf(a.difference.about) - order.indexOf(b.difference.about)
  )
  const about = failed[0]?.difference.about ?? 'other'

  return {
    kind: about === 'other' ? 'unmeetable' : about,
    statement: statement.index,
    action,
    failed: failed.map(({ condition }) => condition),
    pinned: pinnedBy(statement.conditions, asked.caller)
  }
}

const order: readonly Difference['about'][] = ['tag', 'source', 'other']

function nearestOf(
  statements: readonly Statement[],
  distance: (statement: Statement) => number
): { readonly statement: Statement } {
  const [first, ...others] = statements.map((statement) => ({ statement, distance: distance(statement) }))
  if (first === undefined) throw new Error('nearestOf needs at least one statement')

  return others.reduce((nearest, one) => (one.distance < nearest.distance ? one : nearest), first)
}

interface Failure {
  readonly condition: FailedCondition
  readonly difference: Difference
}

const failuresOf = (
  { conditions }: Statement,
  call: Call,
  { policy, caller }: Omit<Asked, 'calls'>
): Failure[] =>
  conditions.flatMap((condition) => {
    if (evaluateCondition(condition, policy.variables, call.context).truth !== false) return []
    const deciding = decidingOf(condition, call)
    const difference = differenceOf(condition, deciding.actual, caller)

    return {
      difference,
      condition: { ...deciding, difference: difference.difference, expected: difference.expected }
    }
  })

/** Every failing condition adds to the distance, so a statement with fewer of them is nearer. */
const distanceOf = (failed: readonly Failure[]): number =>
  Math.min(
    failed.reduce((sum, { difference }) => sum + 1 + difference.distance, 0),
    9
  )

function decidingOf({ name, key, lowerKey, values, operator }: Condition, call: Call): DecidingCondition {
  const state = call.context.stateOf(lowerKey)

  return {
    operator: name,
    key,
    wanted: values,
    actual: 'value' in state ? state.value : state.is === 'several' ? state.values.join(', ') : undefined,
    isAbsent: state.is === 'absent',
    isNegated: operator.negated
  }
}
