import { statementNamed } from '../model/statement-named.js'
import { quote } from '../text/escape.js'
import { defineRule } from './define-rule.js'
import { audienceKeyOf, roleNamed, trustProblem } from './trust-wording.js'

export const trustAudienceUnchecked = defineRule({
  id: 'trust-audience-unchecked',
  summary: 'The trust policy does not check the audience.',
  severity: 'warning',
  on: ['ServiceAccount'],
  needs: ['trust', 'identityWebhook'],
  check(account, { trust, identityWebhook }) {
    const found = trust.breadth.find(({ kind }) => kind === 'no-audience')
    if (found === undefined) return

    return trustProblem(
      account,
      trust,
      identityWebhook,
      `${roleNamed(account, identityWebhook)} accepts tokens with any audience: its ${statementNamed(found.statement)} does not restrict :aud`,
      `add a StringEquals condition on ${quote(audienceKeyOf(trust))} with ${quote(trust.audience)} to that statement`
    )
  }
})
