import { text as readStream } from 'node:stream/consumers'
import { GuardError } from '../../model/guard-error.js'
import { loadText } from './sources.js'
import type { Terminal } from './terminal.js'

/**
 * Reads a file, or standard input for `-`. Throws ERR_INPUT that names it, also for a standard input that is
 * empty: a command before the pipe that failed must not look like manifests without a mistake. `inFolder`
 * says what to name instead of a folder.
 */
export async function loadInput(
  file: string,
  { stdin }: Terminal,
  expected: string,
  inFolder?: string
): Promise<string> {
  if (file !== '-') return loadText(file, inFolder)

  const text = await readStream(stdin)
  if (text.trim() === '') {
    throw new GuardError(
      'ERR_INPUT',
      `stdin is empty; expected ${expected} (the command before the pipe probably failed)`
    )
  }
  return text
}
