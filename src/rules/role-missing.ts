import { annotationField, roleArnAnnotation } from '../model/subject.js'
import { defineRule } from './define-rule.js'

/** The role that the annotation names does not exist, so STS will refuse the pod's token. */
export const roleMissing = defineRule({
  id: 'role-missing',
  severity: 'error',
  atAdmission: 'warning', // Helm and Terraform create the role a moment later
  on: ['ServiceAccount'],
  needs: ['role'],
  check(account, { role }) {
    if (role.exists) return

    return {
      field: annotationField(roleArnAnnotation),
      message: `role ${String(account.annotations[roleArnAnnotation])} does not exist`,
      fix: 'create the role, or point the annotation at one that exists; IAM shows a new role after up to two minutes'
    }
  }
})
