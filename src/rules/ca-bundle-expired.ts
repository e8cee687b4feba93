import { isToBeInjected } from '../ca-bundle/injection.js'
import { diagnosisOf } from '../ca-bundle/webhook-bundle.js'
import { caBundleField, describeBundle } from '../model/webhook-configuration.js'
import { isInDate } from '../x509/certificate.js'
import { defineRule } from './define-rule.js'

export const caBundleExpired = defineRule({
  id: 'ca-bundle-expired',
  summary: "No certificate in a webhook's `caBundle` is currently valid.",
  severity: 'error',
  policy: 'denies if guarded',
  on: ['MutatingWebhookConfiguration', 'ValidatingWebhookConfiguration'],
  needs: ['now'],
  check(configuration, { now }) {
    if (isToBeInjected(configuration)) return

    return configuration.webhooks.flatMap((webhook) => {
      const { bundle, faults } = diagnosisOf(webhook, now)
      const certificates = bundle?.certificates ?? []
      if (certificates.length === 0 || certificates.some((certificate) => isInDate(certificate, now)))
        return []

      const causes = faults
        .filter(({ kind }) => kind === 'expired' || kind === 'not-yet-valid')
        .map(({ message }) => message)

      return {
        field: caBundleField(webhook),
        message: `no certificate in ${describeBundle(webhook)} is currently valid: ${causes.join('; ')}`,
        fix: 'replace it with the current CA certificate'
      }
    })
  }
})
