import type { Watched } from '../../kube/list-and-watch.js'
import { type Deadline, withDeadline } from '../../model/deadline.js'
import { type Fact, known } from '../../model/fact.js'
import type { MaybePromise } from '../../model/maybe-promise.js'

/**
 * Reads an object for which the watch has no current answer. Returns the answer, or the reason why there is
 * none. Never rejects.
 */
export type ReadOne<T> = (signal: AbortSignal) => Promise<Fact<T>>

// Several callers may wait for the same read, so it does not end with the first one's deadline.
const readTimeout = 5000

/**
 * Answers from a watch. An object that the watch has not seen yet is read once for all callers that wait for
 * it. The same applies to every object once the watch has been silent for longer than `maxAge`
 * (milliseconds).
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

// During the first list, `lastEvent` is still undefined, but the objects that have been listed are current.
const isCurrent = (lastEvent: Date | undefined, maxAge: number): boolean =>
  lastEvent === undefined || Date.now() - lastEvent.getTime() <= maxAge
