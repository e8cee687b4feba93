import type { AdmissionRequest } from '../input/admission-review.js'
import type { Deadline } from '../model/deadline.js'
import { thenMaybe } from '../model/maybe-promise.js'
import { parseSubject, type Subject } from '../model/subject.js'
import { type AdmissionResponse, admissionResponseOf } from '../output/admission-response.js'

type Verdict = Parameters<typeof admissionResponseOf>[2]

/**
 * Judges one request within its deadline. An error that the handler throws becomes HTTP 500, so the webhook's
 * failure policy applies.
 */
export type ReviewHandler = (
  request: AdmissionRequest,
  deadline: Deadline
) => AdmissionResponse | Promise<AdmissionResponse>

/**
 * Judges admission requests. Deletions, requests from exempt users, and objects that no rule checks always
 * pass. `onFindings` is called for each request with findings.
 */
export function buildReviewHandler(
  review: (subject: Subject, deadline: Deadline) => Verdict | Promise<Verdict>,
  exempt: { readonly users: readonly string[]; readonly groups: readonly string[] } = {
    users: [],
    groups: []
  },
  onFindings?: (request: AdmissionRequest, subject: Subject, verdict: Verdict) => void
): ReviewHandler {
  return (request, deadline) => {
    const judged = request.operation === 'CREATE' || request.operation === 'UPDATE'
    const subject = judged
      ? parseSubject(request.object, { stage: 'admitted', namespace: request.namespace, old: request.old })
      : undefined
    if (subject === undefined) return { uid: request.uid, allowed: true }

    const by =
      exempt.users.find((user) => user === request.user) ??
      exempt.groups.find((group) => request.groups.includes(group))
    if (by !== undefined) return { uid: request.uid, allowed: true, auditAnnotations: { exempt: by } }

    return thenMaybe(review(subject, deadline), (verdict) => {
      if (verdict.findings.length > 0) onFindings?.(request, subject, verdict)

      return admissionResponseOf(request.uid, subject, verdict)
    })
  }
}
