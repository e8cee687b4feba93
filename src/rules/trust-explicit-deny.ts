import type { IdentityWebhookSettings } from '../identity-webhook/settings.js'
import type { Problem } from '../model/finding.js'
import { statementNamed } from '../model/statement-named.js'
import { quote } from '../text/escape.js'
import { awsKeyMeant } from '../trust-policy/context.js'
import type { TrustJudgement } from '../trust-policy/judge.js'
import type { DecidingCondition } from '../trust-policy/miss.js'
import type { PodIdentityJudgement } from '../trust-policy/pod-identity/judge.js'
import { defineRule } from './define-rule.js'
import {
  associationKinds,
  type AssociationOwner,
  associationProblem,
  associationShown,
  missOf,
  roleOf
} from './pod-identity-wording.js'
import { roleNamed, trustProblem, valuesShown } from './trust-wording.js'

export const trustExplicitDeny = defineRule({
  id: 'trust-explicit-deny',
  summary: 'A `Deny` statement in the trust policy applies to the service account.',
  severity: 'error',
  on: associationKinds,
  needs: ['identityWebhook'],
  either: ['trust', 'podIdentityTrust'],
  check(account, { trust, podIdentityTrust, identityWebhook }) {
    return [
      ...(trust === undefined ? [] : (webIdentityProblem(account, trust, identityWebhook) ?? [])),
      ...(podIdentityProblem(account, podIdentityTrust) ?? [])
    ]
  }
})

function webIdentityProblem(
  account: AssociationOwner,
  trust: TrustJudgement,
  identityWebhook: IdentityWebhookSettings
): Problem[] | undefined {
  const { miss } = trust
  if (miss?.kind !== 'explicit-deny') return undefined

  const because = becauseOf(miss.conditions)
  const listed = miss.conditions.find(({ key, isNegated }) => isNegated && /:sub$/i.test(key))
  const problem = trustProblem(
    account,
    trust,
    identityWebhook,
    `${roleNamed(account, identityWebhook)} rejects ${trust.subject}: the Deny in its ${statementNamed(miss.statement)} applies${because}`,
    listed === undefined
      ? `point the annotation at another role; if this service account should have ${roleNamed(account, identityWebhook)}, exempt it from that Deny`
      : `add ${quote(trust.subject)} to the values of ${listed.operator} in that Deny, or point the annotation at another role`
  )

  // A key that AWS does not document today may be a new one that the request contains.
  const isUndocumented = miss.conditions.some(({ key }) => awsKeyMeant(key.toLowerCase()) !== undefined)
  return [isUndocumented ? { ...problem, atAdmission: 'warning' } : problem]
}

function podIdentityProblem(
  account: AssociationOwner,
  trust: PodIdentityJudgement | undefined
): Problem[] | undefined {
  const denied = missOf(trust, 'explicit-deny')
  if (denied === undefined) return undefined

  const { caller, miss } = denied
  return [
    associationProblem(
      account,
      `${roleOf(caller)} rejects ${associationShown(caller)}: the Deny in its ${statementNamed(miss.statement)} applies to ${miss.action}${becauseOf(miss.conditions)}`,
      miss.conditions.some(({ key }) => /^aws:principal/i.test(key))
        ? 'exempt AWS services from that Deny, for example with BoolIfExists "aws:PrincipalIsAWSService" "false", or give the association a different role'
        : 'exempt the association from that Deny, or give it a different role'
    )
  ]
}

function becauseOf(conditions: readonly DecidingCondition[]): string {
  const because = conditions.map(conditionHolds).join(', and ')

  return because === '' ? '' : `, because ${because}`
}

function conditionHolds({ operator, key, wanted, actual, isAbsent }: DecidingCondition): string {
  const has = isAbsent ? 'is missing from the request' : 'matches with any value'

  return `${quote(key)} ${actual === undefined ? has : `is ${quote(actual)}`} (${operator} ${valuesShown(wanted)})`
}
