/**
 * A value, or the promise of one. Facts are usually at hand, and a promise for each would cost a review about
 * 6 of its 40 microseconds; so the path from facts to verdict is synchronous as long as it can be.
 */
export type MaybePromise<T> = T | Promise<T>

/** Continues with a value: at once if it is there. */
export function thenMaybe<T, U>(value: MaybePromise<T>, use: (value: T) => MaybePromise<U>): MaybePromise<U> {
  return value instanceof Promise ? value.then(use) : use(value)
}
