import type { IamRequests } from '../../output/scan-summary.js'

/** Counts requests, and measures the time between the first and the last. */
export interface RequestCounter {
  readonly count: () => void
  /** Undefined if there was no request. */
  readonly counted: () => IamRequests | undefined
}

export function buildRequestCounter(now: () => number = () => performance.now()): RequestCounter {
  let count = 0
  let [first, last] = [0, 0]

  return {
    count: () => {
      last = now()
      if (count === 0) first = last
      count++
    },
    counted: () => (count === 0 ? undefined : { count, seconds: (last - first) / 1000 })
  }
}
