import { createTwoFilesPatch, structuredPatch } from 'diff'
import { escapeText } from '../text/escape.js'
import { paint, type Style } from './style.js'

const printed = (value: unknown): string[] => JSON.stringify(value, null, 2).split('\n')

/** The policy's lines; those of the deciding statement begin with `>`. */
export function markedLines(
  policy: Readonly<Record<string, unknown>>,
  statement: number | undefined
): string[] {
  const lines = printed(policy)
  const [from, to] = statement === undefined ? [0, 0] : rangeOf(policy, statement)

  return lines.map((line, index) => `${index >= from && index < to ? '>' : ' '} ${line}`)
}

/** The line range of a statement, counted from zero: its first line, and the line after its last. */
function rangeOf(policy: Readonly<Record<string, unknown>>, statement: number): [number, number] {
  const keys = Object.keys(policy)
  const before = keys
    .slice(0, keys.indexOf('Statement'))
    .reduce((sum, key) => sum + printed(policy[key]).length, 1)
  const list: unknown = policy['Statement']
  if (!Array.isArray(list)) return [before, before + printed(list).length]
  const from = list
    .slice(0, statement)
    .reduce((sum: number, each: unknown) => sum + printed(each).length, before + 1)

  return [from, from + printed(list[statement]).length]
}

/** The lines of a diff between two policies. */
export function patchOf(policy: unknown, suggested: unknown): string[] {
  const patch = createTwoFilesPatch(
    'trust policy',
    'corrected',
    printed(policy).join('\n') + '\n',
    printed(suggested).join('\n') + '\n'
  )

  return patch.trimEnd().split('\n').slice(1) // without the separator above the file names
}

/**
 * The lines that differ between two policies, with one line of context, and without the indentation that all
 * of them share. `issuer` is left out of condition keys, unless the output is verbose or a changed key has
 * a different issuer.
 */
export function changeLines(
  policy: unknown,
  suggested: unknown,
  issuer: string | undefined,
  style: Style
): string[] {
  const [before, after] = [policy, suggested].map((value) => `${printed(value).join('\n')}\n`)
  const { hunks } = structuredPatch('', '', before ?? '', after ?? '', '', '', { context: 1 })
  const lines = hunks.flatMap((hunk, index) => (index === 0 ? hunk.lines : [ellipsis, ...hunk.lines]))
  const margin = lines
    .filter((line) => line !== ellipsis)
    .reduce((least, line) => Math.min(least, line.slice(1).search(/\S|$/)), Infinity)
  const isShort =
    issuer !== undefined &&
    style.verbosity !== 'verbose' &&
    lines.every((line) => !/^[-+]\s*"[^"]*:(?:sub|aud)"/i.test(line) || line.includes(`"${issuer}:`))

  return lines.map((line) => {
    if (line === ellipsis) return style.ascii ? '  ...' : '  …'
    const text = line.slice(1 + margin)
    const key = isShort ? text.replace(`"${issuer}:`, style.ascii ? '"...:' : '"…:') : text
    const shown = `${line.slice(0, 1)} ${escapeText(key)}`

    return line.startsWith('+')
      ? paint(shown, 'green', style)
      : line.startsWith('-')
        ? paint(shown, 'red', style)
        : shown
  })
}

/** Stands for the unchanged lines between two hunks; a hunk's own lines begin with a space, `-` or `+`. */
const ellipsis = '…'
