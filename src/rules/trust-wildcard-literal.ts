import { defineRule } from './define-rule.js'
import { conditionsShown, roleNamed, trustProblem } from './trust-wording.js'

/** A wildcard stands under an operator that takes it literally, so the value matches no token. */
export const trustWildcardLiteral = defineRule({
  id: 'trust-wildcard-literal',
  severity: 'error',
  on: ['ServiceAccount'],
  needs: ['trust', 'identityWebhook'],
  check(account, { trust, identityWebhook }) {
    const { miss } = trust
    if (miss?.kind !== 'literal-wildcard') return

    return trustProblem(
      identityWebhook,
      `${roleNamed(account, identityWebhook)} does not trust ${trust.subject}: in its statement ${miss.statement} ${conditionsShown(miss.failed)}`,
      'list the exact values, or use StringLike where a wildcard is meant'
    )
  }
})
