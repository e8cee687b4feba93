import {
  type Container,
  type Mount,
  type Pod,
  type ProjectedToken,
  type Variable,
  variableOf,
  type Volume
} from '../model/pod.js'
import { parseCsvRecord } from '../text/csv.js'
import { quote } from '../text/escape.js'
import { memoizeGroups } from '../text/memoize.js'
import { type IdentityWebhookSettings, tokenFile, tokenVolume } from './settings.js'

/** The credentials that the AWS SDK in a container will find, according to the pod. */
export type ContainerCredentials =
  /**
   * A role and a token file. `token` is the projected token behind the file, undefined if it is known only at
   * run time.
   */
  | { readonly kind: 'web-identity'; readonly role: Variable; readonly token: ProjectedToken | undefined }
  /** An endpoint that provides credentials to containers: the EKS Pod Identity Agent or another one. */
  | { readonly kind: 'endpoint'; readonly variable: Variable; readonly isPodIdentity: boolean }
  /**
   * Only some of the required parts, so AWS calls fail. `isOwn`: the template set these parts; they are not
   * the result of an incomplete mutation.
   */
  | { readonly kind: 'incomplete'; readonly lacks: string; readonly field: string; readonly isOwn: boolean }
  | { readonly kind: 'none' }

const roleVariable = 'AWS_ROLE_ARN'
const fileVariable = 'AWS_WEB_IDENTITY_TOKEN_FILE'
const endpointVariables = [
  'AWS_CONTAINER_CREDENTIALS_FULL_URI',
  'AWS_CONTAINER_CREDENTIALS_RELATIVE_URI'
] as const
const endpointFileVariable = 'AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE'

// The EKS Pod Identity Agent, IPv4 and IPv6:
// https://docs.aws.amazon.com/eks/latest/userguide/pod-id-how-it-works.html
const agent = /^http:\/\/(?:169\.254\.170\.23|\[fd00:ec2::23\])(?:[:/]|$)/

/** The identity webhook injects both of these variables, or neither if one of them is already set. */
export const injectedVariables = [roleVariable, fileVariable] as const

/**
 * Judges one container: both variables must be set, and the token file must be in a mounted volume that
 * projects a token.
 */
export function credentialsOf(
  pod: Pod,
  container: Container,
  settings: IdentityWebhookSettings
): ContainerCredentials {
  const role = variableOf(container, roleVariable)
  const file = variableOf(container, fileVariable)
  // Without a token file, SDKs ignore the role and go on to the endpoint (aws-sdk-js-v3,
  // packages/credential-provider-web-identity; botocore/credentials.py, AssumeRoleWithWebIdentityProvider).
  const endpoint = file === undefined || file.value === '' ? endpointOf(container) : undefined
  if (endpoint !== undefined) return endpointCredentials(endpoint, pod, container, settings)
  // The identity webhook did not add a mount without the variables: it adds both variables to any container
  // that lacks them.
  if (role === undefined && file === undefined) return { kind: 'none' }
  if (file === undefined) return incomplete(`lacks ${fileVariable}`, role?.field ?? container.field)
  if (role === undefined) return incomplete(`lacks ${roleVariable}`, file.field)
  if (role.value === '') return incomplete(`has an empty ${roleVariable}`, role.field)
  if (file.value === '') return incomplete(`has an empty ${fileVariable}`, file.field)

  const token = tokenBehind(file, pod, container)
  if (token.kind !== 'missing')
    return { kind: 'web-identity', role, token: token.kind === 'found' ? token.token : undefined }

  // A template can supply its token in its own way. Only a token file at the identity webhook's path or in
  // its volume is attributed to the identity webhook.
  const isAtUsualPlace = isSamePath(file.value ?? '', `${settings.mountPath}/${tokenFile}`)
  return incomplete(token.lacks, token.field, !isAtUsualPlace && token.volume !== tokenVolume)
}

/** The variable that points AWS SDKs to an endpoint; undefined if there is none. */
function endpointOf(container: Container): Variable | undefined {
  for (const name of endpointVariables) {
    const variable = variableOf(container, name)
    if (variable !== undefined && variable.value !== '') return variable
  }
  return
}

function endpointCredentials(
  variable: Variable,
  pod: Pod,
  container: Container,
  { containerCredentials }: IdentityWebhookSettings
): ContainerCredentials {
  const uri = variable.value ?? ''
  // The requirements of other endpoints are not known.
  if (!agent.test(uri) && uri !== containerCredentials.uri)
    return { kind: 'endpoint', variable, isPodIdentity: false }

  const file = variableOf(container, endpointFileVariable)
  if (file === undefined || file.value === '')
    return incomplete(`lacks ${endpointFileVariable}`, variable.field, true)
  const token = tokenBehind(file, pod, container)
  if (token.kind === 'missing') return incomplete(token.lacks, token.field, true)

  return { kind: 'endpoint', variable, isPodIdentity: true }
}

const incomplete = (lacks: string, field: string, isOwn = false): ContainerCredentials => ({
  kind: 'incomplete',
  lacks,
  field,
  isOwn
})

type TokenLookup =
  | { readonly kind: 'found'; readonly token: ProjectedToken }
  /**
   * The file cannot be checked: its path is known only at run time, or it is in a volume of a different kind
   * (filled by a sidecar or a driver).
   */
  | { readonly kind: 'hidden' }
  | { readonly kind: 'missing'; readonly lacks: string; readonly field: string; readonly volume?: string }

function tokenBehind(file: Variable, pod: Pod, container: Container): TokenLookup {
  if (file.value === undefined) return { kind: 'hidden' }

  const found = mountBehind(file.value, container)
  if (found === undefined)
    return {
      kind: 'missing',
      lacks: `has no volume mount at ${quote(file.value)} (its ${file.name})`,
      field: file.field
    }

  const { mount, inside } = found
  const volume = volumeOf(pod, mount)
  if (volume === undefined) {
    return {
      kind: 'missing',
      lacks: `mounts the volume ${mount.volume}, which the pod does not define`,
      field: mount.field,
      volume: mount.volume
    }
  }
  if (volume.tokens.length === 0 && volume.name !== tokenVolume) return { kind: 'hidden' }

  const [token] = tokensAt(volume.tokens, inside)
  if (token !== undefined) return { kind: 'found', token }

  return {
    kind: 'missing',
    lacks: `expects the service account token ${quote(inside)} in the volume ${volume.name}, which does not contain it`,
    field: volume.field,
    volume: volume.name
  }
}

/** The mount that contains a path, and the path inside the mounted volume. */
function mountBehind(
  path: string,
  container: Container
): { readonly mount: Mount; readonly inside: string } | undefined {
  const wanted = partsOf(path)
  const [deepest] = container.mounts
    .map((mount) => ({ mount, parts: partsOf(mount.path) }))
    .filter(({ parts }) => parts.every((part, index) => part === wanted[index]))
    .sort((one, other) => other.parts.length - one.parts.length)
  if (deepest === undefined) return
  const { mount, parts } = deepest
  const inside = [
    ...(mount.subPath === undefined ? [] : partsOf(mount.subPath)),
    ...wanted.slice(parts.length)
  ].join('/')

  return { mount, inside }
}

/** The volume of a mount; undefined if the pod does not define it. */
export const volumeOf = (pod: Pod, { volume }: Mount): Volume | undefined =>
  volumesNamed(pod.volumes, volume)[0]

/** The volume that contains a file of a container; undefined if none certainly does. */
export function volumeBehind(path: string, pod: Pod, container: Container): Volume | undefined {
  const found = mountBehind(path, container)

  return found && volumeOf(pod, found.mount)
}

// A pod can have thousands of containers, volumes and tokens.
const volumesNamed = memoizeGroups(({ name }: Volume) => name)
const tokensAt = memoizeGroups(({ path }: ProjectedToken) => plainPath(path))

const plainPath = (path: string): string => partsOf(path).join('/')
const isSamePath = (one: string, other: string): boolean =>
  one === other || plainPath(one) === plainPath(other)

/**
 * Splits a path into its parts. A Windows path and the Unix path into which the container runtime converts it
 * have the same parts.
 */
function partsOf(path: string): string[] {
  return path
    .replace(/^[A-Za-z]:/, '')
    .split(/[\\/]/)
    .filter((part) => part !== '' && part !== '.')
}

/** The identity webhook injects both of these region variables, or neither if one of them is already set. */
export const regionVariables = ['AWS_DEFAULT_REGION', 'AWS_REGION'] as const
/** The variable that the identity webhook injects if SDKs must call the regional STS endpoint. */
export const regionalStsVariable = 'AWS_STS_REGIONAL_ENDPOINTS'

// The order in which the identity webhook appends the missing variables:
// https://github.com/aws/amazon-eks-pod-identity-webhook (pkg/handler/handler.go)
const injectionOrder = [regionalStsVariable, ...regionVariables, ...injectedVariables]

/**
 * Whether the identity webhook itself set a container's role. This is visible only if it also injects the STS
 * setting and the region, as on EKS: then all of these variables come last, in its order. If the template had
 * set the role, the other variables would come after it. Only a copy of a running pod looks the same.
 */
export function isInjected({ variables, variableCount }: Container): boolean {
  const last = variables.slice(-injectionOrder.length)

  return injectionOrder.every(
    (name, position) =>
      last[position]?.name === name &&
      last[position].index === variableCount - injectionOrder.length + position
  )
}

/**
 * A pod with this label is never sent to the identity webhook: the webhook configurations that upstream and
 * EKS ship exclude it with an `objectSelector`.
 */
export const bypassLabel = 'eks.amazonaws.com/skip-pod-identity-webhook'

export const isBypassed = (pod: Pod): boolean => pod.labels[bypassLabel] !== undefined

/**
 * Whether a pod shows that its containers might get credentials from an endpoint, so that they need no role
 * from the identity webhook. Newer releases of the identity webhook label the pods that use EKS Pod Identity:
 * https://github.com/aws/amazon-eks-pod-identity-webhook (pkg/handler/handler.go)
 */
export function mayUseEndpoint(pod: Pod, { containerCredentials }: IdentityWebhookSettings): boolean {
  return (
    pod.labels['eks.amazonaws.com/pod-identity'] === 'enabled' ||
    pod.volumes.some(({ name }) => name === containerCredentials.volume) ||
    pod.containers.some((container) => endpointOf(container) !== undefined)
  )
}

/** The names of the containers that the pod's annotation excludes. */
export function skippedNames(pod: Pod, settings: IdentityWebhookSettings): ReadonlySet<string> {
  const value = pod.annotations[settings.annotationNames['skip-containers']]

  return new Set(typeof value === 'string' ? parseCsvRecord(value)?.fields : [])
}

/** The containers to which the identity webhook is expected to give credentials. */
export function containersToMutate(pod: Pod, settings: IdentityWebhookSettings): readonly Container[] {
  if (isBypassed(pod)) return []
  const skipped = skippedNames(pod, settings)

  return pod.containers.filter(({ name }) => !skipped.has(name))
}
