import { assumptionOf } from '../identity-webhook/settings.js'
import { failedMutationSeverity } from '../model/pod-enforcement.js'
import { isMutated } from '../model/subject.js'
import { defineRule } from './define-rule.js'

export const podNotMutated = defineRule({
  id: 'pod-not-mutated',
  summary: 'The service account requests a role, but no container in the pod received it.',
  severity: 'error',
  visibleIn: 'mutated pods',
  on: ['Pod'],
  needs: ['podRole', 'identityWebhook', 'podsEnforced'],
  concerns: isMutated,
  check(subject, { podRole: { request, containers }, identityWebhook, podsEnforced }) {
    if (containers.length === 0 || containers.some(({ credentials }) => credentials.kind !== 'none')) return

    return {
      field: `${subject.pod.specField}.containers`,
      message: `service account ${subject.pod.serviceAccountName} asks for role ${request.role}, but no container of the pod got it${assumptionOf(identityWebhook)}`,
      fix: 'see why the identity webhook does not answer (its MutatingWebhookConfiguration, its caBundle, its process), then create the pod again',
      atAdmission: failedMutationSeverity(subject, podsEnforced)
    }
  }
})
