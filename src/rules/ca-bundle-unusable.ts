import { diagnosisOf } from '../ca-bundle/webhook-bundle.js'
import { caBundleField, describeBundle } from '../model/webhook-configuration.js'
import { defineRule } from './define-rule.js'

/**
 * The API server reads no certificate from the bundle, so every call of the webhook fails; with failurePolicy
 * Ignore, silently.
 */
export const caBundleUnusable = defineRule({
  id: 'ca-bundle-unusable',
  severity: 'error',
  on: ['MutatingWebhookConfiguration', 'ValidatingWebhookConfiguration'],
  needs: ['now'],
  check({ webhooks }, { now }) {
    return webhooks.flatMap((webhook) => {
      const { unusable, faults } = diagnosisOf(webhook, now)
      if (unusable === undefined) return []

      const causes = faults.map(({ message }) => message).join('; ')

      return {
        field: caBundleField(webhook),
        message: `the API server reads no certificate from ${describeBundle(webhook)}: ${causes || unusable}`,
        fix: faults[0]?.fix ?? 'put the certificate of the CA there, as PEM in base64'
      }
    })
  }
})
