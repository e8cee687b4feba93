import type { Clock } from './clock.js'
import type { Failure } from './failure.js'

/**
 * Stops calls of one operation, or about one AWS account, while they are bound to fail, so that they do not
 * use up the rate limit.
 */
export interface Breaker {
  /** The failure that rules out calls for now; undefined if calls may be made. */
  open(): Failure | undefined
  /**
   * Whether calls were paused and none has succeeded since. After the pause, one call at a time tries again.
   */
  readonly isProbing: boolean
  /** Notes the outcome of a call. */
  note(failure: Failure | undefined): void
}

// The first pause after a failure, in milliseconds. A refused call stays refused until a policy is edited.
const pauses = {
  throttled: 5_000,
  timeout: 5_000,
  unreachable: 5_000,
  error: 5_000,
  'no-credentials': 10_000,
  refused: 30_000,
  'not-ours': 30_000
} satisfies Record<Failure['kind'], number>

const longestPause = 300_000

// Failures of any other kind may concern a single object. If EKS refuses a call, it does so for all
// associations of a cluster.
const commonFailures: readonly Failure['kind'][] = ['throttled', 'refused', 'no-credentials', 'not-ours']

/**
 * Builds a breaker whose pauses double with each failure, up to five minutes. A failure that may concern a
 * single object starts a pause only if it is at least the `tolerated`-th failure in a row.
 */
export function buildBreaker(
  clock: Clock,
  tolerated: number,
  common: readonly Failure['kind'][] = commonFailures
): Breaker {
  let failures = 0
  let until = 0
  let last: Failure | undefined

  return {
    open: () => (clock.now() < until ? last : undefined),
    get isProbing() {
      return until > 0
    },
    note: (failure) => {
      last = failure
      failures = failure === undefined ? 0 : failures + 1
      if (failure === undefined) {
        until = 0
        return
      }
      const trips = common.includes(failure.kind) ? failures - 1 : failures - tolerated
      if (trips >= 0)
        until = clock.now() + Math.min(longestPause, pauses[failure.kind] * 2 ** Math.min(trips, 10))
    }
  }
}
