import { matchesPattern, parsePattern } from '../text/glob.js'
import type { Breadth } from './breadth.js'
import type { TrustJudgement } from './judge.js'
import type { DecidingCondition, Miss } from './miss.js'

/** The placeholder in messages for service accounts of other namespaces. */
export const otherSubject = 'system:serviceaccount:<another namespace>:<name>'

/**
 * Removes the names of service accounts in other namespaces from a judgement, because users who can write
 * service accounts in only one namespace must not learn about others from a trust policy. The verdict and the
 * kind of miss stay the same.
 */
export function hideOthers(judgement: TrustJudgement, namespace: string): TrustJudgement {
  if (judgement.miss === undefined && judgement.breadth.length === 0) return judgement // nearly all judgements
  const name = judgement.subject.slice(judgement.subject.lastIndexOf(':') + 1)
  const isOurs = (value: string): boolean => isOf(value, namespace, name)
  const { miss, breadth } = judgement

  return {
    ...judgement,
    ...(miss !== undefined && { miss: missWithout(miss, isOurs) }),
    breadth: breadth.map((each) => breadthWithout(each, isOurs))
  }
}

type Test = (value: string) => boolean

function missWithout(miss: Miss, isOurs: Test): Miss {
  if ('failed' in miss)
    return { ...miss, failed: miss.failed.map((condition) => conditionWithout(condition, isOurs)) }
  if ('conditions' in miss)
    return { ...miss, conditions: miss.conditions.map((condition) => conditionWithout(condition, isOurs)) }
  if ('reason' in miss)
    return {
      ...miss,
      reason: textWithout(miss.reason, isOurs),
      place: textWithout(miss.place, isOurs),
      ...(miss.correction !== undefined && { correction: textWithout(miss.correction, isOurs) })
    }

  return miss
}

/**
 * Under a `:sub` key, every value can name a service account, even if it is misspelled. Under other keys,
 * only strings in the form of a subject can.
 */
function conditionWithout<T extends DecidingCondition>(condition: T, isOurs: Test): T {
  const isAboutSubjects = /:sub\s*$/i.test(condition.key)
  const wanted = condition.wanted.map((value) => {
    if (!isAboutSubjects) return textWithout(value, isOurs)

    return isOurs(value) ? value : otherSubject
  })

  return { ...condition, wanted: [...new Set(wanted)] }
}

function breadthWithout({ value, example, ...breadth }: Breadth, isOurs: Test): Breadth {
  return {
    ...breadth,
    ...(value !== undefined && { value: isOurs(value) ? value : otherSubject }),
    ...(example !== undefined && isOurs(example) && { example })
  }
}

/** A text without the subjects of service accounts in other namespaces. */
export const textWithoutOthers = (text: string, namespace: string, name: string): string =>
  textWithout(text, (value) => isOf(value, namespace, name))

const textWithout = (text: string, isOurs: Test): string =>
  text.replace(/system:serviceaccounts?[:/][^\s",\]}]*/gi, (subject) =>
    isOurs(subject) ? subject : otherSubject
  )

/**
 * Whether a subject or a pattern refers to this namespace, or consists only of our own names in a different
 * form.
 */
function isOf(value: string, namespace: string, name: string): boolean {
  const [, of] = /^system:serviceaccount:([^:]*):[^:]*$/i.exec(value.trim()) ?? []
  if (of !== undefined && matchesPattern(parsePattern(of.toLowerCase()), namespace)) return true

  const ours = new Set(['system', 'serviceaccount', 'serviceaccounts', namespace, name, '*', ''])
  return value
    .toLowerCase()
    .split(/[:/\s]/)
    .every((word) => ours.has(word))
}
