import type { Deadline } from '../../model/deadline.js'

/**
 * A command has no deadline. Each lookup gets its own signal, because a signal with thousands of listeners is
 * slow.
 */
export const noDeadline: Deadline = {
  get signal() {
    return new AbortController().signal
  }
}
