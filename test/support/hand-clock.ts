import type { Clock } from '../../src/sources/iam/clock.js'

/** A clock that advances only when a test advances it. */
export interface HandClock extends Clock {
  /** Advances the time, calls the due callbacks in order, and waits for the work that they start. */
  pass(milliseconds: number): Promise<void>
}

export function buildHandClock(start = Date.parse('2026-11-24T00:00:00Z')): HandClock {
  let now = start
  const due: { at: number; callback: () => void }[] = []

  return {
    now: () => now,
    after: (milliseconds, callback) => void due.push({ at: now + milliseconds, callback }),
    pass: async (milliseconds) => {
      const end = now + milliseconds
      await settled()
      for (;;) {
        due.sort((a, b) => a.at - b.at)
        if (due[0] === undefined || due[0].at > end) break
        now = due[0].at
        due.shift()?.callback()
        await settled()
      }
      now = end
    }
  }
}

/** Resolves once all promises that can settle without the clock have settled. */
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))
