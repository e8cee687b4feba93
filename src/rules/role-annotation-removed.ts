import type { IdentityWebhookSettings } from '../identity-webhook/settings.js'
import type { ServiceAccountSubject } from '../model/subject.js'
import { escapeText } from '../text/escape.js'
import { annotationField } from '../text/record.js'
import { defineRule } from './define-rule.js'

export const roleAnnotationRemoved = defineRule({
  id: 'role-annotation-removed',
  summary: 'An update removes the role annotation from a service account.',
  severity: 'warning',
  visibleIn: 'updates',
  on: ['ServiceAccount'],
  needs: ['identityWebhook', 'chain'],
  concerns: (account, identityWebhook) => removedRoleOf(account, identityWebhook) !== undefined,
  check(account, { identityWebhook, chain }) {
    const role = removedRoleOf(account, identityWebhook)
    // The last step of a migration to EKS Pod Identity removes the annotation.
    if (role === undefined || chain.chain === 'pod-identity') return
    const key = identityWebhook.annotationNames['role-arn']

    return {
      field: annotationField(key),
      message: `this update removes the role ${escapeText(role)}; new pods will run without it`,
      fix: `if this is not intended, restore the annotation ${key}`
    }
  }
})

function removedRoleOf(
  { annotations, oldAnnotations }: ServiceAccountSubject,
  { annotationNames }: IdentityWebhookSettings
): string | undefined {
  const before = oldAnnotations?.[annotationNames['role-arn']]
  const now = annotations[annotationNames['role-arn']]

  return typeof before === 'string' && before !== '' && (now === undefined || now === '') ? before : undefined
}
