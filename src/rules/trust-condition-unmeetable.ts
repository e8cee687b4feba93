import type { IdentityWebhookSettings } from '../identity-webhook/settings.js'
import type { Problem } from '../model/finding.js'
import { statementNamed } from '../model/statement-named.js'
import { quote } from '../text/escape.js'
import type { TrustJudgement } from '../trust-policy/judge.js'
import type { PodIdentityJudgement } from '../trust-policy/pod-identity/judge.js'
import { defineRule } from './define-rule.js'
import {
  associationKinds,
  type AssociationOwner,
  associationProblem,
  associationShown,
  failedShown,
  fixOf,
  missOf,
  roleOf
} from './pod-identity-wording.js'
import { conditionsShown, roleNamed, subjectKeyOf, trustProblem } from './trust-wording.js'

export const trustConditionUnmeetable = defineRule({
  id: 'trust-condition-unmeetable',
  summary:
    'A condition requires something that no pod can provide: an external ID, MFA, an organization, or a date in the past.',
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
  if (miss?.kind !== 'unmeetable') return undefined

  const isOpen = miss.limits.subject === 'open'
  const subject = `StringEquals on ${quote(subjectKeyOf(trust))} with ${quote(trust.subject)}`
  const keys = miss.failed.flatMap(({ expected }) => expected ?? [])
  const isMisspelled = keys.length === miss.failed.length
  const fix = isMisspelled
    ? `write the key ${keys.map(quote).join(' and ')}${isOpen ? `, and add ${subject}` : ''}`
    : isOpen
      ? `replace that condition with ${subject}`
      : `remove that condition from ${statementNamed(miss.statement)}, whose other conditions admit only the subjects that they name`
  const problem = trustProblem(
    account,
    trust,
    identityWebhook,
    `${roleNamed(account, identityWebhook)} requires something that no pod can provide: in its ${statementNamed(miss.statement)}, ${conditionsShown(miss.failed)}`,
    fix
  )

  // A key that AWS does not document today may be new.
  return [isMisspelled ? { ...problem, atAdmission: 'warning' } : problem]
}

function podIdentityProblem(
  account: AssociationOwner,
  trust: PodIdentityJudgement | undefined
): Problem[] | undefined {
  const denied = missOf(trust, 'unmeetable')
  if (denied === undefined) return undefined

  const { caller, miss } = denied
  return [
    associationProblem(
      account,
      `${roleOf(caller)} requires something of ${associationShown(caller)} that EKS cannot provide: in its ${statementNamed(miss.statement)}, ${failedShown(miss.failed)}`,
      fixOf(denied)
    )
  ]
}
