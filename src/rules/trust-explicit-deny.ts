import { quote } from '../text/escape.js'
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

    const because = miss.conditions.map(conditionHolds).join(' and ')
    return trustProblem(
      identityWebhook,
      `${roleNamed(account, identityWebhook)} refuses ${trust.subject}: its statement ${miss.statement} is a Deny that holds${because === '' ? '' : ` because ${because}`}`,
      'narrow that Deny so that it leaves this service account out, or point the annotation at another role'
    )
  }
})

function conditionHolds({ operator, key, wanted, actual, isAbsent }: DecidingCondition): string {
  const open = isAbsent ? 'which the request lacks' : 'whatever it is'

  return `${operator} ${quote(key)} ${valuesShown(wanted)} holds for the key, ${actual === undefined ? open : `which is ${quote(actual)}`}`
}
