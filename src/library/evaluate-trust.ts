import type { Facts } from '../facts/facts.js'
import {
  defaultIdentityWebhook,
  type IdentityWebhookSettings,
  withAudience
} from '../identity-webhook/settings.js'
import { known, moot } from '../model/fact.js'
import type { Finding, Problem } from '../model/finding.js'
import { notInTokens, withoutEksSlash } from '../model/issuer.js'
import { type TrustNeed, trustRules } from '../rules/index.js'
import { recordOf } from '../text/record.js'
import { judgeTrust, type TrustJudgement, type TrustQuestion } from '../trust-policy/judge.js'
import { repairTrust } from '../trust-policy/repair.js'
import { suggestTrust } from '../trust-policy/suggest.js'
import { evaluate } from '../verdict/evaluate.js'
import { buildPlanner } from '../verdict/plan.js'
import { commonOf, notAQuestion, type TrustVerdict, wrongTextIn } from './trust-verdict.js'

const planFor = buildPlanner(trustRules)

/** A question to `evaluateTrust`. */
export type TrustEvaluationQuestion = Omit<TrustQuestion, 'audience'> & {
  /** The audience of the pod's token; `sts.amazonaws.com` by default. */
  readonly audience?: string | undefined
}

/**
 * Judges a role's trust policy for one service account, as STS would for AssumeRoleWithWebIdentity with its
 * token. Synchronous; never throws. If a part of the question is missing or has the wrong type, the verdict
 * is `invalid` with the finding `not-a-question`.
 *
 * @example
 * evaluateTrust({ document, roleAccount: '111122223333', issuer: 'https://oidc.eks.…', namespace: 'shop', serviceAccount: 'cart' })
 */
export function evaluateTrust(question: TrustEvaluationQuestion): TrustVerdict {
  const asked = completeOf(question)

  return 'problem' in asked ? notAQuestion(asked.problem) : judgeTrustFor(asked, defaultIdentityWebhook)
}

/** Untyped callers can pass anything. */
function completeOf(question: unknown): TrustQuestion | { problem: Problem } {
  const given = recordOf(question)
  const texts = {
    roleAccount: given['roleAccount'],
    partition: given['partition'] ?? 'aws',
    issuer: given['issuer'],
    namespace: given['namespace'],
    serviceAccount: given['serviceAccount'],
    audience: given['audience'] ?? defaultIdentityWebhook.defaultAudience
  }
  const problem = wrongTextIn(texts)
  if (problem !== undefined) return { problem }
  const other = notInTokens(String(texts.issuer))
  if (other !== undefined)
    return { problem: { field: 'issuer', message: other, fix: 'pass the issuer as it appears in tokens' } }
  const common = commonOf(given)
  if ('problem' in common) return common

  const complete = texts as { [part in keyof typeof texts]: string } // each is a string, as checked above
  return {
    ...complete,
    issuer: withoutEksSlash(complete.issuer),
    ...common
  }
}

/** Judges as `evaluateTrust` does, with the annotation names of the cluster's identity webhook. */
export function judgeTrustFor(question: TrustQuestion, settings: IdentityWebhookSettings): TrustVerdict {
  const judgement = judgeTrust(question)
  const suggested = suggestTrust(question, judgement) ?? repairTrust(question, judgement)
  const { verdict, overPermissive, statement, dependsOn } = judgement

  return {
    verdict,
    overPermissive,
    ...(statement !== undefined && { statement }),
    dependsOn: [...dependsOn],
    findings: findingsOf(question, judgement, settings),
    ...(suggested !== undefined && { suggested })
  }
}

const notAsked = moot(
  'the trust question is about a token for IRSA, not about an EKS Pod Identity association'
)

/** What the trust rules report for a judgement. */
function findingsOf(
  { namespace, serviceAccount, issuer, audience, at }: TrustQuestion,
  judgement: TrustJudgement,
  settings: IdentityWebhookSettings
): Finding[] {
  const facts: Pick<Required<Facts>, TrustNeed> = {
    podIdentityTrust: notAsked,
    targetTrust: notAsked,
    trust: known(judgement),
    issuer: known(issuer),
    identityWebhook: known(withAudience(settings, audience))
  }
  const subject = {
    kind: 'ServiceAccount',
    stage: 'source',
    namespace,
    name: serviceAccount,
    annotations: {}
  } as const

  return evaluate(planFor(subject, settings), subject, facts, { at: at ?? new Date(0) }).findings // without annotations, there are no waivers that could expire
}
