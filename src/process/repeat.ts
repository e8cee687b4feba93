import { setTimeout as sleep } from 'node:timers/promises'
import type { Logger } from 'pino'
import { reasonOf } from '../text/escape.js'

// The minimum pause between two runs. It limits the load on the API server, however often `now` is called.
const shortestPause = 500

/** Work that is repeated until it is stopped. */
export interface Repeated {
  /** Why the last run failed, or a note that no run has ended yet; undefined if the last run succeeded. */
  trouble(): string | undefined
  /** Resolves when the first run has succeeded or failed. */
  readonly begun: Promise<void>
  /** Starts the next run without waiting for the interval. */
  now(): void
  stop(): Promise<void>
}

/**
 * Runs `work` immediately, and again `interval` milliseconds after each run ends; after a failure it retries
 * sooner, with back-off. A failure that repeats unchanged is logged once, and so is the recovery.
 */
export function repeat(name: string, interval: number, log: Logger, work: () => Promise<void>): Repeated {
  const stopped = new AbortController()
  const begun = Promise.withResolvers<undefined>()
  let trouble: string | undefined = 'not run yet'
  let wake = new AbortController()

  const isStopped = (): boolean => stopped.signal.aborted

  async function run(): Promise<void> {
    let failures = 0
    let logged: string | undefined
    while (!isStopped()) {
      wake = new AbortController()
      try {
        await work()
        if (logged !== undefined) log.info({ work: name }, 'works again')
        trouble = logged = undefined
        failures = 0
      } catch (error) {
        trouble = reasonOf(error)
        if (trouble !== logged && !isStopped()) log.warn({ work: name, err: error }, 'does not work')
        logged = trouble
        failures++
      }
      begun.resolve(undefined)
      await sleep(Math.min(shortestPause, interval), undefined, { signal: stopped.signal }).catch(
        () => undefined
      ) // stopped
      const pause = failures === 0 ? interval : Math.min(interval, 500 * 2 ** Math.min(failures - 1, 10))
      await sleep(pause, undefined, { signal: AbortSignal.any([stopped.signal, wake.signal]) }).catch(
        () => undefined
      ) // woken or stopped
    }
  }

  const running = run()

  return {
    begun: begun.promise.then(() => undefined),
    trouble: () => trouble,
    now: () => wake.abort(),
    stop: async () => {
      stopped.abort()
      begun.resolve(undefined)
      await running
    }
  }
}
