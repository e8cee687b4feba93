import type { Deadline } from '../model/deadline.js'

/**
 * The deadline of one review. The signal and the timer are created only if a lookup has to wait. Together
 * they cost as much as a whole review whose facts are available. AbortSignal.timeout is not used because its
 * timer cannot be cleared: each review that waited would create an unused error with a stack seconds later.
 */
export class LazyDeadline implements Deadline {
  readonly #milliseconds: number
  #controller: AbortController | undefined
  #timer: NodeJS.Timeout | undefined

  constructor(milliseconds: number) {
    this.#milliseconds = milliseconds
  }

  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      const controller = new AbortController()
      this.#controller = controller
      this.#timer = setTimeout(() => controller.abort(), this.#milliseconds)
    }

    return this.#controller.signal
  }

  /** Stops the timer when the review has ended. */
  clear(): void {
    clearTimeout(this.#timer)
  }
}
