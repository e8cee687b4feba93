import { setTimeout as sleep } from 'node:timers/promises'

/**
 * Asks again and again until `read` gives something other than undefined or false, and resolves to that.
 * Rejects after `milliseconds`, naming `what` was waited for and the last error that `read` threw.
 */
export async function waitFor<Value>(
  what: string,
  read: () => Promise<Value | undefined | false>,
  milliseconds = 30_000
): Promise<Value> {
  const end = performance.now() + milliseconds
  let cause: unknown
  do {
    try {
      const value = await read()
      if (value !== undefined && value !== false) return value
    } catch (error) {
      cause = error // what is waited for may not answer yet; if it never does, this tells why
    }
    await sleep(50)
  } while (performance.now() < end)

  const reason = cause instanceof Error ? `: ${cause.message}` : ''
  throw new Error(`${what}: not seen within ${milliseconds / 1000} s${reason}`, { cause })
}
