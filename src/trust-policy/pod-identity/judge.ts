import { correctionOf } from '../correct.js'
import type { Defect } from '../document.js'
import { type Decision, evaluatePolicy, join } from '../evaluate.js'
import { type ParsedTrustPolicy, parseTrustPolicy } from '../judge.js'
import { parsePolicy } from '../policy.js'
import { refusedPart } from '../refused.js'
import { breadthOf, type PodIdentityBreadth } from './breadth.js'
import { callOf } from './call.js'
import { type Action, actions, type Caller, callerOf, type PodIdentityQuestion } from './caller.js'
import { type Calls, findPodIdentityMiss, type PodIdentityMiss } from './miss.js'

/**
 * Whether EKS can give an association's pods the role, and the details that rules need to explain the result.
 */
export interface PodIdentityJudgement {
  readonly verdict: 'allowed' | 'denied' | 'depends' | 'invalid'
  /** Whether the policy admits others as well, as `breadth` describes. */
  readonly overPermissive: boolean
  /** Index of the statement, from zero: the Deny or Allow that applies or may apply, or the nearest miss. */
  readonly statement: number | undefined
  /** The condition keys that the result depends on, as written, sorted, each listed once. */
  readonly dependsOn: readonly string[]
  /** Undocumented AWS behavior that the result depends on. */
  readonly undocumented: readonly string[]
  /** Why the policy denies the call or is invalid: only one reason. */
  readonly miss: PodIdentityMiss | undefined
  readonly breadth: PodIdentityBreadth | undefined
  /**
   * The document's length in characters without white space, as IAM counts it; 0 if `parsePolicyDocument`
   * rejects the document.
   */
  readonly size: number
  /** The caller for which the policy was judged; undefined if the cluster's ARN is invalid. */
  readonly caller: Caller | undefined
}

/**
 * Judges one trust policy for one association. EKS calls sts:AssumeRole with session tags, which also needs
 * sts:TagSession; the role must allow both. Synchronous; never throws, even if the document is malformed.
 */
export const judgePodIdentity = (question: PodIdentityQuestion): PodIdentityJudgement =>
  judgeParsedPodIdentity(parseTrustPolicy(question.document, question.encoding), question)

/** Judges a document's value, as JSON.parse returns it. */
export const judgePodIdentityValue = (
  value: unknown,
  size: number,
  question: Omit<PodIdentityQuestion, 'document'>
): PodIdentityJudgement => judgeParsedPodIdentity({ policy: parsePolicy(value), value, size }, question)

/** Judges a document that has already been parsed. */
export function judgeParsedPodIdentity(
  { policy, value, size }: ParsedTrustPolicy,
  question: Omit<PodIdentityQuestion, 'document'>
): PodIdentityJudgement {
  const caller = callerOf(question)
  if ('reason' in policy) return invalid(policy, value, size, caller)
  if (caller === undefined) return { ...open, size }

  const calls: Calls = {
    'sts:AssumeRole': callOf(caller, 'sts:AssumeRole'),
    'sts:TagSession': callOf(caller, 'sts:TagSession')
  }
  const decisions = {
    'sts:AssumeRole': evaluatePolicy(policy, calls['sts:AssumeRole']),
    'sts:TagSession': evaluatePolicy(policy, calls['sts:TagSession'])
  }
  const { verdict, statement, ...rest } = both(decisions, caller.sessionTags)
  const breadth = breadthOf(policy, caller)
  const refused = refusedPart(policy)
  const denied = actions.filter((action) => decisions[action].verdict === 'denied')
  const miss: PodIdentityMiss | undefined =
    refused !== undefined
      ? { kind: 'invalid', ...corrected(refused, value) }
      : verdict === 'denied'
        ? findPodIdentityMiss(policy, caller, calls, denied)
        : undefined

  return {
    verdict: refused === undefined ? verdict : 'invalid',
    overPermissive: breadth !== undefined,
    statement: miss === undefined ? statement : miss.statement,
    ...rest,
    miss,
    breadth,
    size,
    caller
  }
}

/**
 * Every example in the AWS documentation allows sts:TagSession, even for associations that disable session
 * tags.
 */
export const untagged = 'whether EKS needs sts:TagSession for an association that disables session tags'

/** Both actions together, in Kleene's logic. */
function both(
  { 'sts:AssumeRole': assume, 'sts:TagSession': tag }: Readonly<Record<Action, Decision>>,
  sessionTags: boolean
): Decision {
  if (assume.verdict === 'denied') return assume
  if (tag.verdict === 'denied' && sessionTags) return tag
  if (assume.verdict === 'allowed' && tag.verdict === 'allowed') return assume

  const undecided = [assume, tag].filter(({ verdict }) => verdict === 'depends')
  return {
    verdict: 'depends',
    statement: undecided[0]?.statement ?? assume.statement,
    ...join([
      ...undecided.map((one) => ({ truth: undefined, ...one })),
      ...(sessionTags || tag.verdict === 'allowed' ? [] : [{ truth: undefined, undocumented: [untagged] }])
    ])
  }
}

const open: Omit<PodIdentityJudgement, 'size'> = {
  verdict: 'depends',
  overPermissive: false,
  statement: undefined,
  dependsOn: [],
  undocumented: ['which cluster it is, because its ARN is not the ARN of an EKS cluster'],
  miss: undefined,
  breadth: undefined,
  caller: undefined
}

function corrected(defect: Defect, value: unknown): Defect {
  const correction = correctionOf(defect, value, undefined)?.advice

  return correction === undefined ? defect : { ...defect, correction }
}

const invalid = (
  defect: Defect,
  value: unknown,
  size: number,
  caller: Caller | undefined
): PodIdentityJudgement => ({
  ...open,
  verdict: 'invalid',
  statement: defect.statement,
  undocumented: [],
  miss: { kind: 'invalid', ...corrected(defect, value) },
  size,
  caller
})
