import type { Deadline } from '../model/deadline.js'

/**
 * The time that one review has. Signal and timer are made when somebody has to wait, for together they cost
 * as much as a whole review whose facts are at hand; until then no time passes but that of our own work. Not
 * AbortSignal.timeout: its timer cannot be cleared, so each review that waited would come back seconds after
 * its answer and make an error with a stack that nobody reads.
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

  /** Stops the timer: the review has ended. */
  clear(): void {
    clearTimeout(this.#timer)
  }
}
