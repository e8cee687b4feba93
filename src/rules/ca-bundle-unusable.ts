import { isToBeInjected } from '../ca-bundle/injection.js'
import { diagnosisOf } from '../ca-bundle/webhook-bundle.js'
import { caBundleField, describeBundle, identityWebhookNames } from '../model/webhook-configuration.js'
import { defineRule } from './define-rule.js'

export const caBundleUnusable = defineRule({
  id: 'ca-bundle-unusable',
  summary: "The API server cannot read any certificate in a webhook's `caBundle`.",
  severity: 'error',
  policy: 'warns (denies if guarded)',
  on: ['MutatingWebhookConfiguration', 'ValidatingWebhookConfiguration'],
  needs: ['now'],
  check(configuration, { now }) {
    const { webhooks, stage } = configuration

    return webhooks.flatMap((webhook) => {
      const { bundle, unusable, faults } = diagnosisOf(webhook, now)
      if (unusable === undefined) return []
      // The injector will replace the bundle. A bundle that is not base64 is still reported, because the API
      // server rejects the object.
      if (bundle !== undefined && isToBeInjected(configuration)) return []

      const causes = faults.map(({ message }) => message).join('; ')

      return {
        field: caBundleField(webhook),
        message: `the API server cannot read any certificate in ${describeBundle(webhook)}: ${causes || unusable}`,
        fix: faults[0]?.fix ?? 'replace it with the base64-encoded PEM certificate of the CA',
        // Some controllers fill in the bundle of their own webhook, without an annotation.
        ...(bundle?.text.trim() === '' &&
          stage !== 'running' &&
          !identityWebhookNames.includes(webhook.name) && { atMost: 'info' as const })
      }
    })
  }
})
