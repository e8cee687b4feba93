/** What the manual page shows of a command. */
export interface ManualCommand {
  readonly name: string
  /** Its arguments and options, such as `[options] <files...>`. */
  readonly usage: string
  readonly description: string
  readonly options: readonly { readonly term: string; readonly description: string }[]
  /** The examples and notes below its help. */
  readonly notes: string
}

/**
 * The manual page irsa-guard(1), written with the macros of man(7):
 * https://man7.org/linux/man-pages/man7/groff_man.7.html
 */
export function manPageOf(version: string, commands: readonly ManualCommand[]): string {
  const sections = commands.flatMap(({ name, usage, description, options, notes }) => [
    `.SS ${escapeRoff(`${name} ${usage}`)}`,
    escapeRoff(`${description}.`),
    ...options.flatMap(({ term, description }) => ['.TP', `.B ${escapeRoff(term)}`, escapeRoff(description)]),
    ...(notes.trim() === '' ? [] : ['.PP', '.nf', escapeRoff(notes.trim()), '.fi'])
  ])

  return `${[
    `.TH IRSA-GUARD 1 "" "irsa-guard ${version}" "User Commands"`,
    '.SH NAME',
    'irsa-guard \\- catch broken IAM roles for pods on Amazon EKS',
    '.SH SYNOPSIS',
    '.B irsa-guard',
    '.I command',
    '[options]',
    '.SH COMMANDS',
    ...sections,
    '.SH EXIT STATUS',
    ...['0', '1', '2', '130'].flatMap((code) => ['.TP', `.B ${code}`, exitCodes[code] ?? ''])
  ].join('\n')}\n`
}

const exitCodes: Readonly<Record<string, string>> = {
  '0': 'No findings.',
  '1': 'Findings.',
  '2': 'An input could not be read, or the command could not run.',
  '130': 'Interrupted by Ctrl-C.'
}

/**
 * Escapes text so that no character has a special meaning in roff. A line must not start with a dot or an
 * apostrophe.
 */
const escapeRoff = (text: string): string =>
  text
    .replaceAll('\\', '\\e')
    .replaceAll('-', '\\-')
    .replace(/^(?=[.'])/gm, '\\&')
