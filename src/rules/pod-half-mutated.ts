import { mayUseEndpoint } from '../identity-webhook/credentials.js'
import type { PodRole } from '../identity-webhook/pod-role.js'
import { assumptionOf, type IdentityWebhookSettings } from '../identity-webhook/settings.js'
import type { Problem } from '../model/finding.js'
import { failedMutationSeverity, isMutated } from '../model/subject.js'
import { shortList } from '../text/escape.js'
import { defineRule } from './define-rule.js'

export const podHalfMutated = defineRule({
  id: 'pod-half-mutated',
  summary: 'Some containers lack part or all of what they need to use the role.',
  severity: 'error',
  visibleIn: 'mutated pods',
  on: ['Pod'],
  needs: ['podRole', 'identityWebhook', 'podsEnforced'],
  concerns: isMutated,
  check(subject, { podRole: { request, containers }, identityWebhook, podsEnforced }) {
    if (containers.every(({ credentials }) => credentials.kind === 'none')) return // pod-not-mutated reports that
    if (!containers.some(({ credentials: { kind } }) => kind === 'incomplete' || kind === 'none')) return // true for nearly all pods

    const usual = failedMutationSeverity(subject, podsEnforced)
    // A container that uses EKS Pod Identity or another credentials endpoint needs no role from the identity
    // webhook.
    const atMost = mayUseEndpoint(subject.pod, identityWebhook) ? { atMost: 'warning' as const } : {}
    const incomplete = containers.flatMap(({ container, credentials }) =>
      credentials.kind === 'incomplete'
        ? [
            {
              field: credentials.field,
              message: `container ${container.name} ${credentials.lacks}, so it cannot use role ${request.role}${assumptionOf(identityWebhook)}`,
              fix: 'remove AWS_ROLE_ARN, AWS_WEB_IDENTITY_TOKEN_FILE and the volume aws-iam-token from the template so that the identity webhook sets all of them, and recreate the pod',
              atAdmission: credentials.isOwn ? ('warning' as const) : usual,
              ...atMost
            }
          ]
        : []
    )
    const without = withoutCredentials({ request, containers }, identityWebhook)

    return without === undefined ? incomplete : [...incomplete, { atAdmission: usual, ...atMost, ...without }]
  }
})

/** Reports the containers without credentials in a pod in which other containers have some. */
function withoutCredentials(
  { request, containers }: PodRole,
  identityWebhook: IdentityWebhookSettings
): Problem | undefined {
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
      message: `${subject} got no credentials for role ${request.role}${assumptionOf(identityWebhook)}`,
      fix: 'find out why the identity webhook did not mutate the pod (check its MutatingWebhookConfiguration, caBundle and process), then recreate the pod'
    }
  }

  // One patch of the identity webhook covers all containers of the pod, init containers included. If one
  // container has all of the variables and another has none, another webhook injected the second one
  // later. Most such sidecars never call AWS.
  // https://github.com/aws/amazon-eks-pod-identity-webhook/issues/91
  return {
    field,
    message: `${subject} got no credentials for role ${request.role}, although other containers did: most likely ${they} injected after the identity webhook ran`,
    fix: `if ${names} should have the role, set reinvocationPolicy: IfNeeded on the identity webhook, or rename the other MutatingWebhookConfiguration so that it sorts before the identity webhook's; if not, add ${names} to the pod annotation ${identityWebhook.annotationNames['skip-containers']}`,
    atMost: 'warning'
  }
}
