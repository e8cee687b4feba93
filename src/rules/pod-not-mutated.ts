import { mayUseEndpoint } from '../identity-webhook/credentials.js'
import { assumptionOf } from '../identity-webhook/settings.js'
import { failedMutationSeverity, isMutated } from '../model/subject.js'
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
      message: `service account ${subject.pod.serviceAccountName} requests role ${request.role}, but no container in the pod received it${assumptionOf(identityWebhook)}`,
      fix: 'find out why the identity webhook did not mutate the pod (check its MutatingWebhookConfiguration, caBundle and process), then recreate the pod',
      atAdmission: failedMutationSeverity(subject, podsEnforced),
      ...(mayUseEndpoint(subject.pod, identityWebhook) && { atMost: 'warning' })
    }
  }
})
