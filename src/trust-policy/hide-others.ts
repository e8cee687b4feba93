import type { Breadth } from './breadth.js'
import type { TrustJudgement } from './judge.js'
import type { DecidingCondition, Miss } from './miss.js'
import { isNamedBy, isSubjectKey } from './names-namespace.js'

/** The placeholder in messages for service accounts of other namespaces. */
export const otherSubject = 'system:serviceaccount:<another namespace>:<name>'

/**
 * Removes the names of service accounts in other namespaces from a judgement, because users who can write
 * service accounts in only one namespace must not learn about others from a trust policy. If the policy names
 * no service account of the namespace, the role belongs to others. Then, only the kind of miss and its statement
 * remain, as well as the deciding condition if it is on the subject. The verdict and the kind of miss stay the
 * same.
 */
export function hideOthers(judgement: TrustJudgement, namespace: string): TrustJudgement {
  if (judgement.miss === undefined && judgement.breadth.length === 0) return judgement // nearly all judgements
  const name = judgement.subject.slice(judgement.subject.lastIndexOf(':') + 1)
  const isOurs = (value: string): boolean => isNamedBy(value, { namespace, serviceAccount: name })
  const { miss, breadth } = judgement
  if (miss !== undefined && !judgement.namesNamespace) return ofOthers(judgement, miss)

  return {
    ...judgement,
    ...(miss !== undefined && { miss: missWithout(miss, isOurs) }),
    breadth: breadth.map((each) => breadthWithout(each, isOurs))
  }
}

type Test = (value: string) => boolean

/** The judgement of a policy that names no service account of the namespace. */
function ofOthers(judgement: TrustJudgement, miss: Miss): TrustJudgement {
  const bare = { ...judgement, breadth: [], size: 0 }
  if (miss.kind === 'invalid')
    return {
      ...bare,
      miss: { kind: 'invalid', statement: miss.statement, reason: 'a part of it is invalid', place: '' }
    }
  if (!('failed' in miss)) return { ...bare, miss, isReasonHidden: true }

  const failed = miss.failed.map((condition) => ({
    ...condition,
    wanted: [otherSubject],
    difference: undefined
  }))
  return miss.kind === 'subject'
    ? { ...bare, miss: { ...miss, failed: failed.slice(0, 1) } }
    : { ...bare, miss: { ...miss, failed }, isReasonHidden: true }
}

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
  const isAboutSubjects = isSubjectKey(condition.key)
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

/** Removes the subjects of service accounts in other namespaces from a string. */
export const textWithoutOthers = (text: string, namespace: string, name: string): string =>
  textWithout(text, (value) => isNamedBy(value, { namespace, serviceAccount: name }))

const textWithout = (text: string, isOurs: Test): string =>
  text.replace(/system:serviceaccounts?[:/][^\s",\]}]*/gi, (subject) =>
    isOurs(subject) ? subject : otherSubject
  )
