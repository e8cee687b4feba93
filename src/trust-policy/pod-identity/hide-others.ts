import { matchesPattern, parsePattern } from '../../text/glob.js'
import { textWithoutOthers } from '../hide-others.js'
import type { DecidingCondition } from '../miss.js'
import type { PodIdentityJudgement } from './judge.js'

/** The placeholder in messages for what belongs to other namespaces. */
export const otherValue = '<of another namespace>'

/**
 * Removes the names of other namespaces, of their service accounts and of their pods from a judgement,
 * because users who can write service accounts in only one namespace must not learn about other namespaces
 * from a trust policy. The verdict and the kind of miss stay the same.
 */
export function hideOtherNamespaces(judgement: PodIdentityJudgement): PodIdentityJudgement {
  const { miss, caller } = judgement
  if (miss === undefined) return judgement // nearly all judgements
  const { namespace = '', serviceAccount = '' } = caller ?? {}
  const hidden = <T extends DecidingCondition>(condition: T, isOurNamespace: boolean): T =>
    conditionWithout(condition, { namespace, serviceAccount, isOurNamespace })

  if ('failed' in miss) {
    const { pinned } = miss

    return {
      ...judgement,
      miss: { ...miss, failed: miss.failed.map((condition) => hidden(condition, pinned.namespace)) }
    }
  }
  if ('conditions' in miss)
    return {
      ...judgement,
      miss: { ...miss, conditions: miss.conditions.map((condition) => hidden(condition, false)) }
    }
  if (!('reason' in miss)) return judgement
  const { correction, ...defect } = miss
  const [reason, place] = [miss.reason, miss.place].map((text) =>
    textWithoutOthers(text, namespace, serviceAccount)
  )
  // A correction can contain the same name in another form.
  const isHidden = reason !== miss.reason || place !== miss.place

  return {
    ...judgement,
    miss: {
      ...defect,
      reason: reason ?? '',
      place: place ?? '',
      ...(correction !== undefined &&
        !isHidden && { correction: textWithoutOthers(correction, namespace, serviceAccount) })
    }
  }
}

interface Ours {
  readonly namespace: string
  readonly serviceAccount: string
  /**
   * Whether the statement is limited to our namespace, so that it names only service accounts of our
   * namespace.
   */
  readonly isOurNamespace: boolean
}

/**
 * Any value of a key about Kubernetes can name an object in another namespace, and so can an external ID. The
 * names of clusters and accounts are not secret within a cluster.
 */
function conditionWithout<T extends DecidingCondition>(condition: T, ours: Ours): T {
  const { key, wanted } = condition
  const isAboutNames = /namespace|service-?account|pod|externalid|principaltag|requesttag/i.test(key)
  const isOurs = /service-?account|pod/i.test(key)
    ? (value: string): boolean => ours.isOurNamespace || isSpelling(value, ours)
    : (value: string): boolean => isSpelling(value, ours) || isAboutCluster(key)
  const values = wanted.map((value) => {
    if (!isAboutNames) return textWithoutOthers(value, ours.namespace, ours.serviceAccount)

    return isOurs(value) ? value : otherValue
  })

  return { ...condition, wanted: [...new Set(values)] }
}

const isAboutCluster = (key: string): boolean => /\/eks-cluster-(?:arn|name)$/i.test(key)

/** Whether a value consists only of our own names, or is a pattern that matches our namespace. */
function isSpelling(value: string, { namespace, serviceAccount }: Ours): boolean {
  const lower = value.trim().toLowerCase()
  const ours = new Set(['system', 'serviceaccount', namespace, serviceAccount, '*', ''])

  return matchesPattern(parsePattern(lower), namespace) || lower.split(/[:/]/).every((word) => ours.has(word))
}
