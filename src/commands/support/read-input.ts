import { text as readStream } from 'node:stream/consumers'
import { GuardError } from '../../model/guard-error.js'
import { loadText } from './sources.js'
import type { Terminal } from './terminal.js'

/**
 * Reads a file, or stdin for `-`. Throws ERR_INPUT with the file's name. Empty stdin is an error as well,
 * because a failed command before the pipe must not look like correct manifests. `inFolder` is the advice in
 * the error message if the path is a directory.
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
