import {
  type ContainerCredentials,
  containersToMutate,
  credentialsOf,
  injectedVariables
} from '../identity-webhook/credentials.js'
import { foreseeMutation } from '../identity-webhook/mutation.js'
import { isRequested, type RoleRequest } from '../identity-webhook/role-request.js'
import { tokenVolume } from '../identity-webhook/settings.js'
import type { Container, Pod } from '../model/pod.js'
import { isMutated } from '../model/subject.js'
import { quote } from '../text/escape.js'
import { defineRule } from './define-rule.js'

export const mutationPreempted = defineRule({
  id: 'mutation-preempted',
  summary:
    'The pod template already sets a variable or volume that the identity webhook injects, and the webhook does not override it.',
  severity: 'warning',
  on: ['Pod', 'Workload'],
  needs: ['podRole', 'identityWebhook'],
  // A mutated pod no longer shows what its template set, so other rules judge the outcome instead.
  concerns: (subject, { mountPath }) => !isMutated(subject) && isTouched(subject.pod, mountPath),
  check(subject, { podRole: { request }, identityWebhook }) {
    const later = foreseeMutation(subject.pod, request, identityWebhook)

    return containersToMutate(later, identityWebhook).flatMap((container) => {
      const [first, second] = container.mounts.filter(({ path }) => path === identityWebhook.mountPath)
      const credentials = credentialsOf(later, container, identityWebhook)
      const problem =
        second !== undefined && first !== undefined
          ? {
              field: first.field,
              reason: `mounts ${quote(first.volume)} at ${first.path}, where the identity webhook mounts its token, so the API server will reject the pod`
            }
          : credentials.kind === 'incomplete'
            ? {
                field: credentials.field,
                reason: `${credentials.lacks} after mutation, because the identity webhook does not override values that are already set`
              }
            : credentials.kind === 'web-identity' &&
                credentials.role.value !== undefined &&
                !isRequested(request, credentials.role.value)
              ? {
                  field: credentials.role.field,
                  reason: `sets role ${quote(credentials.role.value)}, which overrides ${request.role}`
                }
              : foreignToken(subject.pod, container, credentials, request)
      if (problem === undefined) return []

      return [
        {
          field: problem.field,
          message: `container ${container.name} ${problem.reason}`,
          fix: `remove ${injectedVariables.join(', ')} and the volume ${tokenVolume} from the template, because the identity webhook sets them`
        }
      ]
    })
  }
})

/**
 * A token with another audience in a volume that has the name of the identity webhook's volume. The identity
 * webhook compares only the names: https://github.com/aws/amazon-eks-pod-identity-webhook/issues/315
 */
function foreignToken(
  { volumes }: Pod,
  container: Container,
  credentials: ContainerCredentials,
  { audience }: RoleRequest
): { readonly field: string; readonly reason: string } | undefined {
  if (credentials.kind !== 'web-identity' || credentials.token === undefined || audience === undefined) return
  const { role, token } = credentials
  // If the template sets the variables as well, token-audience-mismatch reports the token.
  if (role.field !== container.field) return
  const isForeign = volumes.some(({ name, tokens }) => name === tokenVolume && tokens.includes(token))
  if (!isForeign || token.audience === audience) return

  return {
    field: `${token.field}.audience`,
    reason: `uses the token in the template's volume ${tokenVolume}, which has ${token.audience === undefined ? 'no audience' : `audience ${quote(token.audience)}`} instead of ${quote(audience)}, because the identity webhook does not replace a volume with that name`
  }
}

function isTouched(pod: Pod, mountPath: string): boolean {
  if (pod.volumes.some(({ name }) => name === tokenVolume)) return true

  return pod.containers.some(
    ({ mounts, variables }) =>
      mounts.some(({ volume, path }) => volume === tokenVolume || path.startsWith(mountPath)) ||
      variables.some((variable) => injectedVariables.some((name) => variable.name === name))
  )
}
