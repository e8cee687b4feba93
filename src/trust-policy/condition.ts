import { anyRun, hasWildcard, matchesPattern, parsePattern, type Pattern } from '../text/glob.js'
import type { KeyState, RequestContext } from './context.js'
import { holds, isInRange, type Operator, parseDate, parseNumber } from './operators.js'
import type { Condition } from './policy.js'
import { expand, type Expanded, expandText, hasVariable } from './variables.js'

/**
 * Whether a condition or statement matches. If that cannot be decided, the outcome lists the keys or the
 * undocumented behavior that the result depends on.
 */
export type Outcome =
  | { readonly truth: boolean }
  | {
      readonly truth: undefined
      readonly dependsOn?: readonly string[]
      readonly undocumented?: readonly string[]
    }

const yes: Outcome = { truth: true }
const no: Outcome = { truth: false }
const outcome = (truth: boolean): Outcome => (truth ? yes : no)
const undocumented = (what: string): Outcome => ({ truth: undefined, undocumented: [what] })

/** Evaluates one operator and key of a Condition element, for all requests that the context represents. */
export function evaluateCondition(
  condition: Condition,
  variables: boolean,
  context: RequestContext
): Outcome {
  if (!condition.operator.asDocumented) return undocumented(`how IAM treats the spelling ${condition.name}`)
  const state = context.stateOf(condition.lowerKey)
  if (state.is === 'known') return compareWith(state.value, condition, variables, context)
  if (state.is === 'absent') return whenAbsent(condition)
  if (state.is === 'one-of') return whenOneOf(state.values, condition, variables, context)
  if (state.is === 'several') return whenSeveral(state.values, condition, variables, context)

  const present = whenPresent(condition, state, variables, context)
  if (state.is === 'time' || (state.is === 'runtime' && state.always)) return present

  return present.truth === whenAbsent(condition).truth && present.truth !== undefined
    ? present
    : dependsOnKey(condition)
}

function whenOneOf(
  values: readonly string[],
  condition: Condition,
  variables: boolean,
  context: RequestContext
): Outcome {
  const [first = no, ...others] = values.map((value) => compareWith(value, condition, variables, context))
  if (others.every(({ truth }) => truth === first.truth)) return first

  return undocumented(
    `whether ${condition.key} is ${values.map((value) => JSON.stringify(value)).join(' or ')}`
  )
}

/**
 * ForAllValues requires every value in the request to meet the condition, and ForAnyValue at least one of them.
 * AWS does not document how IAM treats operators without a quantifier, or ForAnyValue with a negated operator:
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-single-vs-multi-valued-context-keys.html
 */
function whenSeveral(
  values: readonly string[],
  condition: Condition,
  variables: boolean,
  context: RequestContext
): Outcome {
  const { name, operator } = condition
  if (operator.family === 'null') return nullOutcome(condition, false)
  const each = values.map((value) => compareWith(value, condition, variables, context))
  const [all, any] = [every(each), some(each)]
  if (operator.quantifier === 'all') return all
  if (operator.quantifier === 'any' && !operator.negated) return any

  return all.truth === any.truth && all.truth !== undefined
    ? all
    : undocumented(`${name} with a key that has several values`)
}

/** Whether all outcomes are true, in Kleene's logic. */
function every(outcomes: readonly Outcome[]): Outcome {
  const decided = outcomes.find(({ truth }) => truth === false)

  return decided ?? outcomes.find(({ truth }) => truth === undefined) ?? yes
}

/** Whether at least one outcome is true, in Kleene's logic. */
function some(outcomes: readonly Outcome[]): Outcome {
  const decided = outcomes.find(({ truth }) => truth === true)

  return decided ?? outcomes.find(({ truth }) => truth === undefined) ?? no
}

const dependsOnKey = ({ key }: Condition): Outcome => ({ truth: undefined, dependsOn: [key] })

function whenPresent(
  condition: Condition,
  state: Exclude<KeyState, { is: 'absent' | 'one-of' | 'several' }>,
  variables: boolean,
  context: RequestContext
): Outcome {
  if ('value' in state) return compareWith(state.value, condition, variables, context)
  if (condition.operator.family === 'null') return nullOutcome(condition, false)

  return constantOf(condition, state, variables) ?? dependsOnKey(condition)
}

function whenAbsent(condition: Condition): Outcome {
  const { family, negated, ifExists, quantifier } = condition.operator
  if (family === 'null') return nullOutcome(condition, true)
  if (ifExists) return yes
  // The IAM User Guide's table and its general rule disagree about a negated set operator on a missing key.
  if (quantifier !== undefined && negated)
    return undocumented(`${condition.name} with a key that is not in the request`)
  if (quantifier !== undefined) return outcome(quantifier === 'all')

  return outcome(negated)
}

function nullOutcome({ name, operator, values }: Condition, isAbsent: boolean): Outcome {
  if (operator.quantifier !== undefined) return undocumented(`${name}, a set operator with Null`)
  const wanted = values.map((value) => value.toLowerCase())
  if (wanted.includes(String(isAbsent))) return yes
  if (wanted.length > 0 && wanted.every((value) => value === String(!isAbsent))) return no

  return undocumented('Null with a value other than true or false')
}

function compareWith(
  actual: string,
  condition: Condition,
  variables: boolean,
  context: RequestContext
): Outcome {
  const { name, operator, values } = condition
  if (operator.family === 'null') return nullOutcome(condition, false)
  if (values.length === 0) {
    return operator.quantifier !== undefined || operator.ifExists
      ? no
      : undocumented(`${name} with an empty array of values`)
  }
  let open: Outcome | undefined
  let incomparable = false
  for (const value of values) {
    const matched = matches(operator, actual, value, variables, context)
    if (matched === true) return outcome(!operator.negated)
    if (matched === 'incomparable') incomparable = true
    else if (matched !== false) open ??= matched
  }
  if (open !== undefined) return open
  // A value that cannot be compared does not match. AWS does not document whether the negated operator then
  // matches.
  return incomparable && operator.negated
    ? undocumented(`${name} with values that it cannot compare`)
    : outcome(operator.negated)
}

type Match = boolean | 'incomparable' | (Outcome & { truth: undefined })

function matches(
  operator: Operator,
  actual: string,
  value: string,
  variables: boolean,
  context: RequestContext
): Match {
  const { family, relation } = operator
  if (family === 'number') return compared(operator, parseNumber(actual), parseNumber(value))
  if (family === 'date') return compared(operator, parseDate(actual), parseDate(value))
  if (family === 'ip') return isInRange(actual, value) ?? 'incomparable'
  if (family === 'binary') {
    // AWS documents no binary key, so it is unknown whether string keys are compared in base64 or as plain
    // strings.
    const alike = value === actual || value === Buffer.from(actual).toString('base64')
    return alike ? { truth: undefined, undocumented: ['BinaryEquals on a key with a string value'] } : false
  }
  const isLike = relation === 'like'
  if (!variables || !hasVariable(value)) {
    if (family === 'boolean') return actual.toLowerCase() === value.toLowerCase()
    if (relation === 'equals-ignore-case') return actual.toLowerCase() === value.toLowerCase()
    if (!isLike || (family === 'string' && !hasWildcard(value))) return actual === value
    return family === 'arn'
      ? matchesArn(parsePattern(value), actual)
      : matchesPattern(parsePattern(value), actual)
  }
  const expanded: Expanded = isLike ? expand(value, context) : expandText(value, context)
  if ('missing' in expanded) return false
  if ('dependsOn' in expanded) {
    const [pattern, text] =
      relation === 'equals-ignore-case' || family === 'boolean'
        ? [lowerOf(expanded.pattern), actual.toLowerCase()]
        : [expanded.pattern, actual]
    // Even if the variables can have any value, the literal parts might already rule out a match.
    return matchesPattern(pattern, text) && { truth: undefined, dependsOn: expanded.dependsOn }
  }
  if ('pattern' in expanded) {
    return family === 'arn' ? matchesArn(expanded.pattern, actual) : matchesPattern(expanded.pattern, actual)
  }
  return relation === 'equals' && family === 'string'
    ? actual === expanded.text
    : actual.toLowerCase() === expanded.text.toLowerCase()
}

const lowerOf = (pattern: Pattern): Pattern =>
  pattern.map((part) => (typeof part === 'string' ? part.toLowerCase() : part))

const compared = ({ relation }: Operator, actual: number | undefined, wanted: number | undefined): Match =>
  actual === undefined || wanted === undefined ? 'incomparable' : holds(relation, actual, wanted)

/** Compares the six parts of an ARN separately, so that a wildcard does not match beyond its part. */
function matchesArn(pattern: Pattern, actual: string): Match {
  const parts = actual.split(':')
  if (parts.length < 6 || parts[0] !== 'arn') {
    // Some implementations compare the whole string; others never match. The result is the same only if
    // the whole string does not match.
    return matchesPattern(pattern, actual)
      ? { truth: undefined, undocumented: ['an Arn operator on a value that is not an ARN'] }
      : false
  }
  const wanted = splitAtColons(pattern)
  const found = [...parts.slice(0, 5), parts.slice(5).join(':')]

  return wanted.length === 6 && wanted.every((part, index) => matchesPattern(part, found[index] ?? ''))
}

function splitAtColons(pattern: Pattern): Pattern[] {
  const split: Pattern[number][][] = [[]]
  for (const part of pattern) {
    const pieces: Pattern = typeof part === 'string' ? part.split(':') : [part]
    for (const [index, piece] of pieces.entries()) {
      if (index > 0 && split.length < 6) split.push([])
      else if (index > 0) split.at(-1)?.push(':')
      if (piece !== '') split.at(-1)?.push(piece)
    }
  }
  return split
}

/**
 * The result of a condition on a key whose value is not known in advance, if every possible value gives the
 * same result.
 */
function constantOf(
  { operator, values }: Condition,
  state: KeyState,
  variables: boolean
): Outcome | undefined {
  if (operator.family === 'string' && operator.relation === 'like') {
    const takesAll = values.some((value) => (!variables || !hasVariable(value)) && isOnlyStars(value))
    if (takesAll) return outcome(!operator.negated)
  }
  if (state.is !== 'time' || state.from === undefined || values.length === 0) return
  if (operator.family !== 'date' && operator.family !== 'number') return

  const from = Math.floor(state.from / 1000) * 1000 // time keys have a resolution of one second
  const verdicts = values.map((value) =>
    fromNowOn(operator, from, operator.family === 'date' ? parseDate(value) : secondsIn(value))
  )
  if (verdicts.includes(true)) return outcome(!operator.negated)

  return verdicts.every((verdict) => verdict === false) ? outcome(operator.negated) : undefined
}

const isOnlyStars = (value: string): boolean => {
  const [only, ...rest] = parsePattern(value)
  return only === anyRun && rest.length === 0
}

const secondsIn = (value: string): number | undefined => {
  const seconds = parseNumber(value)
  return seconds === undefined ? undefined : seconds * 1000
}

/** The result of a comparison if it stays the same from `from` onward; otherwise undefined. */
function fromNowOn({ relation }: Operator, from: number, wanted: number | undefined): boolean | undefined {
  if (wanted === undefined) return undefined
  if (relation === 'greater' || relation === 'greater-or-equal')
    return holds(relation, from, wanted) ? true : undefined
  if (relation === 'equals') return from > wanted ? false : undefined

  return holds(relation, from, wanted) ? undefined : false
}
