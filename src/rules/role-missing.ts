import { annotationField } from '../text/record.js'
import { defineRule } from './define-rule.js'

export const roleMissing = defineRule({
  id: 'role-missing',
  summary: 'The role named in the annotation does not exist.',
  severity: 'error',
  atAdmission: 'warning', // Helm or Terraform may create the role shortly afterwards
  on: ['ServiceAccount'],
  needs: ['role', 'identityWebhook'],
  check(account, { role, identityWebhook: { annotationNames } }) {
    if (role.exists) return

    return {
      field: annotationField(annotationNames['role-arn']),
      message: `role ${String(account.annotations[annotationNames['role-arn']])} does not exist`,
      fix: 'create the role, or point the annotation to an existing one; a new role can take up to two minutes to appear in IAM'
    }
  }
})
