/**
 * A value or a promise of it. Most facts are available immediately, and a promise for each would add about 6
 * microseconds to a review. The path from facts to verdict is therefore synchronous where possible.
 */
export type MaybePromise<T> = T | Promise<T>

/** Continues with a value, immediately if it is already available. */
export function thenMaybe<T, U>(value: MaybePromise<T>, use: (value: T) => MaybePromise<U>): MaybePromise<U> {
  return value instanceof Promise ? value.then(use) : use(value)
}
