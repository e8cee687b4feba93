import { exclusionsOf } from '../identity-webhook/coverage.js'
import { identityWebhooksOf } from '../model/webhook-configuration.js'
import { defineRule } from './define-rule.js'

export const identityWebhookMissesPods = defineRule({
  id: 'identity-webhook-misses-pods',
  summary: "The identity webhook's registration excludes pods that may need a role.",
  severity: 'error',
  policy: 'warns',
  on: ['MutatingWebhookConfiguration'],
  needs: [],
  check(configuration) {
    return identityWebhooksOf(configuration).flatMap((webhook) =>
      exclusionsOf(webhook).map(({ field, certainty, when }) => ({
        field: `webhooks[${webhook.index}].${field}`,
        message: `the API server does not call webhook ${webhook.name} ${when}; these pods start without their role`,
        fix:
          field === 'rules'
            ? 'restore the rule for the CREATE operation on pods'
            : `if these pods may need a role, remove the restriction from ${field}`,
        ...(certainty === 'perhaps' && { atMost: 'warning' as const })
      }))
    )
  }
})
