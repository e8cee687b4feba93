import type { Watched } from '../../kube/list-and-watch.js'
import { type Deadline, withDeadline } from '../../model/deadline.js'
import { type Fact, known } from '../../model/fact.js'
import type { MaybePromise } from '../../model/maybe-promise.js'

/** Reads what a watch has not seen yet: the answer, or why there is none. Never rejects. */
export type ReadOne<T> = (signal: AbortSignal) => Promise<Fact<T>>

// Others may wait for the same read, so it does not end with the first one's deadline.
const readTimeout = 5000

/**
 * Answers from a watch; what the watch has not seen yet is read once for everybody who waits for it. With
 * `maxAge` (milliseconds), a watch that has heard nothing for longer is not believed either.
 */
export function readThrough<T>(
  watched: Watched<T>,
  { maxAge = Infinity }: { maxAge?: number } = {}
): (key: string, read: ReadOne<T>, deadline: Deadline) => MaybePromise<Fact<T>> {
  const reading = new Map<string, Promise<Fact<T>>>()

  return (key, read, deadline) => {
    const seen = watched.get(key)
    if (seen !== undefined && isCurrent(watched.lastEvent, maxAge)) return known(seen)

    const pending =
      reading.get(key) ?? read(AbortSignal.timeout(readTimeout)).finally(() => reading.delete(key))
    reading.set(key, pending)
    return withDeadline(deadline.signal, pending, `${key} was not read in time`)
  }
}

// While a collection is listed again, its objects are known already though nothing was heard of the
// collection as a whole.
const isCurrent = (lastEvent: Date | undefined, maxAge: number): boolean =>
  lastEvent === undefined || Date.now() - lastEvent.getTime() <= maxAge
