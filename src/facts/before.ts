import { unknown, type Fact } from '../model/fact.js'

/** The fact, or unknown when the signal comes first. */
export async function before<T>(signal: AbortSignal, fact: Promise<Fact<T>>, late: string): Promise<Fact<T>> {
  if (signal.aborted) return unknown(late)

  const { promise, resolve } = Promise.withResolvers<Fact<T>>()
  const onAbort = (): void => resolve(unknown(late))
  signal.addEventListener('abort', onAbort, { once: true })
  return Promise.race([fact, promise]).finally(() => signal.removeEventListener('abort', onAbort))
}

/** What an error says, for the reason of an unknown fact. */
export const reasonOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))
