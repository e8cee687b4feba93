import { statementNamed } from '../model/statement-named.js'
import { defineRule } from './define-rule.js'
import { addStatement, conditionsShown, roleNamed, trustProblem } from './trust-wording.js'

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
      account,
      trust,
      identityWebhook,
      `${roleNamed(account, identityWebhook)} requires tokens from two issuers at once: in its ${statementNamed(miss.statement)}, ${conditionsShown(miss.failed)}; all conditions in a statement must match`,
      `write a separate statement for each cluster, with its own provider and keys; for this cluster, ${addStatement(trust)}`
    )
  }
})
