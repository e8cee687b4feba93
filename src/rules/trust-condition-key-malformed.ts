import { quote } from '../text/escape.js'
import { defineRule } from './define-rule.js'
import { conditionsShown, roleNamed, trustProblem } from './trust-wording.js'

export const trustConditionKeyMalformed = defineRule({
  id: 'trust-condition-key-malformed',
  summary: "A condition uses a key that this cluster's tokens never carry.",
  severity: 'error',
  on: ['ServiceAccount'],
  needs: ['trust', 'identityWebhook'],
  check(account, { trust, identityWebhook }) {
    const { miss } = trust
    const [first, ...others] = miss?.kind === 'condition-key' ? miss.failed : []
    if (miss?.kind !== 'condition-key' || first === undefined) return

    const also = others.length === 0 ? '' : `; also ${conditionsShown(others)}`
    return trustProblem(
      trust,
      identityWebhook,
      `${roleNamed(account, identityWebhook)} requires a condition key that this cluster's tokens never carry: its statement ${miss.statement} has ${quote(first.key)}${first.difference === undefined ? '' : `: ${first.difference}`}${also}`,
      `write the key ${quote(miss.expected)}${miss.missingAudience === undefined ? '' : `, and add ${quote(miss.missingAudience)} with ${quote(trust.audience)} to the same statement`}`
    )
  }
})
