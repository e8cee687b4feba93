import { assumptionOf } from '../identity-webhook/settings.js'
import { failedMutationSeverity, isMutated } from '../model/subject.js'
import { defineRule } from './define-rule.js'

export const podHalfMutated = defineRule({
  id: 'pod-half-mutated',
  summary: 'Some containers lack part or all of what they need to use the role.',
  severity: 'error',
  visibleIn: 'mutated pods',
  on: ['Pod'],
  needs: ['podRole', 'identityWebhook', 'podsEnforced'],
  concerns: isMutated,
  check(subject, { podRole: { request, containers }, identityWebhook, podsEnforced }) {
    if (containers.every(({ credentials }) => credentials.kind === 'none')) return // pod-not-mutated reports that

    // A container that uses EKS Pod Identity or another endpoint needs no mutation, so such a pod is never
    // denied.
    const isElsewhere = containers.some(({ credentials }) => credentials.kind === 'endpoint')
    const usual = isElsewhere ? 'warning' : failedMutationSeverity(subject, podsEnforced)
    return containers.flatMap(({ container, credentials }) => {
      if (credentials.kind !== 'none' && credentials.kind !== 'incomplete') return []
      const { lacks, field, isOwn } =
        credentials.kind === 'incomplete'
          ? credentials
          : {
              lacks: 'got no credentials, although other containers did',
              field: container.field,
              isOwn: false
            }

      return [
        {
          field,
          message: `container ${container.name} ${lacks}, so it cannot use role ${request.role}${assumptionOf(identityWebhook)}`,
          fix: 'remove AWS_ROLE_ARN, AWS_WEB_IDENTITY_TOKEN_FILE and the volume aws-iam-token from the template so that the identity webhook sets all of them, and recreate the pod',
          atAdmission: isOwn ? ('warning' as const) : usual
        }
      ]
    })
  }
})
