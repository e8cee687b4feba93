import type { Container, Pod, Variable } from '../model/pod.js'
import { containersToMutate, injectedVariables, regionalStsVariable, regionVariables } from './credentials.js'
import type { RoleRequest } from './role-request.js'
import { type IdentityWebhookSettings, tokenFile, tokenVolume } from './settings.js'

/**
 * A pod as the identity webhook will leave it: both variables where neither is there, the mount where the
 * container mounts no volume of that name, the volume where there is none of that name. What the template
 * took before is left as it is, and a container that it takes for complete gets nothing at all.
 * https://github.com/aws/amazon-eks-pod-identity-webhook (pkg/handler/handler.go)
 */
export function foreseeMutation(pod: Pod, request: RoleRequest, settings: IdentityWebhookSettings): Pod {
  const chosen = new Set(containersToMutate(pod, settings))
  if (chosen.size === 0) return pod

  return {
    ...pod,
    containers: pod.containers.map((container) =>
      chosen.has(container) ? mutated(container, request, settings, pod) : container
    ),
    volumes: pod.volumes.some(({ name }) => name === tokenVolume)
      ? pod.volumes
      : [volumeOf(pod, request), ...pod.volumes]
  }
}

function mutated(
  container: Container,
  request: RoleRequest,
  settings: IdentityWebhookSettings,
  pod: Pod
): Container {
  const isTaken = hasAny(container, injectedVariables)
  // So it takes a container for complete, and does not look at its mounts any more.
  if (isTaken && hasAny(container, regionVariables) && hasAny(container, [regionalStsVariable]))
    return container
  const isMounted = container.mounts.some(({ volume }) => volume === tokenVolume)
  const path = `${settings.mountPath}/${tokenFile}`
  const values = [request.role, isWindowsSelected(pod) ? `C:${path.replaceAll('/', '\\')}` : path]
  const added = injectedVariables.map((name, index): Variable => ({
    field: container.field,
    index: container.variableCount + index,
    name,
    value: values[index]
  }))

  return {
    ...container,
    ...(!isTaken && {
      variables: [...container.variables, ...added],
      variableCount: container.variableCount + added.length
    }),
    ...(!isMounted && {
      mounts: [
        ...container.mounts,
        { field: container.field, volume: tokenVolume, path: settings.mountPath, subPath: undefined }
      ]
    })
  }
}

const hasAny = ({ variables }: Container, names: readonly string[]): boolean =>
  variables.some(({ name }) => names.includes(name))

const volumeOf = ({ specField }: Pod, request: RoleRequest): Pod['volumes'][number] => ({
  field: `${specField}.volumes`,
  name: tokenVolume,
  tokens: [{ field: `${specField}.volumes`, audience: request.audience, path: tokenFile }]
})

/** Whether the identity webhook takes a pod for one of Windows: it looks at the node selector only. */
export function isWindowsSelected({ nodeSelector }: Pod): boolean {
  return nodeSelector['kubernetes.io/os'] === 'windows' || nodeSelector['beta.kubernetes.io/os'] === 'windows'
}
