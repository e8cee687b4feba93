import type { Facts } from '../facts/facts.js'
import {
  defaultIdentityWebhook,
  type IdentityWebhookSettings,
  withAudience
} from '../identity-webhook/settings.js'
import { known } from '../model/fact.js'
import type { Finding } from '../model/finding.js'
import { withoutEksSlash } from '../model/issuer.js'
import { type TrustNeed, trustRules } from '../rules/index.js'
import { judgeTrust, type TrustJudgement, type TrustQuestion } from '../trust-policy/judge.js'
import { repairTrust } from '../trust-policy/repair.js'
import { suggestTrust } from '../trust-policy/suggest.js'
import { evaluate } from '../verdict/evaluate.js'
import { buildPlanner } from '../verdict/plan.js'

/** Whether a role's trust policy lets a service account in, and what to change. */
export interface TrustVerdict {
  readonly verdict: 'allowed' | 'denied' | 'depends' | 'invalid'
  /** Whether others than this service account get in without being named. */
  readonly overPermissive: boolean
  /** Counted from zero: the Deny that holds, the Allow that matched, else the nearest miss. */
  readonly statement?: number
  /** Condition keys that the request decides, as written, each once, sorted. */
  readonly dependsOn: string[]
  readonly findings: Finding[]
  /** A corrected policy document; left out when no small edit helps. */
  readonly suggested?: object
}

const planFor = buildPlanner(trustRules)

/**
 * Judges a role's trust policy for one service account, as STS would for AssumeRoleWithWebIdentity with its
 * token. Synchronous; never throws, whatever the document is.
 *
 * @example
 * evaluateTrust({ document, roleAccount: '111122223333', issuer: 'https://oidc.eks.…', namespace: 'shop', serviceAccount: 'cart', audience: 'sts.amazonaws.com' })
 */
export const evaluateTrust = (question: TrustQuestion): TrustVerdict =>
  judgeTrustFor({ ...question, issuer: withoutEksSlash(question.issuer) }, defaultIdentityWebhook)

/** Judges as `evaluateTrust` does, and calls the annotations as the cluster's identity webhook does. */
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

/** What the trust rules say of a judgement. */
function findingsOf(
  { namespace, serviceAccount, issuer, audience, at }: TrustQuestion,
  judgement: TrustJudgement,
  settings: IdentityWebhookSettings
): Finding[] {
  const facts: Pick<Required<Facts>, TrustNeed> = {
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

  return evaluate(planFor(subject, settings), subject, facts, { at: at ?? new Date(0) }).findings // no annotations, no waivers that could expire
}
