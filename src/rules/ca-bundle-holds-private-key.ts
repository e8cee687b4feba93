import { diagnosisOf } from '../ca-bundle/webhook-bundle.js'
import { caBundleField, describeBundle } from '../model/webhook-configuration.js'
import { defineRule } from './define-rule.js'

export const caBundleHoldsPrivateKey = defineRule({
  id: 'ca-bundle-holds-private-key',
  summary: "A webhook's `caBundle` contains a private key.",
  severity: 'warning',
  policy: 'warns (denies if guarded)',
  on: ['MutatingWebhookConfiguration', 'ValidatingWebhookConfiguration'],
  needs: ['now'],
  check({ webhooks }, { now }) {
    return webhooks.flatMap((webhook) => {
      const fault = diagnosisOf(webhook, now).faults.find(({ kind }) => kind === 'private-key')
      if (fault === undefined) return []

      return {
        field: caBundleField(webhook),
        message: `${describeBundle(webhook)}: ${fault.message}`,
        fix: fault.fix
      }
    })
  }
})
