import { parseCsvRecord } from './csv.js'
import { tokenFile, tokenVolume, type IdentityWebhookSettings } from './identity-webhook.js'
import { variableOf, type Container, type Pod, type ProjectedToken, type Variable } from './pod.js'

/** What a container's AWS SDK will find, by what its pod says. */
export type ContainerCredentials =
  /** Role and token file, and the projected token that the file is; `token` is undefined where only run time shows it. */
  | { readonly kind: 'web-identity'; readonly role: Variable; readonly token: ProjectedToken | undefined }
  /** EKS Pod Identity, or another endpoint that gives credentials to containers. */
  | { readonly kind: 'endpoint'; readonly variable: Variable }
  /** Some pieces of web identity, so that it cannot work. `isOwn`: not what the identity webhook leaves, but made so by the template. */
  | { readonly kind: 'incomplete'; readonly lacks: string; readonly field: string; readonly isOwn: boolean }
  | { readonly kind: 'none' }

const roleVariable = 'AWS_ROLE_ARN'
const fileVariable = 'AWS_WEB_IDENTITY_TOKEN_FILE'
const endpointVariables = ['AWS_CONTAINER_CREDENTIALS_FULL_URI', 'AWS_CONTAINER_CREDENTIALS_RELATIVE_URI'] as const

/** The variables that the identity webhook injects both, or neither when one of them is there. */
export const injectedVariables = [roleVariable, fileVariable] as const

/** Judges one container: both variables, and that the token file is in a mounted volume that projects a token. */
export function credentialsOf(pod: Pod, container: Container, settings: IdentityWebhookSettings): ContainerCredentials {
  const role = variableOf(container, roleVariable)
  const file = variableOf(container, fileVariable)
  if (role === undefined && file === undefined) return withoutVariables(container)
  if (file === undefined) return incomplete(`lacks ${fileVariable}`, role?.field ?? container.field)
  if (role === undefined) return incomplete(`lacks ${roleVariable}`, file.field)
  if (role.value === '') return incomplete(`has an empty ${roleVariable}`, role.field)
  if (file.value === '') return incomplete(`has an empty ${fileVariable}`, file.field)
  if (file.value === undefined) return { kind: 'web-identity', role, token: undefined }

  return tokenBehind(file.value, file, role, pod, container, settings)
}

function withoutVariables(container: Container): ContainerCredentials {
  for (const name of endpointVariables) {
    const variable = variableOf(container, name)
    if (variable !== undefined && variable.value !== '') return { kind: 'endpoint', variable }
  }
  const mount = container.mounts.find(({ volume }) => volume === tokenVolume)
  if (mount !== undefined) return incomplete(`lacks ${roleVariable} and ${fileVariable}`, mount.field)

  return { kind: 'none' }
}

const incomplete = (lacks: string, field: string, isOwn = false): ContainerCredentials => ({ kind: 'incomplete', lacks, field, isOwn })

function tokenBehind(
  path: string,
  file: Variable,
  role: Variable,
  pod: Pod,
  container: Container,
  settings: IdentityWebhookSettings
): ContainerCredentials {
  const wanted = partsOf(path)
  // A template may bring its token in its own way, for example from a sidecar; only the identity webhook's own path is known to us.
  const isOwn = wanted.join('/') !== partsOf(`${settings.mountPath}/${tokenFile}`).join('/')
  const around = container.mounts
    .map((mount) => ({ mount, parts: partsOf(mount.path) }))
    .filter(({ parts }) => parts.every((part, index) => part === wanted[index]))
    .reduce<{ mount: Container['mounts'][number]; parts: string[] } | undefined>(
      (longest, candidate) => (longest === undefined || candidate.parts.length > longest.parts.length ? candidate : longest),
      undefined
    )
  if (around === undefined) return incomplete(`has no mount at ${path}, its ${fileVariable}`, file.field, isOwn)

  const { mount, parts } = around
  const volume = pod.volumes.find(({ name }) => name === mount.volume)
  if (volume === undefined) return incomplete(`mounts the volume ${mount.volume}, which the pod does not have`, mount.field, isOwn)
  if (volume.tokens.length === 0 && volume.name !== tokenVolume) return { kind: 'web-identity', role, token: undefined }

  const inside = [...(mount.subPath === undefined ? [] : partsOf(mount.subPath)), ...wanted.slice(parts.length)].join('/')
  const token = volume.tokens.find((candidate) => partsOf(candidate.path).join('/') === inside)
  if (token === undefined) {
    return incomplete(
      `finds no service account token ${inside} in the volume ${volume.name}`,
      volume.field,
      isOwn && volume.name !== tokenVolume
    )
  }

  return { kind: 'web-identity', role, token }
}

/** A Windows path and the Unix path that the container runtime makes of it have the same parts. */
function partsOf(path: string): string[] {
  return path
    .replace(/^[A-Za-z]:/, '')
    .split(/[\\/]/)
    .filter((part) => part !== '' && part !== '.')
}

// The order in which the identity webhook appends what a container lacks.
const injectionOrder = ['AWS_STS_REGIONAL_ENDPOINTS', 'AWS_DEFAULT_REGION', 'AWS_REGION', ...injectedVariables]

/**
 * Whether the identity webhook itself wrote the role of a container, as it shows where STS settings and region are injected too (as on
 * EKS): all of them stand last, in its order. Behind a role of the template they would follow. Only a copy of a running pod looks the same.
 */
export function isInjected({ variables, variableCount }: Container): boolean {
  const last = variables.slice(-injectionOrder.length)

  return injectionOrder.every(
    (name, position) => last[position]?.name === name && last[position].index === variableCount - injectionOrder.length + position
  )
}

/** Keeps the identity webhook from seeing a pod at all: its registration's object selector, as upstream and EKS ship it. */
export const bypassLabel = 'eks.amazonaws.com/skip-pod-identity-webhook'

export const isBypassed = (pod: Pod): boolean => pod.labels[bypassLabel] !== undefined

export const skipAnnotationOf = (settings: IdentityWebhookSettings): string => `${settings.annotationPrefix}/skip-containers`

/** The names of containers that the pod's annotation asks to leave alone. */
export function skippedNames(pod: Pod, settings: IdentityWebhookSettings): ReadonlySet<string> {
  const value = pod.annotations[skipAnnotationOf(settings)]

  return new Set(typeof value === 'string' ? parseCsvRecord(value) : [])
}

/** The containers that the identity webhook is to give credentials to. */
export function containersToMutate(pod: Pod, settings: IdentityWebhookSettings): readonly Container[] {
  if (isBypassed(pod)) return []
  const skipped = skippedNames(pod, settings)

  return pod.containers.filter(({ name }) => !skipped.has(name))
}
