import { escapeText } from '../../text/escape.js'
import type { Terminal } from './terminal.js'

/** One line on a terminal that shows what a command is doing. */
export interface Progress {
  show(text: string): void
  /** Removes the line, before anything else is printed. */
  clear(): void
}

// The shortest time between two updates, in milliseconds. Nobody could read faster updates.
const interval = 100

/** Shows progress on stderr if that is a terminal; otherwise, nothing is shown. */
export function buildProgress({ stderr, errorScreen }: Terminal, now = Date.now): Progress {
  let shownAt = -Infinity
  let isShown = false
  if (errorScreen === undefined) return { show: () => undefined, clear: () => undefined }

  return {
    show: (text) => {
      if (now() - shownAt < interval) return
      shownAt = now()
      isShown = true
      stderr(`${startOfLine}${escapeText(text).slice(0, errorScreen.columns - 1)}`)
    },
    clear: () => {
      if (isShown) stderr(startOfLine)
      isShown = false
    }
  }
}

/** Returns to the start of the line and erases it: ECMA-48, EL. */
const startOfLine = '\r\u001B[2K'
