import { setTimeout as sleep } from 'node:timers/promises'
import { raceDeadline } from '../../model/deadline.js'
import { GuardError } from '../../model/guard-error.js'
import type { Attempt } from './identity-attempt.js'

/** How attempts are repeated; times are in milliseconds. */
export interface Repetition {
  /** With a timeout of 0, there is only one attempt. */
  readonly timeout: number
  readonly interval: number
  readonly interrupted: AbortSignal
  /** Called with the reason why an attempt failed, if it differs from the previous reason. */
  readonly onWaiting: (because: string) => void
}

/** The last attempt that finished in time, if any. */
export interface LastAttempt {
  readonly attempt: Attempt | undefined
  readonly attempts: number
  readonly seconds: number
}

/**
 * Repeats attempts until one succeeds, one shows that none ever will, the timeout expires, or the user
 * interrupts. Rejects if the first attempt does. A later failure of that kind may be temporary, for example
 * because the API server restarts.
 */
export async function repeatAttempts(
  makeAttempt: (signal: AbortSignal) => Promise<Attempt>,
  { timeout, interval, interrupted, onWaiting }: Repetition
): Promise<LastAttempt> {
  const started = performance.now()
  const over = timeout === 0 ? interrupted : AbortSignal.any([interrupted, AbortSignal.timeout(timeout)])
  let attempts = 0
  let last: Attempt | undefined
  for (;;) {
    const attempt = await raceDeadline(
      over,
      attempts === 0 ? makeAttempt(over) : orUnknown(makeAttempt(over))
    )
    if (attempt === undefined) break
    attempts++
    const before = last
    last = attempt
    if (attempt.state === 'present' || (attempt.state === 'absent' && attempt.isFinal) || timeout === 0) break

    if (before === undefined || before.state === 'present' || before.because !== attempt.because)
      onWaiting(attempt.because)
    await sleep(interval, undefined, { signal: over }).catch(() => undefined) // rejects once `over` is aborted
    if (over.aborted) break
  }

  return { attempt: last, attempts, seconds: Math.round((performance.now() - started) / 1000) }
}

async function orUnknown(attempt: Promise<Attempt>): Promise<Attempt> {
  try {
    return await attempt
  } catch (error) {
    if (error instanceof GuardError) return { state: 'unknown', because: error.message }
    throw error
  }
}
