import type { Logger } from 'pino'
import type { AdmissionRequest } from '../input/admission-review.js'
import type { Subject } from '../model/subject.js'
import type { admissionResponseOf } from '../output/admission-response.js'
import type { Metrics } from '../process/metrics.js'
import { recordOf, textOf } from '../text/record.js'
import type { Reviewed } from './app.js'

type Verdict = Parameters<typeof admissionResponseOf>[2]

/**
 * Counts a review, and logs it if its response has audit annotations: there are findings, something was not
 * checked, or the user is exempt. A log line for every review would cost more than the review itself.
 */
export function recordReview(
  metrics: Metrics,
  log: Logger,
  { request, response, error, isOverload, milliseconds }: Reviewed
): void {
  const outcome = isOverload ? 'overloaded' : outcomeOf(response, error)
  // Any client that reaches the port can send any kind, but a metric must have few label values.
  const kind = request === undefined ? '' : judgedKinds.has(request.kind) ? request.kind : 'other'
  const operation =
    request === undefined ? '' : operations.has(request.operation) ? request.operation : 'other'
  metrics.reviews.count(kind, operation, outcome)
  metrics.reviewSeconds.observe(milliseconds / 1000)
  if (error) log.error({ err: error }, 'review failed')
  if (response?.auditAnnotations === undefined || request === undefined) return

  log.info(
    {
      kind: request.kind,
      namespace: request.namespace,
      name: nameIn(request.object),
      user: request.user,
      operation: request.operation,
      outcome,
      ...response.auditAnnotations
    },
    'review'
  )
}

/** The name of an object, or the prefix from which the API server will generate one. */
function nameIn(object: unknown): string | undefined {
  const { name, generateName } = recordOf(recordOf(object)['metadata'])

  return textOf(name) ?? textOf(generateName)
}

/**
 * Counts and logs the errors that would deny a request if its namespace were in mode `enforce`, so that users
 * can see the effect of that mode beforehand. Each error gets one log line, up to 24 per review.
 */
export function recordWouldDeny(
  metrics: Metrics,
  log: Logger,
  { request, subject, verdict }: { request: AdmissionRequest; subject: Subject; verdict: Verdict }
): void {
  if (verdict.mode === 'enforce') return

  const errors = verdict.findings.filter(
    ({ severity, waived }) => severity === 'error' && waived === undefined
  )
  for (const rule of new Set(errors.map(({ rule }) => rule))) metrics.wouldDeny.count(rule)
  for (const { rule, message } of errors.slice(0, maxLines)) {
    log.info(
      {
        kind: request.kind,
        namespace: request.namespace,
        name: subject.name,
        operation: request.operation,
        mode: verdict.mode,
        rule,
        message
      },
      'would be denied'
    )
  }
}

const maxLines = 24

// The kinds in the webhook registration, and webhook configurations, which API servers send only to static
// webhooks.
const judgedKinds: ReadonlySet<string> = new Set([
  ...['ServiceAccount', 'Namespace', 'Pod'],
  ...['Deployment', 'StatefulSet', 'DaemonSet', 'ReplicaSet', 'Job', 'CronJob'],
  ...['MutatingWebhookConfiguration', 'ValidatingWebhookConfiguration']
])
const operations: ReadonlySet<string> = new Set(['CREATE', 'UPDATE', 'DELETE', 'CONNECT'])

function outcomeOf(response: Reviewed['response'], error: Reviewed['error']): string {
  if (error) return 'failed'
  if (response === undefined) return 'malformed'
  if (!response.allowed) return 'denied'
  if (response.auditAnnotations?.['exempt'] !== undefined) return 'exempt'

  return response.warnings === undefined ? 'allowed' : 'warned'
}
