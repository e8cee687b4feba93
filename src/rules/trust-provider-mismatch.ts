import { quote } from '../text/escape.js'
import { defineRule } from './define-rule.js'
import { addStatement, roleNamed, trustProblem } from './trust-wording.js'

export const trustProviderMismatch = defineRule({
  id: 'trust-provider-mismatch',
  summary: "The trust policy does not name this cluster's OIDC provider in the role's account.",
  severity: 'error',
  on: ['ServiceAccount'],
  needs: ['trust', 'identityWebhook'],
  check(account, { trust, identityWebhook }) {
    const { miss } = trust
    if (miss?.kind !== 'provider') return

    return trustProblem(
      trust,
      identityWebhook,
      `${roleNamed(account, identityWebhook)} does not trust this cluster's OIDC provider: its statement ${miss.statement} names ${quote(miss.found)}; expected ${quote(trust.provider)}: ${miss.difference}`,
      miss.isSpelling
        ? `write "Principal": {"Federated": ${quote(trust.provider)}} in statement ${miss.statement}, and use the same issuer in its condition keys`
        : addStatement(trust)
    )
  }
})
