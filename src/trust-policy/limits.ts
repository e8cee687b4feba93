import { hasWildcard } from '../text/glob.js'
import type { Condition } from './policy.js'
import { hasVariable } from './variables.js'

/** What a statement's conditions require of the claims of our tokens. */
export interface Limits {
  /**
   * `exact`: only our subject; `listed`: only subjects without wildcards, but not ours alone; `open`: anything
   * else.
   */
  readonly subject: 'exact' | 'listed' | 'open'
  readonly limitsAudience: boolean
}

/** Whether a condition is met only by the values that it lists, and not by a missing key. */
const isList = ({ operator, values }: Condition): boolean =>
  operator.family === 'string' &&
  operator.asDocumented &&
  !operator.negated &&
  !operator.ifExists &&
  operator.quantifier !== 'all' &&
  values.length > 0 &&
  !values.some((value) => hasVariable(value) || (operator.relation === 'like' && hasWildcard(value)))

/** The limits that a statement sets for tokens of our issuer (without `https://`) and our subject. */
export function limitsOf(conditions: readonly Condition[], issuer: string, subject: string): Limits {
  const key = (claim: string): string => `${issuer.toLowerCase()}:${claim}`
  const subjects = conditions.filter((condition) => condition.lowerKey === key('sub') && isList(condition))
  const isExact = subjects.some(({ values }) => values.every((value) => value === subject))

  return {
    subject: isExact ? 'exact' : subjects.length > 0 ? 'listed' : 'open',
    limitsAudience: conditions.some((condition) => condition.lowerKey === key('aud') && isList(condition))
  }
}
