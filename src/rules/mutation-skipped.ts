import { hasAnnotationNamed } from '../identity-webhook/annotation-names.js'
import { bypassLabel, isBypassed, skippedNames } from '../identity-webhook/credentials.js'
import { roleShown } from '../identity-webhook/pod-role.js'
import { annotationField } from '../text/record.js'
import { defineRule } from './define-rule.js'

export const mutationSkipped = defineRule({
  id: 'mutation-skipped',
  summary:
    'The pod opts out of the identity webhook, entirely or for some containers, but its service account has a role.',
  severity: 'warning',
  on: ['Pod', 'Workload'],
  needs: ['podRole', 'identityWebhook'],
  concerns: ({ pod }) => isBypassed(pod) || hasAnnotationNamed(pod.annotations, 'skip-containers'),
  check({ pod }, { podRole, identityWebhook }) {
    const role = roleShown(podRole)
    if (isBypassed(pod)) {
      return {
        field: `${pod.metadataField}.labels[${JSON.stringify(bypassLabel)}]`,
        message: `the label ${bypassLabel} makes the identity webhook skip this pod, so no container gets ${role}`,
        fix: `remove the label (its value does not matter), or ${podRole.chain === 'irsa' ? 'remove the role from the service account' : 'delete the association'}`
      }
    }
    const skipped = skippedNames(pod, identityWebhook)
    const names = pod.containers.map(({ name }) => name).filter((name) => skipped.has(name))
    if (names.length === 0) return

    const key = identityWebhook.annotationNames['skip-containers']
    return {
      field: annotationField(key, pod.metadataField),
      message: `${key} leaves ${names.join(', ')} without ${role}`,
      fix: `if this is not intended, remove the containers from ${key}`,
      // The annotation is meant for skipping some of a pod's containers.
      ...(names.length < pod.containers.length && { atMost: 'info' })
    }
  }
})
