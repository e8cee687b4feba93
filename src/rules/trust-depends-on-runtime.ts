import { quote } from '../text/escape.js'
import { defineRule } from './define-rule.js'
import { roleNamed, trustProblem } from './trust-wording.js'

export const trustDependsOnRuntime = defineRule({
  id: 'trust-depends-on-runtime',
  summary:
    'The role admits the service account only under conditions that cannot be checked in advance, such as the source address or the time of the request.',
  severity: 'warning',
  on: ['ServiceAccount'],
  needs: ['trust', 'identityWebhook'],
  check(account, { trust, identityWebhook }) {
    if (trust.verdict !== 'depends') return

    const keys =
      trust.dependsOn.length === 0 ? '' : ` on ${trust.dependsOn.slice(0, 10).map(quote).join(', ')}`
    const open =
      trust.undocumented.length === 0
        ? ''
        : `${keys === '' ? '' : ' and'} on behavior that AWS does not document: ${trust.undocumented.join(', ')}`
    return trustProblem(
      trust,
      identityWebhook,
      `${roleNamed(account, identityWebhook)} might not admit ${trust.subject}: the result depends${keys}${open} (statement ${trust.statement ?? 0})`,
      'make sure that requests from the pods meet that condition'
    )
  }
})
