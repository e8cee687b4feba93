import { roleRequestOf } from '../identity-webhook/role-request.js'
import { annotationField } from '../text/record.js'
import { defineRule } from './define-rule.js'

export const roleOnDefaultServiceAccount = defineRule({
  id: 'role-on-default-service-account',
  summary:
    'The `default` service account is annotated with a role, so every pod that names no service account gets that role.',
  severity: 'warning',
  on: ['ServiceAccount'],
  needs: ['identityWebhook'],
  concerns: ({ name }) => name === 'default',
  check(account, { identityWebhook }) {
    const request = roleRequestOf(account, identityWebhook)
    if (request === undefined) return

    return {
      field: annotationField(identityWebhook.annotationNames['role-arn']),
      message: `every pod in ${account.namespace === '' ? 'its namespace' : account.namespace} that names no service account gets role ${request.role}`,
      fix: 'create a service account for the workload that needs the role, and set serviceAccountName to the name of that service account'
    }
  }
})
