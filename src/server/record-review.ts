import type { Logger } from 'pino'
import type { Metrics } from '../process/metrics.js'
import type { Reviewed } from './app.js'

/**
 * Counts a review, and logs it if something was found: a line for every review would cost more than the
 * review.
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
      user: request.user,
      operation: request.operation,
      outcome,
      ...response.auditAnnotations
    },
    'review'
  )
}

// Those of the registration, and webhook configurations, which static webhooks are sent.
const judgedKinds: ReadonlySet<string> = new Set([
  ...['ServiceAccount', 'Pod', 'Deployment', 'StatefulSet', 'DaemonSet', 'ReplicaSet', 'Job', 'CronJob'],
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
