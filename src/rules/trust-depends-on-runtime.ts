import { quote } from '../text/escape.js'
import { defineRule } from './define-rule.js'
import { roleNamed, trustProblem } from './trust-wording.js'

export const trustDependsOnRuntime = defineRule({
  id: 'trust-depends-on-runtime',
  summary:
    'Whether the role admits the service account depends on the request itself: its source address, its time, or behavior that AWS does not document.',
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
      identityWebhook,
      `${roleNamed(account, identityWebhook)} might not admit ${trust.subject}: the result depends${keys}${open} (statement ${trust.statement ?? 0})`,
      'make sure that requests from the pods meet that condition, or remove it from the trust policy'
    )
  }
})
