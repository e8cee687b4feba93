import { roleRequestOf } from '../identity-webhook/role-request.js'
import { namespacedName } from '../model/subject.js'
import { annotationField } from '../text/record.js'
import { defineRule } from './define-rule.js'

export const annotatedAccountUnused = defineRule({
  id: 'annotated-account-unused',
  summary:
    'No workload uses this annotated service account, but a workload runs as `default` or as a service account with a similar name.',
  severity: 'warning',
  atAdmission: 'never',
  on: ['ServiceAccount'],
  needs: ['neighbours', 'identityWebhook'],
  concerns: ({ name }) => name !== 'default',
  check(account, { neighbours: { asAccount, asDefault, nearMiss }, identityWebhook }) {
    const request = roleRequestOf(account, identityWebhook)
    const [first, ...others] = asDefault
    if (request === undefined || asAccount.length > 0) return
    const name = namespacedName(account.namespace, account.name)
    if (nearMiss !== undefined) {
      return {
        field: annotationField(identityWebhook.annotationNames['role-arn']),
        message: `no workload among the given objects uses service account ${name}, but ${nearMiss.workload} runs as ${nearMiss.account}, which is not among the given objects; a pod can use only a service account of its own namespace`,
        fix: `if ${nearMiss.workload} needs role ${request.role}, make the workload's namespace and serviceAccountName match ${name}; otherwise do nothing`
      }
    }
    if (first === undefined) return

    return {
      field: annotationField(identityWebhook.annotationNames['role-arn']),
      message: `no workload among the given objects uses service account ${account.name}, but ${first}${others.length === 0 ? '' : ` and ${others.length} more`} in the same namespace ${others.length === 0 ? 'runs' : 'run'} as default, without role ${request.role}`,
      fix: `set serviceAccountName: ${account.name} in the pod template that needs the role`
    }
  }
})
