import { statementNamed } from '../model/statement-named.js'
import { quote } from '../text/escape.js'
import { defineRule } from './define-rule.js'
import { roleNamed, subjectKeyOf, trustProblem } from './trust-wording.js'

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
    // Correcting the key limits the subject, too.
    if (trust.miss?.kind === 'condition-key' && trust.miss.statement === found.statement) return

    const lacks = found.kind === 'no-subject' ? 'has no condition on :sub' : 'only excludes some subjects'
    const whom =
      found.provider === undefined
        ? 'every service account in the cluster'
        : `every identity from OIDC provider ${found.provider}`
    const fix =
      found.provider === undefined
        ? `add a StringEquals condition on ${quote(subjectKeyOf(trust))} with ${quote(trust.subject)} to that statement`
        : 'add a StringEquals condition on the :sub key of that provider to that statement'
    return trustProblem(
      account,
      trust,
      identityWebhook,
      `${whom} can assume ${roleNamed(account, identityWebhook)}: its ${statementNamed(found.statement)} ${lacks}`,
      fix
    )
  }
})
