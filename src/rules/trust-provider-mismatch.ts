import { statementNamed } from '../model/statement-named.js'
import { quote } from '../text/escape.js'
import { splitArns } from '../trust-policy/provider.js'
import { defineRule } from './define-rule.js'
import { addStatement, roleNamed, subjectKeyOf, trustProblem } from './trust-wording.js'

export const trustProviderMismatch = defineRule({
  id: 'trust-provider-mismatch',
  summary: "The trust policy does not name this cluster's OIDC provider in the role's account.",
  severity: 'error',
  on: ['ServiceAccount'],
  needs: ['trust', 'identityWebhook'],
  check(account, { trust, identityWebhook }) {
    const { miss } = trust
    if (miss?.kind !== 'provider') return

    const isListed = splitArns(miss.found).includes(trust.provider)
    const also =
      miss.limits.subject === 'open'
        ? `, and add StringEquals on ${quote(subjectKeyOf(trust))} with ${quote(trust.subject)}`
        : ''

    return trustProblem(
      account,
      trust,
      identityWebhook,
      `${roleNamed(account, identityWebhook)} does not trust this cluster's OIDC provider: ${statementNamed(miss.statement)} of its trust policy names ${quote(miss.found)} (${miss.difference}); expected ${quote(trust.provider)}`,
      isListed
        ? `write "Principal": {"Federated": ${quote(trust.provider)}} in ${statementNamed(miss.statement)}, or list each ARN as a separate string${also}`
        : miss.isSpelling
          ? `write "Principal": {"Federated": ${quote(trust.provider)}} in ${statementNamed(miss.statement)}, and use the same issuer in its condition keys${also}`
          : addStatement(trust)
    )
  }
})
