import type { Container, Pod, ProjectedToken, Variable } from '../model/pod.js'
import {
  agentVariables,
  containersToMutate,
  injectedVariables,
  regionalStsVariable,
  regionVariables
} from './credentials.js'
import type { RoleRequest } from './role-request.js'
import { type IdentityWebhookSettings, tokenFile, tokenVolume } from './settings.js'

/** What the identity webhook injects into each container, and the volume behind it. */
interface Injection {
  readonly variables: readonly { readonly name: string; readonly value: string }[]
  readonly volume: string
  readonly mountPath: string
  readonly token: Pick<ProjectedToken, 'audience' | 'path'>
}

/**
 * Predicts a pod after mutation by the identity webhook, for the role that its service account requests. The
 * webhook adds both variables if neither is set, the volume if the pod has none with its name, and the mount
 * if the container mounts no volume with that name. It does not change anything that the template sets, and
 * it skips a container that it considers complete. https://github.com/aws/amazon-eks-pod-identity-webhook
 * (pkg/handler/handler.go)
 */
export function foreseeMutation(pod: Pod, request: RoleRequest, settings: IdentityWebhookSettings): Pod {
  const { mountPath } = settings
  const [role, file] = injectedVariables

  return foresee(pod, settings, {
    variables: [
      { name: role, value: request.role },
      { name: file, value: pathFor(pod, `${mountPath}/${tokenFile}`) }
    ],
    volume: tokenVolume,
    mountPath,
    token: { audience: request.audience, path: tokenFile }
  })
}

/**
 * The same for a service account with an EKS Pod Identity association. The identity webhook then ignores the
 * role annotation, and mutates pods even on nodes that cannot run the agent.
 */
export function foreseeAgentMutation(pod: Pod, settings: IdentityWebhookSettings): Pod {
  const { uri, volume, audience, mountPath, file: path } = settings.containerCredentials
  const [endpoint, file] = agentVariables

  return foresee(pod, settings, {
    variables: [
      { name: endpoint, value: uri },
      { name: file, value: pathFor(pod, `${mountPath}/${path}`) }
    ],
    volume,
    mountPath,
    token: { audience, path }
  })
}

const pathFor = (pod: Pod, path: string): string =>
  isWindowsSelected(pod) ? `C:${path.replaceAll('/', '\\')}` : path

function foresee(pod: Pod, settings: IdentityWebhookSettings, injection: Injection): Pod {
  const chosen = new Set(containersToMutate(pod, settings))
  if (chosen.size === 0) return pod

  return {
    ...pod,
    containers: pod.containers.map((container) =>
      chosen.has(container) ? mutated(container, injection) : container
    ),
    volumes: pod.volumes.some(({ name }) => name === injection.volume)
      ? pod.volumes
      : [volumeOf(pod, injection), ...pod.volumes]
  }
}

function mutated(container: Container, { variables, volume, mountPath }: Injection): Container {
  const isTaken = hasAny(
    container,
    variables.map(({ name }) => name)
  )
  // The identity webhook then considers the container complete and does not check its mounts.
  if (isTaken && hasAny(container, regionVariables) && hasAny(container, [regionalStsVariable]))
    return container
  const isMounted = container.mounts.some((mount) => mount.volume === volume)
  const added = variables.map(({ name, value }, index): Variable => ({
    field: container.field,
    index: container.variableCount + index,
    name,
    value
  }))

  return {
    ...container,
    ...(!isTaken && {
      variables: [...container.variables, ...added],
      variableCount: container.variableCount + added.length
    }),
    ...(!isMounted && {
      mounts: [...container.mounts, { field: container.field, volume, path: mountPath, subPath: undefined }]
    })
  }
}

const hasAny = ({ variables }: Container, names: readonly string[]): boolean =>
  variables.some(({ name }) => names.includes(name))

const volumeOf = ({ specField }: Pod, { volume, token }: Injection): Pod['volumes'][number] => ({
  field: `${specField}.volumes`,
  name: volume,
  tokens: [{ field: `${specField}.volumes`, ...token }],
  secrets: []
})

/** Whether the identity webhook treats a pod as a Windows pod. It checks only the node selector. */
export function isWindowsSelected({ nodeSelector }: Pod): boolean {
  return nodeSelector['kubernetes.io/os'] === 'windows' || nodeSelector['beta.kubernetes.io/os'] === 'windows'
}
