import { writeFile } from 'node:fs/promises'
import { Option } from 'commander'
import { GuardError } from '../../model/guard-error.js'
import { closestTo, quote } from '../../text/escape.js'
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
  ).argParser((given: string, others: readonly Output<F>[] = []) => {
    const output = parseOutput(given, formats)
    if (output.file === undefined && others.some(({ file }) => file === undefined))
      throw new GuardError(
        'ERR_USAGE',
        `--output ${given} is the second format for stdout; write one of them to a file: --output ${output.format}=FILE`
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
        const code = error instanceof Error && 'code' in error ? String(error.code) : String(error)
        failures.push(`--output ${output.format}: ${output.file} cannot be written (${code})`)
      }
    }
  }
  if (failures.length > 0) throw new GuardError('ERR_OUTPUT', failures.join('\n'))
}
