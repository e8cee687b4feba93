import { annotationField } from '../model/subject.js'
import { defineRule } from './define-rule.js'

/** The role that the annotation names does not exist, so STS will refuse the pod's token. */
export const roleMissing = defineRule({
  id: 'role-missing',
  severity: 'error',
  atAdmission: 'warning', // Helm and Terraform create the role a moment later
  on: ['ServiceAccount'],
  needs: ['role', 'identityWebhook'],
  check(account, { role, identityWebhook: { annotationNames } }) {
    if (role.exists) return

    return {
      field: annotationField(annotationNames['role-arn']),
      message: `role ${String(account.annotations[annotationNames['role-arn']])} does not exist`,
      fix: 'create the role, or point the annotation at one that exists; IAM shows a new role after up to two minutes'
    }
  }
})
