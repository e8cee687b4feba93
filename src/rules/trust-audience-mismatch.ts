import { quote } from '../model/text.js'
import { defineRule } from './define-rule.js'
import { conditionsShown, roleNamed, trustProblem } from './trust-wording.js'

/** The role wants another audience than the one in the tokens of this service account. */
export const trustAudienceMismatch = defineRule({
  id: 'trust-audience-mismatch',
  severity: 'error',
  on: ['ServiceAccount'],
  needs: ['trust'],
  check(account, { trust }) {
    const { miss } = trust
    if (miss?.kind !== 'audience') return

    return trustProblem(
      `${roleNamed(account)} wants another audience: in its statement ${miss.statement} ${conditionsShown(miss.failed)}`,
      `put ${quote(trust.audience)} into that condition, or set the annotation eks.amazonaws.com/audience to what the role wants`
    )
  }
})
