import { earlierProviderOf } from '../identity-webhook/chain.js'
import {
  agentCredentialsOf,
  agentVariables,
  type ContainerCredentials,
  containersToMutate,
  credentialsOf,
  injectedVariables
} from '../identity-webhook/credentials.js'
import { foreseeAgentMutation, foreseeMutation } from '../identity-webhook/mutation.js'
import { isRequested, type RoleRequest } from '../identity-webhook/role-request.js'
import { type IdentityWebhookSettings, tokenVolume } from '../identity-webhook/settings.js'
import type { Problem } from '../model/finding.js'
import { type Container, type Pod, variableOf } from '../model/pod.js'
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
  concerns: (subject, settings) => !isMutated(subject) && isTouched(subject.pod, settings),
  check(subject, { podRole, identityWebhook }) {
    if (podRole.chain === 'pod-identity') return preemptedAgent(subject.pod, identityWebhook)

    const { request } = podRole
    const later = foreseeMutation(subject.pod, request, identityWebhook)

    return containersToMutate(later, identityWebhook).flatMap((container) => {
      const credentials = credentialsOf(later, container, identityWebhook)
      const problem =
        takenPath(container, identityWebhook.mountPath) ??
        (credentials.kind === 'incomplete'
          ? incompleteLater(credentials)
          : credentials.kind === 'web-identity' &&
              credentials.role.value !== undefined &&
              !isRequested(request, credentials.role.value)
            ? {
                field: credentials.role.field,
                reason: `sets role ${quote(credentials.role.value)}, which overrides ${request.role}`
              }
            : foreignToken(subject.pod, container, credentials, request))
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
 * A token with a different audience, in a volume that has the same name as the identity webhook's volume. The
 * identity webhook compares only the names: https://github.com/aws/amazon-eks-pod-identity-webhook/issues/315
 */
function foreignToken(
  { volumes }: Pod,
  container: Container,
  credentials: ContainerCredentials,
  { audience }: RoleRequest
): Preempted | undefined {
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

/** A reason, and the field of the template to which it applies. */
interface Preempted {
  readonly field: string
  readonly reason: string
}

function takenPath({ mounts }: Container, mountPath: string): Preempted | undefined {
  const [first, second] = mounts.filter(({ path }) => path === mountPath)

  return first === undefined || second === undefined
    ? undefined
    : {
        field: first.field,
        reason: `mounts ${quote(first.volume)} at ${first.path}, where the identity webhook mounts its token, so the API server will reject the pod`
      }
}

const incompleteLater = ({ field, lacks }: { field: string; lacks: string }): Preempted => ({
  field,
  reason: `${lacks} after mutation, because the identity webhook does not override values that are already set`
})

/** The problems of a template whose service account has an EKS Pod Identity association. */
function preemptedAgent(pod: Pod, settings: IdentityWebhookSettings): Problem[] {
  const { mountPath, volume, audience } = settings.containerCredentials
  const later = foreseeAgentMutation(pod, settings)

  return containersToMutate(later, settings).flatMap((container) => {
    const credentials = agentCredentialsOf(later, container, settings)
    const own = ownIdentityOf(container)
    const taken = takenPath(container, mountPath)
    const problem =
      taken ??
      own ??
      (credentials.kind === 'incomplete'
        ? incompleteLater(credentials)
        : credentials.kind === 'endpoint'
          ? otherEndpoint(pod, credentials, { volume, audience })
          : undefined)
    if (problem === undefined) return []
    const whatToRemove =
      taken !== undefined
        ? 'that mount'
        : own === undefined
          ? `${agentVariables.join(', ')} and the volume ${volume}`
          : `${injectedVariables.join(', ')} and the volume with their token`

    return [
      {
        field: problem.field,
        message: `container ${container.name} ${problem.reason}`,
        fix: `remove ${whatToRemove} from the template, or delete the association`
      }
    ]
  })
}

/** A role and token file that the template sets. AWS SDKs use them instead of the EKS Pod Identity Agent. */
function ownIdentityOf(container: Container): Preempted | undefined {
  if (earlierProviderOf(container)?.provider !== 'web-identity') return
  const role = variableOf(container, 'AWS_ROLE_ARN')

  return {
    field: role?.field ?? container.field,
    reason: `sets role ${role?.value === undefined ? 'and token file itself' : quote(role.value)}, which AWS SDKs use instead of the role of the EKS Pod Identity association`
  }
}

/** An endpoint other than the agent's, or a token that the agent rejects. */
function otherEndpoint(
  { volumes }: Pod,
  { variable, isPodIdentity, token }: Extract<ContainerCredentials, { kind: 'endpoint' }>,
  expected: { readonly volume: string; readonly audience: string }
): Preempted | undefined {
  if (!isPodIdentity) {
    return {
      field: variable.field,
      reason: `sets ${variable.name}, so AWS SDKs do not ask the EKS Pod Identity Agent`
    }
  }
  const isForeign =
    token !== undefined &&
    token.audience !== expected.audience &&
    volumes.some(({ name, tokens }) => name === expected.volume && tokens.includes(token))

  return isForeign
    ? {
        field: `${token.field}.audience`,
        reason: `uses the token in the template's volume ${expected.volume}, which has ${token.audience === undefined ? 'no audience' : `audience ${quote(token.audience)}`} instead of ${quote(expected.audience)}, because the identity webhook does not replace a volume with that name`
      }
    : undefined
}

function isTouched(pod: Pod, { mountPath, containerCredentials: agent }: IdentityWebhookSettings): boolean {
  if (pod.volumes.some(({ name }) => name === tokenVolume || name === agent.volume)) return true

  return pod.containers.some(
    ({ mounts, variables }) =>
      mounts.some(
        ({ volume, path }) =>
          volume === tokenVolume ||
          volume === agent.volume ||
          path.startsWith(mountPath) ||
          path.startsWith(agent.mountPath)
      ) || variables.some((variable) => namesInjected.has(variable.name))
  )
}

const namesInjected: ReadonlySet<string> = new Set([...injectedVariables, ...agentVariables])
