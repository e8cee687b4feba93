import { isToBeInjected } from '../ca-bundle/injection.js'
import type { ExpectedClusterCas } from '../ca-bundle/published-sets.js'
import { unknownCasIn } from '../ca-bundle/right-bundle.js'
import { assessClusterBundle, diagnosisOf } from '../ca-bundle/webhook-bundle.js'
import {
  caBundleField,
  controlPlaneWebhooksOf,
  describeBundle,
  type Webhook
} from '../model/webhook-configuration.js'
import { describeCertificate } from '../x509/describe.js'
import { defineRule } from './define-rule.js'

export const caBundleUntrusted = defineRule({
  id: 'ca-bundle-untrusted',
  summary:
    'The `caBundle` of a control-plane identity webhook lacks a cluster CA that currently signs certificates, or contains a CA that the caBundle policy refuses.',
  severity: 'error',
  policy: 'denies',
  on: ['MutatingWebhookConfiguration', 'ValidatingWebhookConfiguration'],
  needs: ['clusterCa', 'now'],
  check(configuration, { clusterCa, now }) {
    return controlPlaneWebhooksOf(configuration).flatMap((webhook) => {
      const { state, because } = assessClusterBundle(webhook, clusterCa, now)
      const field = caBundleField(webhook)
      if (state === 'absent' && !isToBeInjected(configuration)) {
        return {
          field,
          message: `${describeBundle(webhook)} is empty, so the API server trusts only the root CAs of its host; its calls to this webhook fail, because the cluster CA signs the webhook's certificate`,
          fix
        }
      }
      if (state === 'foreign' || state === 'stale') {
        const lacks =
          state === 'foreign'
            ? "the cluster CA, so the API server's calls to this webhook fail"
            : "a cluster CA that signs now, so the API server's calls to this webhook fail, or may fail at any moment"
        return {
          field,
          message: `${describeBundle(webhook)} does not contain ${lacks}: ${because}`,
          fix
        }
      }
      const refused = refusedCasIn(webhook, clusterCa, now)
      if (state === 'absent' || state === 'unusable' || refused === '') return []

      return {
        field,
        message: `${describeBundle(webhook)} contains ${refused}, which the cluster does not trust; the caBundle policy refuses such a bundle, because the API server would trust that CA, too`,
        fix: 'remove it from the bundle; irsa-guard ca --bundle FILE --cluster-ca FILE --fix prints the patch',
        // The calls to the webhook work.
        ...((clusterCa.policy === 'Warn' || configuration.stage === 'running') && {
          atMost: 'warning' as const
        })
      }
    })
  }
})

const fix =
  'write the cluster CA to the bundle; irsa-guard ca --bundle FILE --cluster-ca FILE --fix prints the patch'

/**
 * The CAs in a webhook's bundle that make the caBundle policy refuse the bundle, as text for messages: at
 * most three. Empty without a policy.
 */
function refusedCasIn(webhook: Webhook, expected: ExpectedClusterCas, now: Date): string {
  if (expected.policy === undefined) return ''
  const { certificates = [] } = diagnosisOf(webhook, now).bundle ?? {}

  return unknownCasIn(expected, certificates).slice(0, 3).map(describeCertificate).join(', ')
}
