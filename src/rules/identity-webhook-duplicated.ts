import { describeAddress, identityWebhooksOf } from '../model/webhook-configuration.js'
import { defineRule } from './define-rule.js'

export const identityWebhookDuplicated = defineRule({
  id: 'identity-webhook-duplicated',
  summary: 'The API server sends pods to more than one identity webhook.',
  severity: 'warning',
  policy: 'warns',
  on: ['MutatingWebhookConfiguration'],
  needs: ['identityWebhooks'],
  check(configuration, { identityWebhooks }) {
    const [first, ...others] = identityWebhooks
    const [own] = identityWebhooksOf(configuration)
    if (first === undefined || others.length === 0 || own === undefined) return

    const list = identityWebhooks
      .slice(0, maxShown)
      .map((one) => `${one.webhook.name} in ${one.configuration} (${describeAddress(one.webhook)})`)
    const more = identityWebhooks.length > maxShown ? ` and ${identityWebhooks.length - maxShown} more` : ''

    return {
      field: `webhooks[${own.index}].name`,
      message: `the API server sends pods to ${identityWebhooks.length} identity webhooks: ${list.join(', then ')}${more}; if they read the same annotations, the variables set by the first one win`,
      fix: 'keep only one; on EKS, keep iam-for-pods.amazonaws.com, which EKS runs'
    }
  }
})

const maxShown = 5
