/**
 * Explains why an AWS call failed, using the name, code and status of the SDK's error. Never quotes the
 * error's message.
 */
export function failureOf(error: unknown, call: string): { failure: Failure } {
  const { name, code, status } = partsOf(error)
  const service = (call.split(':', 1)[0] ?? '').toUpperCase()
  const lines = describeError(error)

  if (throttled.test(name) || status === 429) {
    return failed(
      'throttled',
      `${service} throttled ${call} (${lines}); other clients share the account's rate limit, and irsa-guard will retry`
    )
  }
  if (badCredentials.test(name)) {
    return failed(
      'no-credentials',
      `AWS did not accept the credentials (${lines}); renew the credentials that irsa-guard runs with`
    )
  }
  if (name.startsWith('AccessDenied') || status === 403) {
    return failed('refused', `${service} denied ${call} (${lines}); allow this action for irsa-guard's role`)
  }
  // The SDK also reports a reset connection as a TimeoutError.
  if ((name === 'TimeoutError' && !isReset(code)) || code === 'ETIMEDOUT') {
    return failed('timeout', `${service} did not answer ${call} in time`)
  }
  if (status !== undefined && status >= 500)
    return failed('unreachable', `${service} answered ${call} with HTTP ${status}`)
  if (code !== undefined && status === undefined) {
    return failed(
      'unreachable',
      `${service} is not reachable for ${call} (${code}); check the network, the proxy and the endpoint`
    )
  }

  return failed('error', `${service} gave no usable answer to ${call} (${lines})`)
}

/** Explains why there are no credentials: none were found, or the ones found could not be exchanged. */
export function credentialsFailureOf(error: unknown): { failure: Failure } {
  const { name } = partsOf(error)
  if (name === 'CredentialsProviderError') {
    return failed(
      'no-credentials',
      'no usable AWS credentials were found; give irsa-guard a role, or a profile on the machine where it runs'
    )
  }

  return failed(
    'no-credentials',
    `irsa-guard got no AWS credentials (${describeError(error)}); check the role and the service account it runs with`
  )
}

/**
 * Whether IAM answered that the role or provider does not exist:
 * https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetRole.html#API_GetRole_Errors
 */
export const isAbsentError = (error: unknown): boolean => partsOf(error).name === 'NoSuchEntityException'

/**
 * Whether EKS answered that the cluster or the association does not exist:
 * https://docs.aws.amazon.com/eks/latest/APIReference/API_DescribePodIdentityAssociation.html
 */
export const isNotFoundError = (error: unknown): boolean =>
  partsOf(error).name === 'ResourceNotFoundException'

/**
 * Whether an immediate retry may succeed: the server returned a 5xx status or closed a keep-alive connection.
 */
export function isPassing(error: unknown): boolean {
  const { code, status } = partsOf(error)

  return isReset(code) || (status !== undefined && status >= 500)
}

const isReset = (code: string | undefined): boolean => code === 'ECONNRESET' || code === 'EPIPE'

// Names from the SDK's own list of throttling errors (@smithy/core, "retry"). IAM's query protocol sends
// Throttling.
const throttled =
  /^(?:Throttling|ThrottlingException|ThrottledException|RequestThrottled|RequestThrottledException|TooManyRequestsException|RequestLimitExceeded|BandwidthLimitExceeded|LimitExceededException|SlowDown|PriorRequestNotComplete)$/

// https://docs.aws.amazon.com/IAM/latest/APIReference/CommonErrors.html
const badCredentials =
  /^(?:ExpiredToken|ExpiredTokenException|InvalidClientTokenId|InvalidAccessKeyId|UnrecognizedClientException|SignatureDoesNotMatch|InvalidSignatureException|IncompleteSignature|InvalidIdentityToken|InvalidIdentityTokenException|IDPCommunicationError|AuthFailure|MissingAuthenticationToken|RequestExpired)$/

function describeError(error: unknown): string {
  const { name, code, status } = partsOf(error)
  if (/^[A-Za-z.]{1,64}$/.test(name) && name !== 'Error') return name

  return code ?? (status === undefined ? 'an error without a name' : `HTTP ${status}`)
}

function partsOf(error: unknown): { name: string; code: string | undefined; status: number | undefined } {
  if (!(error instanceof Error)) return { name: '', code: undefined, status: undefined }
  const { code, $metadata, cause } = error as Error & {
    code?: unknown
    $metadata?: { httpStatusCode?: unknown }
    cause?: unknown
  } // every field is checked
  const status = $metadata?.httpStatusCode
  const inner =
    typeof code === 'string' ? code : cause instanceof Error && 'code' in cause ? cause.code : undefined

  return {
    name: error.name,
    code: typeof inner === 'string' && /^[A-Z_0-9]{2,64}$/.test(inner) ? inner : undefined,
    status: typeof status === 'number' ? status : undefined
  }
}

/** The result of one AWS call: an answer, or a failure. */
export type AwsResponse<T> = { readonly answer: T } | { readonly failure: Failure }

/** Why AWS gave no answer: a kind for lifetimes and metrics, and a plain message that states what to do. */
export interface Failure {
  readonly kind: 'refused' | 'throttled' | 'timeout' | 'unreachable' | 'no-credentials' | 'not-ours' | 'error'
  readonly because: string
}

export const failed = (kind: Failure['kind'], because: string): { failure: Failure } => ({
  failure: { kind, because }
})
