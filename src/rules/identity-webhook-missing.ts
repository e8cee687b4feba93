import { hasAnnotationNamed } from '../identity-webhook/annotation-names.js'
import { annotationField } from '../model/subject.js'
import { textOf } from '../text/record.js'
import { defineRule } from './define-rule.js'

/** A service account asks for a role in a cluster in which nothing gives roles to pods. */
export const identityWebhookMissing = defineRule({
  id: 'identity-webhook-missing',
  severity: 'error',
  atAdmission: 'never', // the canary tells of a webhook that is lost; here it may be installed a moment later
  on: ['ServiceAccount'],
  needs: ['identityWebhooks', 'identityWebhook'],
  concerns: ({ annotations }) => hasAnnotationNamed(annotations, 'role-arn'),
  check({ annotations }, { identityWebhooks, identityWebhook: { annotationNames } }) {
    if (identityWebhooks.length > 0 || textOf(annotations[annotationNames['role-arn']]) === undefined) return

    return {
      field: annotationField(annotationNames['role-arn']),
      message:
        'no identity webhook is registered in the cluster, so no pod of an annotated service account gets its role',
      fix: 'register it again: docs/rules/identity-webhook-missing.md has the MutatingWebhookConfiguration of EKS',
      shared: true
    }
  }
})
