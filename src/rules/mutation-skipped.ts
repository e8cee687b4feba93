import { hasAnnotationNamed } from '../identity-webhook/annotation-names.js'
import { bypassLabel, isBypassed, skippedNames } from '../identity-webhook/credentials.js'
import { annotationField } from '../text/record.js'
import { defineRule } from './define-rule.js'

export const mutationSkipped = defineRule({
  id: 'mutation-skipped',
  summary:
    'The pod opts out of the identity webhook, entirely or for some containers, but its service account requests a role.',
  severity: 'warning',
  on: ['Pod', 'Workload'],
  needs: ['podRole', 'identityWebhook'],
  concerns: ({ pod }) => isBypassed(pod) || hasAnnotationNamed(pod.annotations, 'skip-containers'),
  check({ pod }, { podRole: { request }, identityWebhook }) {
    if (isBypassed(pod)) {
      return {
        field: `${pod.metadataField}.labels[${JSON.stringify(bypassLabel)}]`,
        message: `the label ${bypassLabel} makes the identity webhook skip this pod, so no container gets role ${request.role}`,
        fix: 'remove the label (its value does not matter), or remove the role from the service account'
      }
    }
    const skipped = skippedNames(pod, identityWebhook)
    const names = pod.containers.map(({ name }) => name).filter((name) => skipped.has(name))
    if (names.length === 0) return

    const key = identityWebhook.annotationNames['skip-containers']
    return {
      field: annotationField(key, pod.metadataField),
      message: `${key} leaves ${names.join(', ')} without role ${request.role}`,
      fix: `if this is not intended, remove the containers from ${key}`,
      // Skipping one container of several is what the annotation was made for.
      ...(names.length < pod.containers.length && { atMost: 'info' })
    }
  }
})
