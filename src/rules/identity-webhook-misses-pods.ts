import { exclusionsOf } from '../identity-webhook/coverage.js'
import { identityWebhooksOf } from '../model/webhook-configuration.js'
import { defineRule } from './define-rule.js'

/** The identity webhook is registered in a way that the API server does not call it for pods that need it. */
export const identityWebhookMissesPods = defineRule({
  id: 'identity-webhook-misses-pods',
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
