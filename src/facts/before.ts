import { type Fact, unknown } from '../model/fact.js'

/** The answer, or undefined when the signal comes first. */
export async function inTime<T>(signal: AbortSignal, answer: T | Promise<T>): Promise<T | undefined> {
  if (signal.aborted) return undefined

  const { promise, resolve } = Promise.withResolvers<undefined>()
  const onAbort = (): void => resolve(undefined)
  signal.addEventListener('abort', onAbort, { once: true })
  return Promise.race([answer, promise]).finally(() => signal.removeEventListener('abort', onAbort))
}

/** The fact, or unknown when the signal comes first. */
export async function before<T>(signal: AbortSignal, fact: Promise<Fact<T>>, late: string): Promise<Fact<T>> {
  return (await inTime(signal, fact)) ?? unknown(late)
}
