import { roleRequestOf } from '../identity-webhook/role-request.js'
import { quote } from '../text/escape.js'
import { annotationField } from '../text/record.js'
import { defineRule } from './define-rule.js'

export const roleMissing = defineRule({
  id: 'role-missing',
  summary: 'The role named in the annotation does not exist.',
  severity: 'error',
  atAdmission: 'warning', // Helm or Terraform may create the role shortly afterwards
  on: ['ServiceAccount'],
  needs: ['role', 'identityWebhook'],
  check(account, { role, identityWebhook }) {
    if (role.exists) return

    // At admission, the user might not be allowed to see the names of other roles.
    const similar = account.stage === 'admitted' ? undefined : role.similar

    const { role: requested = '' } = roleRequestOf(account, identityWebhook) ?? {}

    return {
      field: annotationField(identityWebhook.annotationNames['role-arn']),
      cause: requested,
      message: `role ${requested} does not exist${similar === undefined ? '' : `; did you mean ${quote(similar)}?`}`,
      fix:
        similar === undefined
          ? 'create the role, or point the annotation at an existing one; a new role can take up to two minutes to appear in IAM'
          : `point the annotation at ${quote(similar)} if you meant that role, or create the role`
    }
  }
})
