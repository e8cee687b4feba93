import { earlierProviderOf } from '../identity-webhook/chain.js'
import { mayUseEndpoint } from '../identity-webhook/credentials.js'
import { type AssociatedRole, isNewAssociation } from '../identity-webhook/pod-role.js'
import { assumptionOf } from '../identity-webhook/settings.js'
import type { Problem } from '../model/finding.js'
import { failedMutationSeverity, isMutated, type PodSubject } from '../model/subject.js'
import { defineRule } from './define-rule.js'

export const podNotMutated = defineRule({
  id: 'pod-not-mutated',
  summary: 'The service account has a role, but no container in the pod received it.',
  severity: 'error',
  visibleIn: 'mutated pods',
  on: ['Pod'],
  needs: ['podRole', 'identityWebhook', 'podsEnforced', 'now'],
  concerns: isMutated,
  check(subject, { podRole, identityWebhook, podsEnforced, now }) {
    const { containers } = podRole
    if (containers.length === 0 || containers.some(({ credentials }) => credentials.kind !== 'none')) return
    const atAdmission = failedMutationSeverity(subject, podsEnforced)
    if (podRole.chain === 'pod-identity') return withoutAgent(subject, podRole, now, atAdmission)

    return {
      field: `${subject.pod.specField}.containers`,
      message: `service account ${subject.pod.serviceAccountName} requests role ${podRole.request.role}, but no container in the pod received it${assumptionOf(identityWebhook)}`,
      fix: 'find out why the identity webhook did not mutate the pod (check its MutatingWebhookConfiguration, caBundle and process), then recreate the pod',
      atAdmission,
      ...(mayUseEndpoint(subject.pod, identityWebhook) && { atMost: 'warning' })
    }
  }
})

/** The problem with a pod that lacks the container credentials of its EKS Pod Identity association. */
function withoutAgent(
  { pod }: PodSubject,
  { association, containers }: AssociatedRole,
  now: Date,
  atAdmission: Problem['atAdmission'] & string
): Problem | undefined {
  if (isNewAssociation(association, now)) return
  // Pods of EKS add-ons must be admitted, because the nodes depend on them. If the AWS SDKs in a pod use
  // other credentials first, the pod works without those of the association.
  const isNeeded =
    association.ownerArn !== undefined ||
    containers.some(({ container }) => earlierProviderOf(container) !== undefined)

  return {
    field: `${pod.specField}.containers`,
    message: `service account ${pod.serviceAccountName} has an EKS Pod Identity association, but no container in the pod received credentials for it, because the identity webhook did not know about the association yet or did not mutate the pod`,
    fix: 'recreate the pod; a ReplicaSet, StatefulSet, DaemonSet or Job retries by itself, which is enough if the association is new. If new pods lack credentials, too, check the MutatingWebhookConfiguration of the identity webhook, its caBundle and its process',
    atAdmission,
    ...(isNeeded && { atMost: 'warning' })
  }
}
