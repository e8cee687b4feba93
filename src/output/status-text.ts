import type { Check } from '../status/check.js'
import { escapeText } from '../text/escape.js'
import { type Format, jsonOf } from './formats.js'
import { counted, indentOf, labelled, markOf, paint, type Style, wrapped } from './style.js'

/** The checks of one cluster. */
export interface Status {
  /** The cluster and the installation, in a few words. */
  readonly about: string
  readonly checks: readonly Check[]
}

/** How a status is printed, by format. */
export const statusFormats: Readonly<Record<Format, (status: Status, style: Style) => string>> = {
  text: statusTextOf,
  json: ({ checks }) => jsonOf({ apiVersion: 'irsa-guard.io/v1', kind: 'Status', checks })
}

/** 1 if something is wrong; 2 if nothing could be determined; otherwise 0. */
export function statusExitCode(checks: readonly Check[]): 0 | 1 | 2 {
  if (checks.some(({ state }) => state === 'wrong')) return 1

  return checks.every(({ state }) => state === 'unknown') ? 2 : 0
}

/**
 * A status as human-readable text: the overall result, one line for each check, and the command that fixes
 * the first failed check.
 */
function statusTextOf({ about, checks }: Status, style: Style): string {
  const wrong = checks.filter(({ state }) => state === 'wrong')
  const unknown = checks.filter(({ state }) => state === 'unknown')
  const shown = style.verbosity === 'quiet' ? wrong : checks
  const mark = wrong.length > 0 ? 'wrong' : unknown.length === checks.length ? 'unknown' : 'ok'
  const counts = [
    wrong.length === 0 ? 'nothing wrong' : `${wrong.length} of ${counted(checks.length, 'check')} failed`,
    ...(unknown.length === 0 ? [] : [`${unknown.length} could not be determined`])
  ].join(', ')
  const absence = wrong.find(({ check }) => check === 'installation')
  const names = wrong.length === 0 ? '' : `: ${wrong.map(({ check }) => check).join(', ')}`
  const width = Math.max(...checks.map(({ check }) => check.length)) + 2
  const [first] = wrong
  const blocks = [
    [
      ...wrapped(
        escapeText(absence?.message ?? `${counts}${names}`),
        `${markOf(mark, style)} `,
        style,
        '  '
      ).map((line) => paint(line, 'bold', style)),
      ...wrapped(escapeText(about), '  ', style)
    ],
    absence === undefined
      ? withoutRepeats(shown).flatMap((check) => checkLines(check, width, style))
      : wrapped(escapeText(absence.because ?? ''), '  ', style),
    first?.fix === undefined
      ? []
      : [absence === undefined ? 'Fix this first:' : 'Install it:', `  ${escapeText(first.fix)}`]
  ]

  return `${blocks
    .filter(({ length }) => length > 0)
    .map((lines) => lines.join('\n'))
    .join('\n\n')}\n`
}

/** The checks. If several checks have the same command, only the first one shows it. */
function withoutRepeats(checks: readonly Check[]): Check[] {
  const shown = new Set<string>()

  return checks.map(({ fix, ...check }) => {
    if (fix === undefined || shown.has(fix)) return check
    shown.add(fix)

    return { ...check, fix }
  })
}

function checkLines({ check, state, message, because, fix }: Check, width: number, style: Style): string[] {
  const indent = indentOf(width + 4, style)
  const isDetailed = state !== 'ok' || because !== undefined

  return [
    ...labelled(`  ${markOf(state, style)} ${check}`, escapeText(message), indent, style),
    ...(isDetailed && because !== undefined ? wrapped(escapeText(because), indent, style) : []),
    ...(isDetailed && fix !== undefined ? [`${indent}${paint(escapeText(fix), 'cyan', style)}`] : [])
  ]
}
