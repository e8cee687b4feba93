import { isLasting } from '../ca-bundle/diagnose.js'
import { ownWebhooks } from '../ca-bundle/guarded-webhooks.js'
import { caInjectionsOf, isToBeInjected } from '../ca-bundle/injection.js'
import { diagnosisOf } from '../ca-bundle/webhook-bundle.js'
import {
  caBundleField,
  controlPlaneWebhooksOf,
  describeBundle,
  type Webhook,
  type WebhookConfigurationSubject
} from '../model/webhook-configuration.js'
import { isInDate } from '../x509/certificate.js'
import { defineRule } from './define-rule.js'

export const caBundleExpiring = defineRule({
  id: 'ca-bundle-expiring',
  summary:
    "A certificate in a webhook's `caBundle` expires within 30 days, or has already expired while another certificate in the bundle is still valid.",
  severity: 'warning',
  on: ['MutatingWebhookConfiguration', 'ValidatingWebhookConfiguration'],
  needs: ['now'],
  check(configuration, { now }) {
    if (isToBeInjected(configuration)) return

    return configuration.webhooks.flatMap((webhook) => {
      const { bundle, faults } = diagnosisOf(webhook, now)
      const certificates = bundle?.certificates ?? []
      if (!certificates.some((certificate) => isInDate(certificate, now))) return [] // ca-bundle-expired reports that

      const fault =
        faults.find(({ kind }) => kind === 'expiring') ?? faults.find(({ kind }) => kind === 'expired')
      if (fault === undefined) return []
      const isReplaced = certificates.some((certificate) => isLasting(certificate, now))

      return {
        field: caBundleField(webhook),
        message: `${describeBundle(webhook)}: ${fault.message}`,
        fix: isReplaced ? fault.fix : fixOf(webhook, configuration),
        ...(isReplaced && { atMost: 'info' as const }) // normal after a rotation
      }
    })
  }
})

/**
 * How the next CA gets into a bundle. For a guarded webhook, the caBundle policy can deny any bundle that the
 * controller has not published as accepted.
 */
function fixOf(webhook: Webhook, configuration: WebhookConfigurationSubject): string {
  if (controlPlaneWebhooksOf(configuration).includes(webhook))
    return 'once the cluster has its next CA, write all current cluster CAs to the bundle; irsa-guard ca --bundle FILE --cluster-ca FILE --fix prints the patch'
  const [injection] = caInjectionsOf(configuration.annotations)
  if (injection === undefined && ownWebhooks.some((own) => own === webhook.name))
    return 'check that irsa-guard-controller is running, because it renews the CA and the bundle; if tls.managed is false, renew both yourself'

  return injection === undefined
    ? 'add the next CA certificate before the current one expires'
    : `renew the CA that ${injection.annotation} refers to; ${injection.injector} then fills in the bundle`
}
