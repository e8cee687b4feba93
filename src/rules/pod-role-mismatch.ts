import { isInjected } from '../identity-webhook/credentials.js'
import { isRequested } from '../identity-webhook/role-request.js'
import { failedMutationSeverity } from '../model/pod-enforcement.js'
import { isMutated } from '../model/subject.js'
import { quote } from '../text/escape.js'
import { defineRule } from './define-rule.js'

export const podRoleMismatch = defineRule({
  id: 'pod-role-mismatch',
  summary: 'A container has a different role than its service account requests.',
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
          message: `container ${container.name} got role ${quote(value)}, its service account ${subject.pod.serviceAccountName} asks for ${request.role}`,
          fix: 'take AWS_ROLE_ARN out of the template, or annotate the service account with the role that is meant; if the annotation changed a moment ago, create the pod again',
          // A template that set another role did it on purpose, and the pod may work. What the identity
          // webhook wrote itself is out of date.
          atAdmission: isInjected(container)
            ? failedMutationSeverity(subject, podsEnforced)
            : ('warning' as const)
        }
      ]
    })
  }
})
