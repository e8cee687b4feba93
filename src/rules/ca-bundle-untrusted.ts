import { clusterStandingOf } from '../ca-bundle/webhook-bundle.js'
import { caBundleField, controlPlaneWebhooksOf, describeBundle } from '../model/webhook-configuration.js'
import { defineRule } from './define-rule.js'

/**
 * The identity webhook serves a certificate of the cluster CA, and the bundle trusts another: no pod gets its
 * role any more.
 */
export const caBundleUntrusted = defineRule({
  id: 'ca-bundle-untrusted',
  severity: 'error',
  on: ['MutatingWebhookConfiguration', 'ValidatingWebhookConfiguration'],
  needs: ['clusterCa', 'now'],
  check(configuration, { clusterCa, now }) {
    return controlPlaneWebhooksOf(configuration).flatMap((webhook) => {
      const { state, because } = clusterStandingOf(webhook, clusterCa, now)
      if (state !== 'foreign') return []

      return {
        field: caBundleField(webhook),
        message: `${describeBundle(webhook)} trusts another CA than the cluster's, so the API server will not call it: ${because}`,
        fix: 'put the cluster CA there; irsa-guard ca --bundle FILE --cluster-ca FILE --fix prints the patch'
      }
    })
  }
})
