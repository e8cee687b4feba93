import type { Facts } from '../facts/facts.js'
import { defaultIdentityWebhook } from '../identity-webhook/settings.js'
import { parseClusterArn } from '../model/cluster-arn.js'
import { known, moot } from '../model/fact.js'
import type { Finding, Problem } from '../model/finding.js'
import { parseRoleArn } from '../model/role-arn.js'
import { podIdentityTrustRules, type TrustNeed } from '../rules/index.js'
import { quote } from '../text/escape.js'
import { isRecord, recordOf } from '../text/record.js'
import type { PodIdentityQuestion } from '../trust-policy/pod-identity/caller.js'
import { judgePodIdentity, type PodIdentityJudgement } from '../trust-policy/pod-identity/judge.js'
import { suggestPodIdentity } from '../trust-policy/pod-identity/suggest.js'
import { evaluate } from '../verdict/evaluate.js'
import { buildPlanner } from '../verdict/plan.js'
import { commonOf, notAQuestion, problemOf, type TrustVerdict, wrongTextIn } from './trust-verdict.js'

const planFor = buildPlanner(podIdentityTrustRules)

/** A question to `evaluatePodIdentityTrust`. */
export type PodIdentityEvaluationQuestion = Omit<PodIdentityQuestion, 'clusterArn'> & {
  /** The ARN of the EKS cluster that has the association. */
  readonly clusterArn: string
}

/**
 * Judges a role's trust policy for one EKS Pod Identity association, as STS would when EKS assumes the role:
 * sts:AssumeRole with session tags, which also needs sts:TagSession. With `firstRole`, the document is the
 * trust policy of the association's target role, which the first role assumes. Synchronous; never throws. If
 * a part of the question is missing or has the wrong type, the verdict is `invalid` with the finding
 * `not-a-question`.
 *
 * @example
 * evaluatePodIdentityTrust({ document, clusterArn: 'arn:aws:eks:…:cluster/prod', namespace: 'shop', serviceAccount: 'cart' })
 */
export function evaluatePodIdentityTrust(question: PodIdentityEvaluationQuestion): TrustVerdict {
  const asked = completeOf(question)
  if ('problem' in asked) return notAQuestion(asked.problem)

  const judgement = judgePodIdentity(asked)
  const suggested = suggestPodIdentity(asked, judgement)
  const { verdict, overPermissive, statement, dependsOn } = judgement

  return {
    verdict,
    overPermissive,
    ...(statement !== undefined && { statement }),
    dependsOn: [...dependsOn],
    findings: findingsOf(asked, judgement),
    ...(suggested !== undefined && { suggested })
  }
}

/** Untyped callers can pass anything. */
function completeOf(question: unknown): PodIdentityQuestion | { problem: Problem } {
  const given = recordOf(question)
  const { clusterArn, namespace, serviceAccount, sessionTags, roleArn } = given
  const texts = { clusterArn, namespace, serviceAccount, ...(roleArn !== undefined && { roleArn }) }
  const problem = wrongTextIn(texts)
  if (problem !== undefined) return { problem }
  const complete = texts as { [part in keyof typeof texts]: string } // each is a string, as checked above
  if (parseClusterArn(complete.clusterArn) === undefined)
    return {
      problem: {
        field: 'clusterArn',
        message: `clusterArn is ${quote(complete.clusterArn)}; expected the ARN of an EKS cluster`,
        fix: 'pass what this prints: aws eks describe-cluster --name CLUSTER --query cluster.arn --output text'
      }
    }
  if (sessionTags !== undefined && typeof sessionTags !== 'boolean')
    return { problem: problemOf('sessionTags', sessionTags, 'true or false') }
  const firstRole = firstRoleOf(given['firstRole'])
  if (firstRole !== undefined && 'problem' in firstRole) return firstRole
  const common = commonOf(given)
  if ('problem' in common) return common

  return { ...complete, sessionTags, firstRole, ...common }
}

function firstRoleOf(
  value: unknown
): NonNullable<PodIdentityQuestion['firstRole']> | { problem: Problem } | undefined {
  if (value === undefined) return undefined
  if (!isRecord(value)) return { problem: problemOf('firstRole', value, 'an object') }
  const { arn, externalId } = value
  if (typeof arn !== 'string' || parseRoleArn(arn) === undefined)
    return { problem: problemOf('firstRole.arn', arn, 'the ARN of a role') }
  if (externalId !== undefined && typeof externalId !== 'string')
    return { problem: problemOf('firstRole.externalId', externalId, 'a string') }

  return { arn, externalId }
}

/** What the trust rules report for a judgement. */
function findingsOf(
  { namespace, serviceAccount, firstRole, at }: PodIdentityQuestion,
  judgement: PodIdentityJudgement
): Finding[] {
  const facts: Pick<Required<Facts>, TrustNeed> = {
    trust: notAsked,
    issuer: notAsked,
    identityWebhook: known(defaultIdentityWebhook),
    podIdentityTrust: firstRole === undefined ? known(judgement) : notAsked,
    targetTrust: firstRole === undefined ? notAsked : known(judgement)
  }
  const subject = {
    kind: 'ServiceAccount',
    stage: 'source',
    namespace,
    name: serviceAccount,
    annotations: {}
  } as const

  return evaluate(planFor(subject, defaultIdentityWebhook), subject, facts, { at: at ?? new Date(0) })
    .findings // without annotations, there are no waivers that could expire
}

const notAsked = moot(
  'the trust question is about one role of an EKS Pod Identity association, not about a token'
)
