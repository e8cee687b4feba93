import { earlierProviderOf } from '../identity-webhook/chain.js'
import { isInjected } from '../identity-webhook/credentials.js'
import type { AssociatedRole } from '../identity-webhook/pod-role.js'
import { isRequested } from '../identity-webhook/role-request.js'
import type { Problem } from '../model/finding.js'
import { variableOf } from '../model/pod.js'
import { failedMutationSeverity, isMutated, type PodSubject } from '../model/subject.js'
import { quote } from '../text/escape.js'
import { defineRule } from './define-rule.js'

export const podRoleMismatch = defineRule({
  id: 'pod-role-mismatch',
  summary: "A container has a different role than the pod's service account gives it.",
  severity: 'error',
  visibleIn: 'mutated pods',
  on: ['Pod'],
  needs: ['podRole', 'podsEnforced'],
  concerns: isMutated,
  check(subject, { podRole, podsEnforced }) {
    if (podRole.chain === 'pod-identity') return besideAgent(subject, podRole)

    const { request, containers } = podRole
    return containers.flatMap(({ container, credentials }) => {
      if (credentials.kind !== 'web-identity') return []
      const { field, value } = credentials.role
      if (value === undefined || isRequested(request, value)) return []

      return [
        {
          field,
          message: `container ${container.name} has role ${quote(value)}, but service account ${subject.pod.serviceAccountName} requests ${request.role}`,
          fix: 'remove AWS_ROLE_ARN from the template, or annotate the service account with the intended role; if the annotation was changed after the pod was created, recreate the pod',
          // A role that the template sets is probably intended, and the pod can work with it. A role that the
          // identity webhook set is out of date.
          atAdmission: isInjected(container)
            ? failedMutationSeverity(subject, podsEnforced)
            : ('warning' as const)
        }
      ]
    })
  }
})

/** Containers that have container credentials and a web identity; AWS SDKs use the web identity first. */
const besideAgent = ({ pod }: PodSubject, { containers }: AssociatedRole): Problem[] =>
  containers.flatMap(({ container, credentials }) => {
    const role = variableOf(container, 'AWS_ROLE_ARN')
    if (credentials.kind !== 'endpoint' || earlierProviderOf(container)?.provider !== 'web-identity')
      return []

    return [
      {
        field: role?.field ?? container.field,
        message: `container ${container.name} has role ${role?.value === undefined ? 'from AWS_ROLE_ARN' : quote(role.value)}, which AWS SDKs use instead of the role of the EKS Pod Identity association of service account ${pod.serviceAccountName}`,
        fix: 'remove AWS_ROLE_ARN and AWS_WEB_IDENTITY_TOKEN_FILE from the template, or delete the association; then recreate the pod',
        // The template sets this role, so it is probably intended, and the pod can work with it.
        atMost: 'warning'
      }
    ]
  })
