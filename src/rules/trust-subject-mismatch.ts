import { quote } from '../text/escape.js'
import { defineRule } from './define-rule.js'
import { conditionsShown, roleNamed, trustProblem } from './trust-wording.js'

export const trustSubjectMismatch = defineRule({
  id: 'trust-subject-mismatch',
  summary: 'The role trusts other service accounts, but not this one.',
  severity: 'error',
  on: ['ServiceAccount'],
  needs: ['trust', 'identityWebhook'],
  check(account, { trust, identityWebhook }) {
    const { miss } = trust
    if (miss?.kind !== 'subject') return

    return trustProblem(
      identityWebhook,
      `${roleNamed(account, identityWebhook)} does not trust ${trust.subject}: in its statement ${miss.statement}, ${conditionsShown(miss.failed)}`,
      `add ${quote(trust.subject)} to that condition, or point the annotation to a role for this service account`
    )
  }
})
