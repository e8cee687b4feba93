import { roleRequestOf } from '../identity-webhook/role-request.js'
import { namespacedName } from '../model/subject.js'
import { annotationField, textOf } from '../text/record.js'
import { defineRule } from './define-rule.js'

export const podIdentityAndAnnotation = defineRule({
  id: 'pod-identity-and-annotation',
  summary: 'The service account has an EKS Pod Identity association, so its role annotation has no effect.',
  severity: 'warning',
  on: ['ServiceAccount'],
  needs: ['associated', 'identityWebhook'],
  check(account, { associated, identityWebhook }) {
    const key = identityWebhook.annotationNames['role-arn']
    const request = roleRequestOf(account, identityWebhook)
    // Charts render an empty annotation if no role is wanted.
    if (!associated.exists || (request === undefined && textOf(account.annotations[key]) === undefined))
      return

    const unused =
      request === undefined
        ? `the annotation ${key} has no effect`
        : `the request for role ${request.role} has no effect`
    return {
      field: annotationField(key),
      message: `service account ${namespacedName(account.namespace, account.name)} has an EKS Pod Identity association, which the identity webhook prefers: new pods get the role of the association, and ${unused}`,
      fix: `keep one of the two: for EKS Pod Identity, remove the annotation ${key} once all pods have been recreated; for IRSA, delete the association and recreate the pods`
    }
  }
})
