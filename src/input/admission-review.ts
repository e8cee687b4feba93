import { quote } from '../text/escape.js'
import { isRecord } from '../text/record.js'

/** The parts of an AdmissionReview request that irsa-guard reads. */
export interface AdmissionRequest {
  readonly apiVersion: 'admission.k8s.io/v1' | 'admission.k8s.io/v1beta1'
  readonly uid: string
  readonly operation: string
  readonly namespace: string | undefined
  readonly object: unknown
  readonly old: unknown
  /** The object's kind according to the request, such as `ServiceAccount`. */
  readonly kind: string
  readonly user: string
  readonly groups: readonly string[]
}

/**
 * Parses an AdmissionReview; if it is not one, `malformed` names what was found and what was expected. Never
 * throws.
 */
export function parseAdmissionReview(body: unknown): AdmissionRequest | { readonly malformed: string } {
  if (!isRecord(body)) return wrong('the body', body, 'an AdmissionReview, a JSON object')

  const apiVersion = body['apiVersion']
  if (apiVersion !== 'admission.k8s.io/v1' && apiVersion !== 'admission.k8s.io/v1beta1') {
    return wrong('apiVersion', apiVersion, 'admission.k8s.io/v1 or admission.k8s.io/v1beta1')
  }
  if (body['kind'] !== 'AdmissionReview') return wrong('kind', body['kind'], 'AdmissionReview')

  const request = body['request']
  if (!isRecord(request)) return wrong('request', request, 'an object')

  const { uid, operation, namespace, object, oldObject } = request
  const kind = isRecord(request['kind']) ? request['kind']['kind'] : undefined
  if (typeof uid !== 'string' || uid === '') return wrong('request.uid', uid, 'a string')
  if (typeof operation !== 'string' || operation === '')
    return wrong('request.operation', operation, 'a string')
  if ((operation === 'CREATE' || operation === 'UPDATE') && !isRecord(object)) {
    return wrong('request.object', object, `an object in a ${operation}`)
  }
  if (
    isRecord(object) &&
    (typeof object['kind'] !== 'string' || object['kind'] !== (kind ?? object['kind']))
  ) {
    return wrong(
      'request.object.kind',
      object['kind'],
      typeof kind === 'string' ? `${quote(kind)}, as in request.kind` : 'a string'
    )
  }

  const user = isRecord(request['userInfo']) ? request['userInfo'] : {}

  return {
    apiVersion,
    uid,
    operation,
    namespace: typeof namespace === 'string' ? namespace : undefined,
    object,
    old: oldObject,
    kind: typeof kind === 'string' ? kind : '',
    user: typeof user['username'] === 'string' ? user['username'] : '',
    groups: Array.isArray(user['groups']) ? user['groups'].filter((group) => typeof group === 'string') : []
  }
}

const wrong = (field: string, found: unknown, expected: string): { malformed: string } => ({
  malformed: `${field} is ${describeValue(found)}; expected ${expected}`
})

function describeValue(found: unknown): string {
  if (found === undefined) return 'missing'
  if (typeof found === 'string') return quote(found)
  if (Array.isArray(found)) return 'a list'

  return isRecord(found) ? 'an object' : JSON.stringify(found)
}
