import { type Fact, unknown } from './fact.js'

/**
 * The time that a review has left. Reading `signal` starts its timer, so do not read it when the answer is
 * already available.
 */
export interface Deadline {
  readonly signal: AbortSignal
}

/** The answer, or undefined when the signal comes first. */
export function raceDeadline<T>(signal: AbortSignal, answer: T | Promise<T>): Promise<T | undefined> {
  if (signal.aborted) return Promise.resolve(undefined)

  const { promise, resolve } = Promise.withResolvers<undefined>()
  const onAbort = (): void => resolve(undefined)
  signal.addEventListener('abort', onAbort, { once: true })
  return Promise.race([answer, promise]).finally(() => signal.removeEventListener('abort', onAbort))
}

/** The fact, or unknown because of `late` when the signal comes first. */
export const withDeadline = <T>(
  signal: AbortSignal,
  fact: Promise<Fact<T>>,
  late: string
): Promise<Fact<T>> => raceDeadline(signal, fact).then((inTime) => inTime ?? unknown(late))
