import { exclusionsOf } from '../identity-webhook/coverage.js'
import { identityWebhooksOf } from '../model/webhook-configuration.js'
import { defineRule } from './define-rule.js'

export const identityWebhookMissesPods = defineRule({
  id: 'identity-webhook-misses-pods',
  summary: "The identity webhook's registration excludes pods that may need a role.",
  severity: 'error',
  on: ['MutatingWebhookConfiguration'],
  needs: [],
  check(configuration) {
    return identityWebhooksOf(configuration).flatMap((webhook) =>
      exclusionsOf(webhook).map(({ field, certainty, when }) => ({
        field: `webhooks[${webhook.index}].${field}`,
        message: `the API server does not call webhook ${webhook.name} ${when}; such pods start without their role`,
        fix:
          field === 'rules'
            ? 'put the rule for the creation of pods back'
            : `if such pods may need a role, take that out of ${field}`,
        ...(certainty === 'perhaps' && { atMost: 'warning' as const })
      }))
    )
  }
})
