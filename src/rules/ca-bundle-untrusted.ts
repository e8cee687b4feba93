import { isToBeInjected } from '../ca-bundle/injection.js'
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
      if (state === 'absent' && !isToBeInjected(configuration)) {
        return {
          field: caBundleField(webhook),
          message: `${describeBundle(webhook)} is empty, so the API server trusts only the root CAs of its host; its calls to this webhook fail, because the cluster CA signs the webhook's certificate`,
          fix
        }
      }
      if (state !== 'foreign') return []

      return {
        field: caBundleField(webhook),
        message: `${describeBundle(webhook)} does not contain the cluster CA, so the API server's calls to this webhook fail: ${because}`,
        fix
      }
    })
  }
})

const fix =
  'write the cluster CA to the bundle; irsa-guard ca --bundle FILE --cluster-ca FILE --fix prints the patch'
