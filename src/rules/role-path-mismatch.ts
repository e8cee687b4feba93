import { roleRequestOf } from '../identity-webhook/role-request.js'
import { annotationField } from '../text/record.js'
import { defineRule } from './define-rule.js'

export const rolePathMismatch = defineRule({
  id: 'role-path-mismatch',
  summary: 'A role with this name exists, but its ARN has a different path or different capitalization.',
  severity: 'error',
  atAdmission: 'warning', // the role may be about to be re-created under the annotated path
  on: ['ServiceAccount'],
  needs: ['role', 'identityWebhook'],
  check(account, { role, identityWebhook }) {
    const asked = roleRequestOf(account, identityWebhook)?.role
    if (asked === undefined || !role.exists || role.arn === asked) return

    return {
      field: annotationField(identityWebhook.annotationNames['role-arn']),
      message: `role ${asked} does not exist; the role with this name is ${role.arn}`,
      fix: `write ${role.arn}`
    }
  }
})
