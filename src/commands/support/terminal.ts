import type { Readable } from 'node:stream'
import { escapeText } from '../../text/escape.js'

/** Where a command reads from and writes to. */
export interface Terminal {
  readonly stdin: Readable
  readonly stdout: (text: string) => void
  readonly stderr: (text: string) => void
}

/** An error message as every command prints it on stderr. */
export const complaintOf = (message: string): string =>
  `irsa-guard: ${message.split('\n').map(escapeText).join('\n')}\n`
