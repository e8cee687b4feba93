import { defineRule } from './define-rule.js'
import { conditionsShown, roleNamed, trustProblem } from './trust-wording.js'

/** One statement asks for the keys of several clusters at once, and a token comes from one. */
export const trustIssuersAnded = defineRule({
  id: 'trust-issuers-anded',
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
