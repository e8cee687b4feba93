import { diagnosisOf } from '../ca-bundle/webhook-bundle.js'
import { caBundleField, describeBundle } from '../model/webhook-configuration.js'
import { defineRule } from './define-rule.js'

export const caBundleUnusable = defineRule({
  id: 'ca-bundle-unusable',
  summary: "The API server cannot read any certificate in a webhook's `caBundle`.",
  severity: 'error',
  policy: 'warns (denies if guarded)',
  on: ['MutatingWebhookConfiguration', 'ValidatingWebhookConfiguration'],
  needs: ['now'],
  check({ webhooks }, { now }) {
    return webhooks.flatMap((webhook) => {
      const { unusable, faults } = diagnosisOf(webhook, now)
      if (unusable === undefined) return []

      const causes = faults.map(({ message }) => message).join('; ')

      return {
        field: caBundleField(webhook),
        message: `the API server cannot read any certificate in ${describeBundle(webhook)}: ${causes || unusable}`,
        fix: faults[0]?.fix ?? 'replace it with the base64-encoded PEM certificate of the CA'
      }
    })
  }
})
