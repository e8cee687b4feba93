import { isInjected } from '../identity-webhook/credentials.js'
import { isRequested } from '../identity-webhook/role-request.js'
import { failedMutationSeverity, isMutated } from '../model/subject.js'
import { quote } from '../text/escape.js'
import { defineRule } from './define-rule.js'

export const podRoleMismatch = defineRule({
  id: 'pod-role-mismatch',
  summary: "A container has a different role than the pod's service account requests.",
  severity: 'error',
  visibleIn: 'mutated pods',
  on: ['Pod'],
  needs: ['podRole', 'podsEnforced'],
  concerns: isMutated,
  check(subject, { podRole: { request, containers }, podsEnforced }) {
    return containers.flatMap(({ container, credentials }) => {
      if (credentials.kind !== 'web-identity') return []
      const { field, value } = credentials.role
      if (value === undefined || isRequested(request, value)) return []

      return [
        {
          field,
          message: `container ${container.name} has role ${quote(value)}, but service account ${subject.pod.serviceAccountName} requests ${request.role}`,
          fix: 'remove AWS_ROLE_ARN from the template, or annotate the service account with the intended role; if the annotation has just changed, recreate the pod',
          // A role that the template sets is probably intended, and the pod can work with it. If the identity
          // webhook wrote the role, it is out of date.
          atAdmission: isInjected(container)
            ? failedMutationSeverity(subject, podsEnforced)
            : ('warning' as const)
        }
      ]
    })
  }
})
