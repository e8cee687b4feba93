import { isRecord } from '../../src/text/record.js'

/** What a webhook sent back. */
export interface Reply {
  readonly statusCode: number
  readonly contentType: string | undefined
  readonly bytes: Buffer
}

/**
 * Why an API server would not take this reply to a review, or would drop a part of it; undefined if it takes all
 * of it. Status 200 only. The rules are those of VerifyAdmissionResponse, of the validating dispatcher and of what
 * they call: https://github.com/kubernetes/kubernetes/tree/v1.35.4/staging/src/k8s.io/apiserver/pkg/admission/plugin/webhook
 */
export function refusalOf(reply: Reply, asked: { apiVersion: string; uid: string }): string | undefined {
  if (!/^application\/json(?:;|$)/.test(reply.contentType ?? ''))
    return `content type ${String(reply.contentType)}`
  const review = parseUtf8(reply.bytes)
  if (!isRecord(review)) return 'not an object'
  if (review['apiVersion'] !== asked.apiVersion || review['kind'] !== 'AdmissionReview')
    return 'of another version or kind'
  const { response } = review
  if (!isRecord(response)) return 'without a response'
  if (response['uid'] !== asked.uid) return `the uid is ${String(response['uid'])}`
  if (typeof response['allowed'] !== 'boolean') return '"allowed" is no boolean'
  for (const name of ['patch', 'patchType'])
    if (name in response) return `a validating webhook may not return ${name}`

  return (
    statusProblemOf(response) ??
    warningProblemOf(response['warnings'] ?? []) ??
    annotationProblemOf(response['auditAnnotations'] ?? {})
  )
}

/** Go's decoder takes bytes that are not UTF-8 for replacement characters; ours must not send any. */
function parseUtf8(bytes: Buffer): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes))
  } catch {
    return undefined
  }
}

/** A denial has a status; the API server shows its message and sends its code, if that is an error's. */
function statusProblemOf({ allowed, status }: Readonly<Record<string, unknown>>): string | undefined {
  if (allowed === true) return status === undefined ? undefined : 'allowed, but with a status'
  if (!isRecord(status)) return 'denied without a status'
  if (status['code'] !== 403 || status['reason'] !== 'Forbidden') return 'the status is not Forbidden'

  return typeof status['message'] === 'string' && status['message'].trim() !== ''
    ? undefined
    : 'denied without a message'
}

/** A warning with control characters is dropped (NewWarningHeader in apimachinery/pkg/util/net/http.go). */
function warningProblemOf(warnings: unknown): string | undefined {
  if (!Array.isArray(warnings)) return 'the warnings are no list'
  const bad = warnings.find(
    (warning) =>
      typeof warning !== 'string' || warning === '' || !warning.isWellFormed() || /\p{Cc}/u.test(warning)
  ) as unknown

  return bad === undefined ? undefined : `a warning that is dropped: ${JSON.stringify(bad)}`
}

/**
 * An annotation is dropped if its key, behind the name of the webhook and a slash, is not a qualified name
 * (checkKeyFormat in apiserver/pkg/admission/attributes.go).
 */
function annotationProblemOf(annotations: unknown): string | undefined {
  if (!isRecord(annotations)) return 'the audit annotations are no object'
  const bad = Object.entries(annotations).find(
    ([key, value]) =>
      !/^[a-z0-9](?:[\w.-]*[a-z0-9])?$/i.test(key) || key.length > 63 || typeof value !== 'string'
  )

  return bad === undefined ? undefined : `an audit annotation that is dropped: ${JSON.stringify(bad)}`
}
