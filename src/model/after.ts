/**
 * Goes on with an answer: at once when it is there. Most are, and a promise for each would cost a review more
 * than all of its facts.
 */
export function after<T, U>(answer: T | Promise<T>, use: (fact: T) => U | Promise<U>): U | Promise<U> {
  return answer instanceof Promise ? answer.then(use) : use(answer)
}
