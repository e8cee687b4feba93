import { statementNamed } from '../model/statement-named.js'
import { quote } from '../text/escape.js'
import { defineRule } from './define-rule.js'
import { conditionsShown, roleNamed, trustProblem } from './trust-wording.js'

export const trustWildcardLiteral = defineRule({
  id: 'trust-wildcard-literal',
  summary: 'A wildcard is used with an operator that compares it literally.',
  severity: 'error',
  on: ['ServiceAccount'],
  needs: ['trust', 'identityWebhook'],
  check(account, { trust, identityWebhook }) {
    const { miss } = trust
    if (miss?.kind !== 'literal-wildcard') return

    return trustProblem(
      account,
      trust,
      identityWebhook,
      `${roleNamed(account, identityWebhook)} does not trust ${trust.subject}: in its ${statementNamed(miss.statement)}, ${conditionsShown(miss.failed)}`,
      `write the exact value in that condition: ${quote(miss.failed[0]?.actual ?? trust.subject)}`
    )
  }
})
