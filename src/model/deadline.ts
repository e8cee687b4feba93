import { type Fact, unknown } from './fact.js'

/**
 * The deadline of a review. Reading `signal` starts its timer, so do not read it if the result is already
 * available.
 */
export interface Deadline {
  readonly signal: AbortSignal
}

/**
 * The `Deadline` of a command, which never expires. Each lookup gets its own signal, because a signal with
 * thousands of listeners is slow.
 */
export const noDeadline: Deadline = {
  get signal() {
    return new AbortController().signal
  }
}

/** The result, or undefined if the signal is aborted first. */
export function raceDeadline<T>(signal: AbortSignal, answer: T | Promise<T>): Promise<T | undefined> {
  if (signal.aborted) {
    void Promise.resolve(answer).catch(() => undefined) // nothing waits for it any more
    return Promise.resolve(undefined)
  }

  const { promise, resolve } = Promise.withResolvers<undefined>()
  const onAbort = (): void => resolve(undefined)
  signal.addEventListener('abort', onAbort, { once: true })
  return Promise.race([answer, promise]).finally(() => signal.removeEventListener('abort', onAbort))
}

/** The fact, or unknown with the reason `late` if the signal is aborted first. */
export const withDeadline = <T>(
  signal: AbortSignal,
  fact: Promise<Fact<T>>,
  late: string
): Promise<Fact<T>> => raceDeadline(signal, fact).then((inTime) => inTime ?? unknown(late))
