import type { Container, Pod, Variable } from '../model/pod.js'
import { containersToMutate, injectedVariables, regionalStsVariable, regionVariables } from './credentials.js'
import type { RoleRequest } from './role-request.js'
import { type IdentityWebhookSettings, tokenFile, tokenVolume } from './settings.js'

/**
 * Predicts a pod after mutation by the identity webhook. The webhook adds both variables if neither is set,
 * the mount if the container mounts no volume with that name, and the volume if the pod has none with that
 * name. It does not change anything that the template sets, and it skips a container that it considers
 * complete. https://github.com/aws/amazon-eks-pod-identity-webhook (pkg/handler/handler.go)
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
  // The identity webhook then considers the container complete and does not check its mounts.
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
  tokens: [{ field: `${specField}.volumes`, audience: request.audience, path: tokenFile }],
  secrets: []
})

/** Whether the identity webhook treats a pod as a Windows pod. It checks only the node selector. */
export function isWindowsSelected({ nodeSelector }: Pod): boolean {
  return nodeSelector['kubernetes.io/os'] === 'windows' || nodeSelector['beta.kubernetes.io/os'] === 'windows'
}
