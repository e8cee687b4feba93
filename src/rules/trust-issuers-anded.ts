import { defineRule } from './define-rule.js'
import { conditionsShown, roleNamed, trustProblem } from './trust-wording.js'

export const trustIssuersAnded = defineRule({
  id: 'trust-issuers-anded',
  summary: 'A single statement requires the condition keys of two clusters at once.',
  severity: 'error',
  on: ['ServiceAccount'],
  needs: ['trust', 'identityWebhook'],
  check(account, { trust, identityWebhook }) {
    const { miss } = trust
    if (miss?.kind !== 'issuers-anded') return

    return trustProblem(
      identityWebhook,
      `${roleNamed(account, identityWebhook)} asks for tokens of two issuers at once: in its statement ${miss.statement} ${conditionsShown(miss.failed)}; all conditions of a statement must hold`,
      'give each cluster a statement of its own, with its provider and its keys'
    )
  }
})
