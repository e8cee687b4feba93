import type { Preflight } from '../ca-bundle/preflight/preflight.js'
import { rotationLineOf } from '../ca-bundle/preflight/rotation-line.js'
import type { PreflightRow, PreflightState, PreflightSubject } from '../ca-bundle/preflight/row.js'
import { escapeText } from '../text/escape.js'
import { counted, type Mark, markOf, number, paint, type Style, wrapped } from './style.js'

/** 1 if something lacks a CA that signs now or next; otherwise 2 if something is unknown; otherwise 0. */
export function preflightExitCode({ rows }: Preflight): 0 | 1 | 2 {
  if (rows.some(({ state }) => state === 'lacks')) return 1

  return rows.some(({ state }) => state === 'unknown') ? 2 : 0
}

/**
 * A preflight as human-readable text: the phase of the rotation in the first line, then what lacks a CA, then
 * what to do, in an order that breaks nothing.
 */
export function preflightTextOf(preflight: Preflight, at: Date, style: Style): string {
  const { rotation, rows, steps } = preflight
  const isQuiet = style.verbosity === 'quiet'
  const mark = (['ok', 'wrong', 'unknown'] as const)[preflightExitCode(preflight)]
  const blocks = [
    [
      ...wrapped(escapeText(rotationLineOf(rotation, at)), `${markOf(mark, style)} `, style, '  '),
      `  ${paint(escapeText(countsOf(rows)), 'bold', style)}`
    ],
    rowLines(rows, style),
    isQuiet ? [] : rollbackLines(rows, style),
    isQuiet || steps.length === 0
      ? []
      : [
          'In this order:',
          ...steps.flatMap(({ message, notes, commands }, index) => [
            ...wrapped(escapeText(message), `  ${index + 1}. `, style, '     '),
            ...notes.flatMap((note) => wrapped(escapeText(note), '     - ', style, '       ')),
            // Commands stay on one line, so that they can be copied.
            ...commands.map((command) => `     ${paint(escapeText(command), 'cyan', style)}`)
          ])
        ]
  ]

  return `${blocks
    .filter(({ length }) => length > 0)
    .map((lines) => lines.join('\n'))
    .join('\n\n')}\n`
}

function countsOf(rows: readonly PreflightRow[]): string {
  const count = (state: PreflightState): number => rows.filter((row) => row.state === state).length
  const [lacks, unknown] = [count('lacks'), count('unknown')]

  return [
    lacks === 0
      ? `no check found a problem (${counted(rows.length, 'check')})`
      : `${number(lacks)} of ${counted(rows.length, 'check')} found a problem`,
    ...(unknown === 0 ? [] : [`${number(unknown)} could not be determined`])
  ].join(', ')
}

const subjects: Readonly<Record<PreflightSubject, string>> = {
  eks: 'EKS',
  'published-cas': 'published',
  'webhook-trust': 'policy',
  webhook: 'webhook',
  'api-service': 'APIService',
  'crd-conversion': 'conversion',
  kubeconfig: 'kubeconfig',
  node: 'nodes',
  pods: 'pods',
  role: 'role'
}

const marks: Readonly<Record<PreflightState, Mark>> = { ok: 'ok', lacks: 'wrong', unknown: 'unknown' }
const column = 16
/** How many rows about one subject are shown, unless the output is verbose. */
const mostRows = 10

function rowLines(rows: readonly PreflightRow[], style: Style): string[] {
  const { verbosity } = style
  const shown = rows.filter(({ state }) =>
    verbosity === 'verbose' ? true : verbosity === 'quiet' ? state === 'lacks' : state !== 'ok'
  )
  const lines = [...Map.groupBy(shown, ({ subject }) => subject).values()].flatMap((group) => {
    const few = verbosity === 'verbose' ? group : group.slice(0, mostRows)
    const more = group.length - few.length

    return [
      ...few.flatMap((row) => linesOf(row, markOf(marks[row.state], style), row.message, style)),
      ...(more === 0 ? [] : [`${' '.repeat(column)}and ${number(more)} more (-v lists all)`])
    ]
  })
  const ok = rows.filter(({ state }) => state === 'ok').length
  const summary = `  ${markOf('ok', style)} ${counted(ok, 'check')} ok (-v lists all)`

  return verbosity === 'normal' && ok > 0 ? [...lines, summary] : lines
}

function linesOf(
  { subject, name, check }: PreflightRow,
  mark: string,
  message: string,
  style: Style
): string[] {
  const indent = ' '.repeat(column)
  const [first = '', ...rest] = wrapped(
    escapeText(name),
    `    ${subjects[subject]}`.padEnd(column),
    style,
    indent
  )

  return [
    `  ${mark}${first.slice(3)}`,
    ...rest,
    ...wrapped(escapeText(message), indent, style),
    ...(check === undefined ? [] : [`${indent}${paint(escapeText(check), 'cyan', style)}`])
  ]
}

function rollbackLines(rows: readonly PreflightRow[], style: Style): string[] {
  const broken = rows.flatMap((row) => (row.rollback === undefined ? [] : [{ row, message: row.rollback }]))
  if (broken.length === 0) return []

  return [
    'A rollback would break:',
    ...broken.flatMap(({ row, message }) => linesOf(row, markOf('warning', style), message, style))
  ]
}
