import { earlierProviderOf } from '../identity-webhook/chain.js'
import { agentVariables, injectedVariables, mayUseEndpoint } from '../identity-webhook/credentials.js'
import { isNewAssociation, type PodRole, roleShown } from '../identity-webhook/pod-role.js'
import { assumptionOf, type IdentityWebhookSettings, tokenVolume } from '../identity-webhook/settings.js'
import type { Problem } from '../model/finding.js'
import { failedMutationSeverity, isMutated, type PodSubject } from '../model/subject.js'
import { shortList } from '../text/escape.js'
import { defineRule } from './define-rule.js'

export const podHalfMutated = defineRule({
  id: 'pod-half-mutated',
  summary: 'Some containers lack part or all of what they need to use the role.',
  severity: 'error',
  visibleIn: 'mutated pods',
  on: ['Pod'],
  needs: ['podRole', 'identityWebhook', 'podsEnforced', 'now'],
  concerns: isMutated,
  check(subject, { podRole, identityWebhook, podsEnforced, now }) {
    const { containers } = podRole
    if (containers.every(({ credentials }) => credentials.kind === 'none')) return // pod-not-mutated reports that
    if (!containers.some(({ credentials: { kind } }) => kind === 'incomplete' || kind === 'none')) return // true for nearly all pods

    if (podRole.chain === 'pod-identity' && isNewAssociation(podRole.association, now)) return

    const usual = failedMutationSeverity(subject, podsEnforced)
    const atMost = mayDoWithout(subject, podRole, identityWebhook) ? { atMost: 'warning' as const } : {}
    const [own, volume] =
      podRole.chain === 'irsa'
        ? [injectedVariables, tokenVolume]
        : [agentVariables, identityWebhook.containerCredentials.volume]
    const incomplete = containers.flatMap(({ container, credentials }) =>
      credentials.kind === 'incomplete'
        ? [
            {
              field: credentials.field,
              message: `container ${container.name} ${credentials.lacks}, so it cannot use ${roleShown(podRole)}${assumptionOf(identityWebhook)}`,
              fix: `remove ${own.join(', ')} and the volume ${volume} from the template so that the identity webhook sets all of them, and recreate the pod`,
              atAdmission: credentials.isOwn ? ('warning' as const) : usual,
              ...atMost
            }
          ]
        : []
    )
    const without = withoutCredentials(podRole, identityWebhook)

    return without === undefined ? incomplete : [...incomplete, { atAdmission: usual, ...atMost, ...without }]
  }
})

/** Whether the pod may work without the role, or must be admitted anyway. */
function mayDoWithout(
  { pod }: PodSubject,
  podRole: PodRole,
  identityWebhook: IdentityWebhookSettings
): boolean {
  // A container that uses EKS Pod Identity or another credentials endpoint needs no role from the identity
  // webhook.
  if (podRole.chain === 'irsa') return mayUseEndpoint(pod, identityWebhook)

  // Pods of EKS add-ons must be admitted, because the nodes depend on them. If the AWS SDKs in a container
  // use other credentials first, the container works without those of the association.
  return (
    podRole.association.ownerArn !== undefined ||
    podRole.containers.some(({ container }) => earlierProviderOf(container) !== undefined)
  )
}

/** The problem with containers that got no credentials although others did. */
function withoutCredentials(podRole: PodRole, identityWebhook: IdentityWebhookSettings): Problem | undefined {
  const { containers } = podRole
  const without = containers.filter(({ credentials }) => credentials.kind === 'none')
  const [first] = without
  if (first === undefined) return

  const names = shortList(without.map(({ container }) => container.name))
  const subject = without.length === 1 ? `container ${names}` : `containers ${names}`
  const they = without.length === 1 ? 'it was' : 'they were'
  const { field } = first.container
  const isInjected = containers.some(
    ({ credentials }) =>
      credentials.kind === 'web-identity' || (credentials.kind === 'endpoint' && credentials.isPodIdentity)
  )
  if (!isInjected) {
    return {
      field,
      message: `${subject} got no credentials for ${roleShown(podRole)}${assumptionOf(identityWebhook)}`,
      fix: 'find out why the identity webhook did not mutate the pod (check its MutatingWebhookConfiguration, caBundle and process), then recreate the pod'
    }
  }

  // A single patch from the identity webhook covers all containers in the pod, including init containers. If
  // one container has all of the variables and another has none, a different webhook injected the latter
  // afterwards. Most such sidecars never call AWS.
  // https://github.com/aws/amazon-eks-pod-identity-webhook/issues/91
  return {
    field,
    message: `${subject} got no credentials for ${roleShown(podRole)}, although other containers did: most likely ${they} injected after the identity webhook ran`,
    fix: `if ${names} should have the role, set reinvocationPolicy: IfNeeded on the identity webhook, or rename the other MutatingWebhookConfiguration so that it sorts before the identity webhook's; if not, add ${names} to the pod annotation ${identityWebhook.annotationNames['skip-containers']}`,
    atMost: 'warning'
  }
}
