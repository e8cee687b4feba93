import { quote } from '../text/escape.js'
import { awsKeyMeant } from '../trust-policy/context.js'
import type { DecidingCondition } from '../trust-policy/miss.js'
import { defineRule } from './define-rule.js'
import { roleNamed, trustProblem, valuesShown } from './trust-wording.js'

export const trustExplicitDeny = defineRule({
  id: 'trust-explicit-deny',
  summary: 'A `Deny` statement in the trust policy applies to the service account.',
  severity: 'error',
  on: ['ServiceAccount'],
  needs: ['trust', 'identityWebhook'],
  check(account, { trust, identityWebhook }) {
    const { miss } = trust
    if (miss?.kind !== 'explicit-deny') return

    const because = miss.conditions.map(conditionHolds).join(', and ')
    const listed = miss.conditions.find(({ key, isNegated }) => isNegated && /:sub$/i.test(key))
    const problem = trustProblem(
      trust,
      identityWebhook,
      `${roleNamed(account, identityWebhook)} rejects ${trust.subject}: the Deny in its statement ${miss.statement} applies${because === '' ? '' : `, because ${because}`}`,
      listed === undefined
        ? `point the annotation to another role; if this service account should have ${roleNamed(account, identityWebhook)}, exempt it from that Deny`
        : `add ${quote(trust.subject)} to the values of ${listed.operator} in that Deny, or point the annotation to another role`
    )

    // A key that AWS does not document today may be new and may be present in the request.
    const isUndocumented = miss.conditions.some(({ key }) => awsKeyMeant(key.toLowerCase()) !== undefined)
    return isUndocumented ? { ...problem, atAdmission: 'warning' } : problem
  }
})

function conditionHolds({ operator, key, wanted, actual, isAbsent }: DecidingCondition): string {
  const has = isAbsent ? 'is missing from the request' : 'matches with any value'

  return `${quote(key)} ${actual === undefined ? has : `is ${quote(actual)}`} (${operator} ${valuesShown(wanted)})`
}
