import { hasAnnotationNamed } from '../identity-webhook/annotation-names.js'
import { namespacedName } from '../model/subject.js'
import { annotationField } from '../text/record.js'
import { defineRule } from './define-rule.js'

export const roleAnnotationMisplaced = defineRule({
  id: 'role-annotation-misplaced',
  summary: 'The role annotation is on a pod or workload instead of its service account.',
  severity: 'warning',
  on: ['Pod', 'Workload'],
  needs: ['identityWebhook'],
  concerns: ({ annotations, pod }) =>
    hasAnnotationNamed(annotations, 'role-arn') || hasAnnotationNamed(pod.annotations, 'role-arn'),
  check({ namespace, annotations, pod }, { identityWebhook: { annotationNames } }) {
    const key = annotationNames['role-arn']
    const metadataField =
      annotations[key] !== undefined
        ? 'metadata'
        : pod.annotations[key] !== undefined
          ? pod.metadataField
          : undefined
    if (metadataField === undefined) return
    const account = namespacedName(namespace, pod.serviceAccountName)

    return {
      field: annotationField(key, metadataField),
      message: `${key} has no effect here: the identity webhook reads it only from service account ${account}`,
      fix:
        pod.serviceAccountName === 'default'
          ? `create a service account with the annotation ${key} and set serviceAccountName to the name of that service account`
          : `move the annotation to service account ${account}`
    }
  }
})
