import { annotationField, roleArnAnnotation } from '../model/subject.js'
import { defineRule } from './define-rule.js'

/** A service account asks for a role in a cluster in which nothing gives roles to pods. */
export const identityWebhookMissing = defineRule({
  id: 'identity-webhook-missing',
  severity: 'error',
  atAdmission: 'warning', // it may be installed a moment later
  on: ['ServiceAccount'],
  needs: ['identityWebhooks'],
  concerns: ({ annotations }) => typeof annotations[roleArnAnnotation] === 'string' && annotations[roleArnAnnotation] !== '',
  check(_account, { identityWebhooks }) {
    if (identityWebhooks.length > 0) return

    return {
      field: annotationField(roleArnAnnotation),
      message: 'no identity webhook is registered in the cluster, so no pod of this service account gets the role',
      fix: 'register it again: docs/rules/identity-webhook-missing.md has the MutatingWebhookConfiguration of EKS'
    }
  }
})
