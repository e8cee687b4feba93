import { controlPlaneWebhooksOf, isEksWebhook } from '../model/webhook-configuration.js'
import { defineRule } from './define-rule.js'

export const reviewVersionUnsupported = defineRule({
  id: 'review-version-unsupported',
  summary:
    'The API server would send the EKS identity webhook an AdmissionReview version that the webhook may not be able to answer correctly.',
  severity: 'warning',
  policy: 'warns',
  on: ['MutatingWebhookConfiguration'],
  needs: [],
  check(configuration) {
    return controlPlaneWebhooksOf(configuration)
      .filter(isEksWebhook)
      .flatMap((webhook) => {
        // The API server sends the first listed version that it knows, and it knows only two:
        // k8s.io/apiserver, pkg/admission/plugin/webhook/request
        const sent = webhook.admissionReviewVersions.find(
          (version) => version === 'v1' || version === 'v1beta1'
        )
        if (sent !== 'v1') return []

        return {
          field: `webhooks[${webhook.index}].admissionReviewVersions`,
          message: `the API server sends reviews of version v1 to webhook ${webhook.name}, but identity webhook releases before August 2026 answer only v1beta1; with those, every call fails and pods start without their role`,
          fix: 'write [v1beta1], as EKS does, or list v1beta1 before v1'
        }
      })
  }
})
