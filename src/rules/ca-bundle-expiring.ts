import { diagnosisOf } from '../ca-bundle/webhook-bundle.js'
import { caBundleField, describeBundle } from '../model/webhook-configuration.js'
import { isInDate } from '../x509/certificate.js'
import { defineRule } from './define-rule.js'

export const caBundleExpiring = defineRule({
  id: 'ca-bundle-expiring',
  summary:
    "A certificate in a webhook's `caBundle` expires within 30 days, or has already expired next to one that is still valid.",
  severity: 'warning',
  on: ['MutatingWebhookConfiguration', 'ValidatingWebhookConfiguration'],
  needs: ['now'],
  check({ webhooks }, { now }) {
    return webhooks.flatMap((webhook) => {
      const { bundle, faults } = diagnosisOf(webhook, now)
      if (!bundle?.certificates.some((certificate) => isInDate(certificate, now))) return [] // ca-bundle-expired reports that

      const fault =
        faults.find(({ kind }) => kind === 'expiring') ?? faults.find(({ kind }) => kind === 'expired')
      if (fault === undefined) return []

      return {
        field: caBundleField(webhook),
        message: `${describeBundle(webhook)}: ${fault.message}`,
        fix: fault.fix
      }
    })
  }
})
