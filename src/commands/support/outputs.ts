import { existsSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { Option } from 'commander'
import { GuardError } from '../../model/guard-error.js'
import { closestTo } from '../../text/closest.js'
import { escapeText, quote, reasonOf } from '../../text/escape.js'
import type { Terminal } from './terminal.js'

/** One `-o FORMAT[=FILE]`; stdout if there is no file. */
export interface Output<F extends string> {
  readonly format: F
  readonly file: string | undefined
}

/** The option `-o FORMAT[=FILE]`, which can be repeated. Its value is a list of {@link Output}s, or undefined. */
export const outputsOption = <F extends string>(formats: Readonly<Record<F, unknown>>): Option =>
  new Option(
    '-o, --output <format[=file]>',
    `output format (${Object.keys(formats).join(', ')}); with =FILE, write it to a file; repeatable (default: text)`
  ).argParser((given: string, before: readonly Output<F>[] | undefined) => {
    const others = before ?? []
    const output = parseOutput(given, formats)
    if (output.file === undefined && others.some(({ file }) => file === undefined))
      throw new GuardError(
        'ERR_USAGE',
        `--output ${given} is the second format for stdout; write one of them to a file: --output ${output.format}=FILE`
      )

    if (output.file !== undefined && others.some(({ file }) => file === output.file))
      throw new GuardError(
        'ERR_USAGE',
        `two formats are written to ${quote(output.file)}; write each to its own file`
      )

    return [...others, output]
  })

function parseOutput<F extends string>(given: string, formats: Readonly<Record<F, unknown>>): Output<F> {
  const [format = '', ...rest] = given.split('=')
  const names = Object.keys(formats)
  if (!isKeyOf(formats, format)) {
    const closest = closestTo(format, names)
    throw new GuardError(
      'ERR_USAGE',
      `--output is ${quote(given)}; expected ${names.join(', ')}, each with =FILE to write a file${closest === undefined ? '' : `; did you mean ${closest}?`}`
    )
  }
  const file = rest.length === 0 ? undefined : rest.join('=')
  if (file === '')
    throw new GuardError('ERR_USAGE', `--output is ${quote(given)}; expected the name of a file after =`)

  return { format, file }
}

const isKeyOf = <F extends string>(formats: Readonly<Record<F, unknown>>, name: string): name is F =>
  Object.hasOwn(formats, name)

/** The outputs of a command without `--output`. */
export const textOnly: readonly Output<'text'>[] = [{ format: 'text', file: undefined }]

/**
 * Writes each output to its file or to stdout. All outputs are tried; throws ERR_OUTPUT with one line for
 * each file that cannot be written.
 */
export async function writeOutputs<F extends string>(
  outputs: readonly Output<F>[],
  textOf: (output: Output<F>) => string,
  terminal: Pick<Terminal, 'stdout'>
): Promise<void> {
  const failures: string[] = []
  for (const output of outputs) {
    const text = textOf(output)
    if (output.file === undefined) terminal.stdout(text)
    else {
      try {
        await writeFile(output.file, text)
      } catch (error) {
        failures.push(
          `--output ${output.format}: ${quote(output.file)} cannot be written: ${writeFailureOf(error, output.file)}`
        )
      }
    }
  }
  if (failures.length > 0) throw new GuardError('ERR_OUTPUT', failures.join('\n'))
}

/** Why a file could not be written, and what to do about it if that is not obvious. */
function writeFailureOf(error: unknown, file: string): string {
  switch (error instanceof Error && 'code' in error ? error.code : undefined) {
    case 'ENOENT':
      if (existsSync(dirname(file))) break // the target of a link
      return `there is no directory ${escapeText(dirname(file))}; create it first`
    case 'ENOTDIR':
      return `${escapeText(dirname(file))} is not a directory`
    case 'EISDIR':
      return 'it is a directory; name a file in it'
    case 'EACCES':
    case 'EPERM':
      return 'permission denied'
    case 'EROFS':
      return 'the file system is read-only'
    case 'ENOSPC':
    case 'EDQUOT':
      return 'no space is left on the disk'
  }

  return escapeText(reasonOf(error))
}
