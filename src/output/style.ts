import { stripVTControlCharacters, styleText } from 'node:util'

/** How text is laid out. */
export interface Style {
  readonly color: boolean
  /** Whether marks are plain ASCII characters. */
  readonly ascii: boolean
  /** The width of the terminal; undefined in a pipe, where lines are not wrapped. */
  readonly width: number | undefined
  /** `quiet` shows only errors, `verbose` everything. */
  readonly verbosity: 'quiet' | 'normal' | 'verbose'
}

export const plainStyle: Style = { color: false, ascii: false, width: undefined, verbosity: 'normal' }

/** What a mark at the start of a line says. */
export type Mark = 'ok' | 'wrong' | 'warning' | 'follows' | 'unknown'

const marks = {
  ok: ['✓', '+', 'green'],
  wrong: ['✗', 'x', 'red'],
  warning: ['!', '!', 'yellow'],
  follows: ['·', '-', 'dim'],
  unknown: ['?', '?', 'cyan']
} as const satisfies Record<Mark, readonly [string, string, string]>

export function markOf(mark: Mark, style: Style): string {
  const [symbol, ascii, color] = marks[mark]

  return paint(style.ascii ? ascii : symbol, color, style)
}

/** Text in a color, if the output has colors. */
export const paint = (
  text: string,
  format: 'red' | 'yellow' | 'green' | 'cyan' | 'dim' | 'bold',
  { color }: Style
): string => (color ? styleText(format, text, { validateStream: false }) : text)

/**
 * Indented text, wrapped between words at the terminal's width. A word that is longer than a line stays
 * whole, so that it can be copied, and so does a command at the end of the text.
 */
export function wrapped(
  text: string,
  indent: string,
  { width }: Pick<Style, 'width'>,
  rest = indent
): string[] {
  if (width === undefined) return [`${indent}${text}`]
  const [command] = commandAtEnd.exec(text) ?? []
  const words = (command === undefined ? text : text.slice(0, -command.length - 1)).split(' ')
  const lines: string[] = []
  let line = indent
  let isEmpty = true
  for (const word of command === undefined ? words : [...words, command]) {
    if (!isEmpty && widthOf(line) + 1 + widthOf(word) > width) {
      lines.push(line)
      line = rest
      isEmpty = true
    }
    line += isEmpty ? word : ` ${word}`
    isEmpty = false
  }

  return [...lines, line]
}

/** A command after a colon, at the end of some text. */
const commandAtEnd =
  /(?<=: )(?:(?:kubectl|helm|aws) [a-z]|irsa-guard (?:ca|check|diagnose|explain|scan|status|trust|wait)\b).*$/s

/** The number of columns that a string takes up on a terminal; colors take up none. */
const widthOf = (text: string): number => stripVTControlCharacters(text).length

/** The indentation of text after a label, or below it if the terminal is too narrow for a column. */
export const indentOf = (column: number, { width = Infinity }: Style): string =>
  ' '.repeat(width - column < narrowestColumn ? 6 : column)

const narrowestColumn = 30

/** A label and its text, which begins in the column of `indentOf`. */
export function labelled(label: string, text: string, indent: string, style: Style): string[] {
  const [first = '', ...rest] = wrapped(text, indent, style)

  return widthOf(label) < indent.length && indent.length > 6
    ? [`${label}${' '.repeat(indent.length - widthOf(label))}${first.slice(indent.length)}`, ...rest]
    : [label, first, ...rest]
}

/**
 * A command after a label: on the same line if both fit, otherwise below the label. The command stays on one
 * line, so that it can be copied.
 */
export const commandBelow = (label: string, command: string, indent: string, style: Style): string[] => {
  const line = `${indent}${label} ${command}`

  return line.length <= (style.width ?? Infinity) ? [line] : [`${indent}${label}`, `${indent}  ${command}`]
}

/** How many items a list shows at most, unless the output is verbose. */
export const fewShown = 3

/** The first few items, or all of them if the output is verbose. */
export const fewOf = (texts: readonly string[], { verbosity }: Style): string =>
  texts.length <= fewShown || verbosity === 'verbose'
    ? texts.join(', ')
    : `${texts.slice(0, fewShown).join(', ')} and ${texts.length - fewShown} more (-v lists all)`

/** A number as people read it: `20,000`. */
export const number = (count: number): string => count.toLocaleString('en-US')

/** A number of things: `1 pod`, `41,300 pods`. */
export const counted = (count: number, noun: string): string =>
  `${number(count)} ${noun}${count === 1 ? '' : 's'}`

/** A duration: `0.6 s`, `38 s`. */
export const secondsText = (seconds: number): string =>
  `${seconds < 10 ? seconds.toFixed(1) : number(Math.round(seconds))} s`
