import type { StatementPart } from '../model/statement-part.js'
import { differenceIn } from '../text/excerpt.js'
import { hasWildcard } from '../text/glob.js'
import { evaluateCondition } from './condition.js'
import type { Call } from './evaluate.js'
import type { Condition, Policy } from './policy.js'
import { subjectDifference } from './subject-difference.js'

/**
 * The parts of an Allow statement: principal, actions, conditions. `calls` are the calls that give a pod
 * the role, by action. A condition counts as met only if it is met for all of these calls.
 */
export function partsOf(
  policy: Policy,
  index: number,
  calls: Readonly<Record<string, Call>>
): StatementPart[] {
  const statement = policy.statements[index]
  const [first, ...others] = Object.values(calls)
  if (statement?.effect !== 'Allow' || first === undefined) return []

  return [
    {
      name: 'principal',
      isMet: first.comesFrom(statement).truth,
      wanted: statement.principals.map(({ value }) => value)
    },
    ...Object.entries(calls).map(([action, call]) => ({
      name: 'action',
      isMet: call.isAbout(statement),
      wanted: statement.actions,
      actual: action
    })),
    ...statement.conditions.map((condition) => conditionPart(condition, policy, [first, ...others]))
  ]
}

function conditionPart(
  condition: Condition,
  { variables }: Policy,
  calls: readonly [Call, ...Call[]]
): StatementPart {
  const { key, name, lowerKey, values } = condition
  const truths = calls.map(({ context }) => evaluateCondition(condition, variables, context).truth)
  const isMet = truths.includes(false) ? false : truths.includes(undefined) ? undefined : true
  const state = calls[0].context.stateOf(lowerKey)
  const actual = state.is === 'known' ? state.value : undefined

  return {
    name: key,
    isMet,
    operator: name,
    wanted: values,
    actual,
    isAbsent: state.is === 'absent',
    ...(isMet === false && actual !== undefined && differenceFrom(condition, actual))
  }
}

/** How a value differs from what a condition requires. */
function differenceFrom(
  { name, operator, values, lowerKey }: Condition,
  actual: string
): Pick<StatementPart, 'wanted' | 'excerpt' | 'difference'> {
  if (operator.family !== 'string' || operator.negated) return { wanted: values }
  const isLike = operator.relation === 'like'
  const { nearest = values[0] ?? '', difference } = lowerKey.endsWith(':sub')
    ? subjectDifference(values, actual, isLike)
    : {}

  return {
    wanted: [nearest, ...values.filter((value) => value !== nearest)],
    difference,
    excerpt: hasWildcard(nearest) || /ignorecase/i.test(name) ? undefined : differenceIn(actual, nearest)
  }
}
