import type { Problem } from '../model/finding.js'
import { statementNamed } from '../model/statement-named.js'
import { quote } from '../text/escape.js'
import type { TrustJudgement } from '../trust-policy/judge.js'
import { type PodIdentityJudgement, untagged } from '../trust-policy/pod-identity/judge.js'
import { defineRule } from './define-rule.js'
import {
  associationKinds,
  type AssociationOwner,
  associationProblem,
  associationShown,
  roleOf
} from './pod-identity-wording.js'
import { roleNamed, trustProblem } from './trust-wording.js'

export const trustDependsOnRuntime = defineRule({
  id: 'trust-depends-on-runtime',
  summary:
    'The role admits the service account only under conditions that cannot be checked in advance, such as the source address or the time of the request.',
  severity: 'warning',
  on: associationKinds,
  needs: ['identityWebhook'],
  either: ['trust', 'podIdentityTrust', 'targetTrust'],
  check(account, { trust, podIdentityTrust, targetTrust, identityWebhook }) {
    const problems = [podIdentityTrust, targetTrust].flatMap(
      (judgement) => problemOf(account, judgement) ?? []
    )
    if (trust?.verdict === 'depends')
      problems.push(
        trustProblem(
          account,
          trust,
          identityWebhook,
          `${roleNamed(account, identityWebhook)} might not admit ${trust.subject}: ${reasonOf(trust)}`,
          'make sure that requests from the pods meet that condition'
        )
      )

    return problems
  }
})

function problemOf(
  account: AssociationOwner,
  judgement: PodIdentityJudgement | undefined
): Problem | undefined {
  if (judgement?.verdict !== 'depends' || judgement.caller === undefined) return undefined
  const { caller } = judgement

  return associationProblem(
    account,
    `${roleOf(caller)} might not admit ${associationShown(caller)}: ${reasonOf(judgement)}`,
    fixOf(judgement)
  )
}

function fixOf({ dependsOn, undocumented }: PodIdentityJudgement): string {
  if (!undocumented.includes(untagged)) return 'make sure that the requests from EKS meet that condition'
  if (dependsOn.length === 0)
    return 'allow sts:TagSession as well, as the examples in the AWS documentation do'

  return dependsOn.every((key) => /^sts:externalid$/i.test(key))
    ? 'allow sts:TagSession in a statement of its own, without "sts:ExternalId", as the examples in the AWS documentation do'
    : 'make sure that the requests from EKS meet that condition, for sts:TagSession as well'
}

/** What the result depends on. */
function reasonOf({
  dependsOn,
  undocumented,
  statement
}: Pick<TrustJudgement, 'dependsOn' | 'undocumented' | 'statement'>): string {
  const keys = dependsOn.length === 0 ? '' : ` on ${dependsOn.slice(0, 10).map(quote).join(', ')}`
  const open =
    undocumented.length === 0
      ? ''
      : `${keys === '' ? '' : ' and'} on behavior that AWS does not document: ${undocumented.join(', ')}`

  return `the result depends${keys}${open} (${statementNamed(statement)})`
}
