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
        message: `${describeBundle(webhook)} trusts another CA than the cluster's, so the API server will not call it: ${because}`,
        fix: 'put the cluster CA there; irsa-guard ca --bundle FILE --cluster-ca FILE --fix prints the patch'
      }
    })
  }
})
