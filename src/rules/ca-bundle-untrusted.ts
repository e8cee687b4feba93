import { assessClusterBundle } from '../ca-bundle/webhook-bundle.js'
import { caBundleField, controlPlaneWebhooksOf, describeBundle } from '../model/webhook-configuration.js'
import { defineRule } from './define-rule.js'

export const caBundleUntrusted = defineRule({
  id: 'ca-bundle-untrusted',
  summary: 'The `caBundle` of a control-plane identity webhook does not contain the cluster CA.',
  severity: 'error',
  policy: 'denies',
  on: ['MutatingWebhookConfiguration', 'ValidatingWebhookConfiguration'],
  needs: ['clusterCa', 'now'],
  check(configuration, { clusterCa, now }) {
    return controlPlaneWebhooksOf(configuration).flatMap((webhook) => {
      const { state, because } = assessClusterBundle(webhook, clusterCa, now)
      if (state !== 'foreign') return []

      return {
        field: caBundleField(webhook),
        message: `${describeBundle(webhook)} does not contain the cluster CA, so the API server's calls to it fail: ${because}`,
        fix: 'write the cluster CA to the bundle; irsa-guard ca --bundle FILE --cluster-ca FILE --fix prints the patch'
      }
    })
  }
})
