import { roleRequestOf } from '../identity-webhook/role-request.js'
import { annotationField } from '../text/record.js'
import { defineRule } from './define-rule.js'

export const annotatedAccountUnused = defineRule({
  id: 'annotated-account-unused',
  summary:
    'No workload uses this annotated service account, while another workload in the namespace runs as `default`.',
  severity: 'warning',
  atAdmission: 'never',
  on: ['ServiceAccount'],
  needs: ['neighbours', 'identityWebhook'],
  concerns: ({ name }) => name !== 'default',
  check(account, { neighbours: { asAccount, asDefault }, identityWebhook }) {
    const request = roleRequestOf(account, identityWebhook)
    const [first, ...others] = asDefault
    if (request === undefined || asAccount.length > 0 || first === undefined) return

    return {
      field: annotationField(identityWebhook.annotationNames['role-arn']),
      message: `no workload uses service account ${account.name}, but ${first}${others.length === 0 ? '' : ` and ${others.length} more`} in the same namespace runs as default, without role ${request.role}`,
      fix: `set serviceAccountName: ${account.name} in the pod template that needs the role`
    }
  }
})
