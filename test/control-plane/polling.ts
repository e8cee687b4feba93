import { setTimeout as sleep } from 'node:timers/promises'

/**
 * Runs `work` in `milliseconds`, and again as long after each end, until the returned function is called;
 * that one resolves when the last run is over, and rejects with what a run threw, which also ends the
 * polling. It keeps no process alive.
 */
export function startPolling(milliseconds: number, work: () => Promise<void>): () => Promise<void> {
  const stopped = new AbortController()
  const polling = (async () => {
    for (;;) {
      await sleep(milliseconds, undefined, { signal: stopped.signal, ref: false }).catch(() => undefined) // stopped meanwhile
      if (stopped.signal.aborted) return

      await work()
    }
  })()
  polling.catch(() => undefined) // told by the returned function
  return () => {
    stopped.abort()
    return polling
  }
}
