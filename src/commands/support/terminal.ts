import type { Readable } from 'node:stream'
import { styleText } from 'node:util'
import { type Style, wrapped } from '../../output/style.js'
import { escapeText } from '../../text/escape.js'

/** Where a command reads from and writes to. */
export interface Terminal {
  readonly stdin: Readable
  readonly stdout: (text: string) => void
  readonly stderr: (text: string) => void
  /** The terminal that stdout writes to; undefined for a pipe or a file. */
  readonly screen?: { readonly columns: number; readonly isDumb: boolean }
  /** Whether stdout shows colors. */
  readonly hasColors?: boolean
  /** The terminal that stderr writes to; undefined for a pipe or a file. */
  readonly errorScreen?: { readonly columns: number }
}

/** Where errors go. */
export type ErrorTerminal = Pick<Terminal, 'stderr' | 'errorScreen'>

/** Prints an error message on stderr, as every command does. */
export function complain({ stderr, errorScreen }: ErrorTerminal, message: string): void {
  const width = errorScreen === undefined ? undefined : Math.max(errorScreen.columns, narrowest)
  const lines = `irsa-guard: ${message}`.split('\n').map(escapeText)

  stderr(`${lines.flatMap((line) => wrapped(line, '', { width }, '  ')).join('\n')}\n`)
}

const narrowest = 40

/** The options of a command that decide how its text output looks. */
export interface StyleOptions {
  readonly color?: 'auto' | 'always' | 'never'
  readonly ascii?: boolean
  readonly verbose?: boolean
  readonly quiet?: boolean
}

/** The style of a command's text output. The flags decide first, then what the terminal supports. */
export function styleOf(
  options: StyleOptions,
  { screen, hasColors = false }: Pick<Terminal, 'screen' | 'hasColors'>
): Style {
  const { color = 'auto', ascii = false, verbose = false, quiet = false } = options

  return {
    color: color === 'always' || (color === 'auto' && hasColors),
    ascii: ascii || screen?.isDumb === true,
    width: screen === undefined ? undefined : Math.max(screen.columns, narrowest),
    verbosity: quiet ? 'quiet' : verbose ? 'verbose' : 'normal'
  }
}

/** The style of text that is written to a file. Only the flags count, not the terminal. */
export const fileStyleOf = (options: StyleOptions): Style => styleOf(options, {})

/** The style of text on stderr, which has no colors. */
export const errorStyleOf = (options: StyleOptions, { errorScreen }: Pick<Terminal, 'errorScreen'>): Style =>
  styleOf(options, errorScreen === undefined ? {} : { screen: { ...errorScreen, isDumb: false } })

const { env, stderr, stdout } = process

/**
 * The terminal of this process. Node.js decides whether to use colors, based on `NO_COLOR`, `FORCE_COLOR` and
 * the kind of terminal.
 */
export const processTerminal: Terminal = {
  stdin: process.stdin,
  stdout: (text) => stdout.write(text),
  stderr: (text) => stderr.write(text),
  hasColors: styleText('red', 'text', { stream: stdout }) !== 'text',
  ...(stdout.isTTY && {
    screen: {
      columns: stdout.columns || 80, // some terminals do not report their width
      isDumb: env['TERM'] === 'dumb'
    }
  }),
  ...(stderr.isTTY && env['TERM'] !== 'dumb' && { errorScreen: { columns: stderr.columns || 80 } })
}
