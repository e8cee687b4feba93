import { quote } from '../text/escape.js'
import { defineRule } from './define-rule.js'
import { conditionsShown, roleNamed, subjectKeyOf, trustProblem } from './trust-wording.js'

export const trustConditionUnmeetable = defineRule({
  id: 'trust-condition-unmeetable',
  summary:
    'A condition requires something that no pod can provide: an external ID, MFA, an organization, or a date in the past.',
  severity: 'error',
  on: ['ServiceAccount'],
  needs: ['trust', 'identityWebhook'],
  check(account, { trust, identityWebhook }) {
    const { miss } = trust
    if (miss?.kind !== 'unmeetable') return

    return trustProblem(
      trust,
      identityWebhook,
      `${roleNamed(account, identityWebhook)} requires something that no pod can provide: in its statement ${miss.statement}, ${conditionsShown(miss.failed)}`,
      miss.limits.subject !== 'open'
        ? `remove that condition from statement ${miss.statement}, which still admits only the subjects that it names`
        : `replace that condition with StringEquals on ${quote(subjectKeyOf(trust))} with ${quote(trust.subject)}`
    )
  }
})
