import { formerCasIn } from '../ca-bundle/right-bundle.js'
import { assessClusterBundle, diagnosisOf } from '../ca-bundle/webhook-bundle.js'
import { caBundleField, controlPlaneWebhooksOf, describeBundle } from '../model/webhook-configuration.js'
import { describeCertificate } from '../x509/describe.js'
import { defineRule } from './define-rule.js'

export const caBundleIncomplete = defineRule({
  id: 'ca-bundle-incomplete',
  summary:
    "The identity webhook's `caBundle` lacks a cluster CA that may sign next, or contains one that the cluster no longer trusts.",
  severity: 'warning',
  policy: 'warns',
  on: ['MutatingWebhookConfiguration', 'ValidatingWebhookConfiguration'],
  needs: ['clusterCa', 'now'],
  check(configuration, { clusterCa, now }) {
    return controlPlaneWebhooksOf(configuration).flatMap((webhook) => {
      const { state, because } = assessClusterBundle(webhook, clusterCa, now)
      const field = caBundleField(webhook)
      if (state === 'incomplete') {
        return {
          field,
          message: `${describeBundle(webhook)} lacks a current cluster CA: ${because}`,
          fix: 'write all current cluster CAs to the bundle; irsa-guard ca --bundle FILE --cluster-ca FILE --fix prints the patch'
        }
      }
      const former = formerCasIn(clusterCa, diagnosisOf(webhook, now).bundle?.certificates ?? [])
      if (state !== 'ok' || former.length === 0) return []

      return {
        field,
        message: `${describeBundle(webhook)} contains ${former.map(describeCertificate).join(', ')}, which the cluster no longer trusts`,
        fix: 'remove it from the bundle; irsa-guard ca --bundle FILE --cluster-ca FILE --fix prints the patch'
      }
    })
  }
})
