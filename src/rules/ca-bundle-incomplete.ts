import { assessClusterBundle } from '../ca-bundle/webhook-bundle.js'
import { caBundleField, controlPlaneWebhooksOf, describeBundle } from '../model/webhook-configuration.js'
import { defineRule } from './define-rule.js'

export const caBundleIncomplete = defineRule({
  id: 'ca-bundle-incomplete',
  summary:
    "The cluster has several CAs, as during a rotation, and the identity webhook's `caBundle` lacks one of them.",
  severity: 'warning',
  policy: 'warns',
  on: ['MutatingWebhookConfiguration', 'ValidatingWebhookConfiguration'],
  needs: ['clusterCa', 'now'],
  check(configuration, { clusterCa, now }) {
    return controlPlaneWebhooksOf(configuration).flatMap((webhook) => {
      const { state, because } = assessClusterBundle(webhook, clusterCa, now)
      if (state !== 'incomplete') return []

      return {
        field: caBundleField(webhook),
        message: `${describeBundle(webhook)} lacks a current cluster CA: ${because}`,
        fix: 'write all current cluster CAs to the bundle; irsa-guard ca --bundle FILE --cluster-ca FILE --fix prints the patch'
      }
    })
  }
})
