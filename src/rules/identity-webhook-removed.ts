import {
  describeAddress,
  identityWebhookNames,
  identityWebhooksOf,
  webhooksNamed
} from '../model/webhook-configuration.js'
import { defineRule } from './define-rule.js'

export const identityWebhookRemoved = defineRule({
  id: 'identity-webhook-removed',
  summary: 'An update removes or renames an identity webhook, or points it to a different address.',
  severity: 'warning',
  policy: 'warns',
  visibleIn: 'updates',
  on: ['MutatingWebhookConfiguration'],
  needs: [],
  check(configuration) {
    const { oldWebhooks = [] } = configuration
    const now = identityWebhooksOf(configuration)

    return identityWebhookNames.flatMap((name) => {
      const [old] = webhooksNamed(oldWebhooks, name)
      if (old === undefined) return []
      const address = describeAddress(old)
      const [same] = webhooksNamed(now, name)
      if (same !== undefined) {
        return describeAddress(same) === address
          ? []
          : {
              field: `webhooks[${same.index}].clientConfig`,
              message: `this update moves webhook ${old.name} from ${address} to ${describeAddress(same)}; if nothing answers there, new pods run without their role`,
              fix: 'if this is not intended, restore the address'
            }
      }
      // Another identity webhook at the same address does the same work.
      if (now.some((webhook) => describeAddress(webhook) === address)) return []

      const renamed = configuration.webhooks.find((webhook) => describeAddress(webhook) === address)
      return {
        field: renamed === undefined ? 'webhooks' : `webhooks[${renamed.index}].name`,
        message:
          renamed === undefined
            ? `this update removes identity webhook ${old.name} (${address}); new pods will run without their role`
            : `this update renames identity webhook ${old.name} to ${renamed.name}, a name that irsa-guard does not recognize or guard`,
        fix: 'if this is not intended, restore the webhook'
      }
    })
  }
})
