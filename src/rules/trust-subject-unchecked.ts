import { quote } from '../text/escape.js'
import { defineRule } from './define-rule.js'
import { roleNamed, trustProblem } from './trust-wording.js'

export const trustSubjectUnchecked = defineRule({
  id: 'trust-subject-unchecked',
  summary:
    'The trust policy does not limit which service accounts can assume the role, or only excludes some.',
  severity: 'warning',
  on: ['ServiceAccount'],
  needs: ['trust', 'identityWebhook'],
  check(account, { trust, identityWebhook }) {
    const found = trust.breadth.find(({ kind }) => kind === 'no-subject' || kind === 'negated-subject')
    if (found === undefined) return

    const lacks = found.kind === 'no-subject' ? 'has no condition on :sub' : 'only excludes some subjects'
    return trustProblem(
      identityWebhook,
      `every service account of the cluster can assume ${roleNamed(account, identityWebhook)}: its statement ${found.statement} ${lacks}`,
      `add a StringEquals condition on <issuer>:sub with ${quote(trust.subject)} to that statement`
    )
  }
})
