import { type Container, type Pod, type ProjectedToken, type Variable, variableOf } from '../model/pod.js'
import { parseCsvRecord } from '../text/csv.js'
import { type IdentityWebhookSettings, tokenFile, tokenVolume } from './settings.js'
import { isSamePath, tokenBehind } from './token-file.js'

/** The credentials that the AWS SDK in a container will find, according to the pod. */
export type ContainerCredentials =
  /**
   * A role and a token file. `token` is the projected token behind the file, undefined if it is known only at
   * run time.
   */
  | { readonly kind: 'web-identity'; readonly role: Variable; readonly token: ProjectedToken | undefined }
  /**
   * The endpoint of the EKS Pod Identity Agent, or a different endpoint that provides credentials. `token` is
   * the projected token that the agent gets; it is undefined for a different endpoint, or if the token is
   * known only at run time.
   */
  | {
      readonly kind: 'endpoint'
      readonly variable: Variable
      readonly isPodIdentity: boolean
      readonly token: ProjectedToken | undefined
    }
  /**
   * Only some of the required parts, so AWS calls fail. `isOwn`: the template set these parts; they are not
   * the result of an incomplete mutation.
   */
  | { readonly kind: 'incomplete'; readonly lacks: string; readonly field: string; readonly isOwn: boolean }
  | { readonly kind: 'none' }

const roleVariable = 'AWS_ROLE_ARN'
const fileVariable = 'AWS_WEB_IDENTITY_TOKEN_FILE'
const endpointVariable = 'AWS_CONTAINER_CREDENTIALS_FULL_URI'
const endpointVariables = [endpointVariable, 'AWS_CONTAINER_CREDENTIALS_RELATIVE_URI'] as const
const endpointFileVariable = 'AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE'

// The EKS Pod Identity Agent, IPv4 and IPv6:
// https://docs.aws.amazon.com/eks/latest/userguide/pod-id-how-it-works.html
const agent = /^http:\/\/(?:169\.254\.170\.23|\[fd00:ec2::23\])(?:[:/]|$)/

/** The identity webhook injects both of these variables, or neither if one of them is already set. */
export const injectedVariables = [roleVariable, fileVariable] as const
/** The same for a service account with an EKS Pod Identity association. */
export const agentVariables = [endpointVariable, endpointFileVariable] as const

/**
 * Judges one container. For complete credentials, the container must set an endpoint, or both the role and a
 * token file. The token file must be in a mounted volume that projects a token.
 */
export function credentialsOf(
  pod: Pod,
  container: Container,
  settings: IdentityWebhookSettings
): ContainerCredentials {
  const role = variableOf(container, roleVariable)
  const file = variableOf(container, fileVariable)
  // Without a token file, SDKs ignore the role and try the endpoint (aws-sdk-js-v3,
  // packages/credential-provider-web-identity; botocore/credentials.py, AssumeRoleWithWebIdentityProvider).
  const endpoint = file === undefined || file.value === '' ? endpointOf(container) : undefined
  if (endpoint !== undefined) return endpointCredentials(endpoint, pod, container, settings)
  // A mount without the variables is not from the identity webhook, which adds both variables to any
  // container that lacks them.
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

/**
 * Judges whether one container can get credentials from the EKS Pod Identity Agent. Credentials that AWS SDKs
 * would use first do not matter here.
 */
export function agentCredentialsOf(
  pod: Pod,
  container: Container,
  settings: IdentityWebhookSettings
): ContainerCredentials {
  const endpoint = endpointOf(container)
  if (endpoint !== undefined) return endpointCredentials(endpoint, pod, container, settings)

  // The identity webhook injects neither variable if a template sets one, even to an empty string.
  const empty = variableOf(container, endpointVariable)
  if (empty !== undefined) return incomplete(`has an empty ${endpointVariable}`, empty.field, true)
  const file = variableOf(container, endpointFileVariable)

  return file === undefined ? { kind: 'none' } : incomplete(`lacks ${endpointVariable}`, file.field, true)
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
    return { kind: 'endpoint', variable, isPodIdentity: false, token: undefined }

  const file = variableOf(container, endpointFileVariable)
  if (file === undefined || file.value === '')
    return incomplete(`lacks ${endpointFileVariable}`, variable.field, true)
  const token = tokenBehind(file, pod, container)
  if (token.kind === 'missing') return incomplete(token.lacks, token.field, true)

  return {
    kind: 'endpoint',
    variable,
    isPodIdentity: true,
    token: token.kind === 'found' ? token.token : undefined
  }
}

const incomplete = (lacks: string, field: string, isOwn = false): ContainerCredentials => ({
  kind: 'incomplete',
  lacks,
  field,
  isOwn
})

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
 * set the role, the injected variables would come after it. Only a template copied from a running pod would
 * look the same.
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
 * A pod with this label opts out of the identity webhook: the webhook configurations of upstream and EKS
 * exclude it with an `objectSelector`.
 */
export const bypassLabel = 'eks.amazonaws.com/skip-pod-identity-webhook'

export const isBypassed = (pod: Pod): boolean => pod.labels[bypassLabel] !== undefined

/**
 * Whether there are signs that a pod's containers get credentials from an endpoint, in which case they need no
 * role from the identity webhook. Newer releases of the identity webhook label the pods that use EKS Pod Identity:
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
