import { defineRule } from './define-rule.js'

export const podIdentityShadowsIrsa = defineRule({
  id: 'pod-identity-shadows-irsa',
  summary: 'The pod gets EKS Pod Identity credentials although its service account is annotated with a role.',
  severity: 'warning',
  on: ['Pod', 'Workload'],
  needs: ['podRole'],
  concerns: ({ pod }) =>
    pod.containers.some(({ variables }) =>
      variables.some(({ name }) => name === 'AWS_CONTAINER_CREDENTIALS_FULL_URI')
    ),
  check(subject, { podRole }) {
    if (podRole.chain === 'pod-identity') return // pod-identity-and-annotation reports it

    const { request, containers } = podRole
    for (const { container, credentials } of containers) {
      if (credentials.kind !== 'endpoint' || !credentials.isPodIdentity) continue

      return {
        field: credentials.variable.field,
        message: `container ${container.name} gets its role from EKS Pod Identity, so role ${request.role} from the annotation is not used`,
        fix: `keep only one: remove the annotation from service account ${subject.pod.serviceAccountName}, or delete the pod identity association`
      }
    }
    return
  }
})
