import { hasAnnotationNamed } from '../identity-webhook/annotation-names.js'
import { annotationField, textOf } from '../text/record.js'
import { docsUrl } from '../version.js'
import { defineRule } from './define-rule.js'

export const identityWebhookMissing = defineRule({
  id: 'identity-webhook-missing',
  summary: 'A service account requests a role, but no identity webhook is registered in the cluster.',
  severity: 'error',
  atAdmission: 'never', // the webhook may be installed shortly afterwards; the canary detects a webhook that disappears
  on: ['ServiceAccount'],
  needs: ['identityWebhooks', 'identityWebhook'],
  concerns: ({ annotations }) => hasAnnotationNamed(annotations, 'role-arn'),
  check({ annotations }, { identityWebhooks, identityWebhook: { annotationNames } }) {
    if (identityWebhooks.length > 0 || textOf(annotations[annotationNames['role-arn']]) === undefined) return

    return {
      field: annotationField(annotationNames['role-arn']),
      message:
        'no identity webhook is registered in the cluster, so pods of annotated service accounts do not get their role',
      fix: `register the identity webhook again; ${docsUrl}/rules/identity-webhook-missing shows the MutatingWebhookConfiguration that EKS uses`,
      cause: 'cluster'
    }
  }
})
