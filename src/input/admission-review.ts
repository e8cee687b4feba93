import { isRecord } from '../model/subject.js'

/** An AdmissionReview request, as far as we look at it. */
export interface AdmissionRequest {
  readonly apiVersion: 'admission.k8s.io/v1' | 'admission.k8s.io/v1beta1'
  readonly uid: string
  readonly operation: string
  readonly namespace: string | undefined
  readonly object: unknown
  readonly old: unknown
  /** Kind of the object as the request announces it, such as `ServiceAccount`. */
  readonly kind: string
  readonly user: string
  readonly groups: readonly string[]
}

/** Reads an AdmissionReview, or says in `malformed` what was found and what was expected. Never throws. */
export function parseAdmissionReview(body: unknown): AdmissionRequest | { readonly malformed: string } {
  if (!isRecord(body)) return { malformed: 'the body is not an AdmissionReview, a JSON object' }

  const apiVersion = body['apiVersion']
  if (apiVersion !== 'admission.k8s.io/v1' && apiVersion !== 'admission.k8s.io/v1beta1') {
    return { malformed: 'apiVersion must be admission.k8s.io/v1 or admission.k8s.io/v1beta1' }
  }
  if (body['kind'] !== 'AdmissionReview') return { malformed: 'kind must be AdmissionReview' }

  const request = body['request']
  if (!isRecord(request)) return { malformed: 'request is missing' }

  const { uid, operation, namespace, kind, object, oldObject } = request
  if (typeof uid !== 'string' || uid === '') return { malformed: 'request.uid is missing' }
  if (typeof operation !== 'string' || operation === '') return { malformed: 'request.operation is missing' }
  if ((operation === 'CREATE' || operation === 'UPDATE') && !isRecord(object))
    return { malformed: `request.object is missing in a ${operation}` }
  if (isRecord(object) && isRecord(kind) && object['kind'] !== undefined && object['kind'] !== kind['kind']) {
    return { malformed: 'request.object is of another kind than request.kind says' }
  }

  const user = isRecord(request['userInfo']) ? request['userInfo'] : {}

  return {
    apiVersion,
    uid,
    operation,
    namespace: typeof namespace === 'string' ? namespace : undefined,
    object,
    old: oldObject,
    kind: isRecord(kind) && typeof kind['kind'] === 'string' ? kind['kind'] : '',
    user: typeof user['username'] === 'string' ? user['username'] : '',
    groups: Array.isArray(user['groups']) ? user['groups'].filter((group) => typeof group === 'string') : []
  }
}
