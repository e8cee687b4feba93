import type { Severity } from '../model/finding.js'
import { argumentOf, escapeText } from '../text/escape.js'
import { entriesText, type Entry, placeNameOf } from './entries-text.js'
import type { RunSize } from './format-context.js'
import type { Report } from './report.js'
import { commandBelow, counted, markOf, number, paint, secondsText, type Style, wrapped } from './style.js'
import { notCheckedLines } from './unchecked-text.js'

/**
 * A report as human-readable text: one entry for each cause, by file, then what could not be checked, and the
 * closing lines. `isPartial`: an input could not be read.
 */
export function reportTextOf(report: Report, style: Style, run?: RunSize, isPartial = false): string {
  const blocks = [
    ...fileBlocks(report, style),
    ...(style.verbosity === 'quiet' ? [] : [notCheckedLines(report.unchecked, style)]),
    closingLines(report, style, run, isPartial)
  ]

  return `${blocks
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.join('\n'))
    .join('\n\n')}\n`
}

/**
 * The entries under the name of their file or cluster. A cause in several files is listed under the first
 * one.
 */
function fileBlocks({ findings, causes }: Report, style: Style): string[][] {
  const causeById = new Map(causes.map((cause) => [cause.id, cause]))
  const shown = findings.filter(
    ({ severity, waived }) => style.verbosity !== 'quiet' || (severity === 'error' && waived === undefined)
  )
  const entries = [...Map.groupBy(shown, ({ cause }) => cause)].flatMap(([id, findings]): Entry[] => {
    const [first] = findings
    return first === undefined ? [] : [{ first, findings, cause: causeById.get(id) }]
  })

  return [...Map.groupBy(entries, ({ first }) => placeNameOf(first.object))].map(([place, entries]) => [
    paint(escapeText(place), 'bold', style),
    ...entriesText(place, entries, style)
  ])
}

/**
 * The last lines of a report: the number of findings, how many objects were judged, and how to learn more. In
 * a pipe, they do not state how long the command took, so that two runs print the same text.
 */
function closingLines(report: Report, style: Style, run: RunSize | undefined, isPartial: boolean): string[] {
  const { objects, judged, errors, warnings } = report.summary
  const parts = [
    outcomeOf(report),
    judgedText(judged, objects),
    ...(run !== undefined && run.files > 1 ? [counted(run.files, 'file')] : []),
    ...(report.unchecked.length > 0 ? ['some rules not checked'] : []),
    ...(isPartial ? ['not everything could be read'] : []),
    ...(run === undefined || style.width === undefined ? [] : [secondsText(run.seconds)])
  ]
  const mark = errors > 0 ? 'wrong' : warnings > 0 ? 'warning' : judged === 0 || isPartial ? 'unknown' : 'ok'
  const [line = '', ...rest] = wrapped(parts.join(style.ascii ? ' - ' : ' · '), '  ', style)

  return [
    `${markOf(mark, style)}${line.slice(1)}`,
    ...rest,
    ...(style.verbosity === 'quiet' ? [] : explainLines(report, style))
  ]
}

/** The numbers of findings, such as `3 errors (2 causes), 1 waived`. */
export function outcomeOf(report: Report): string {
  const { errors, warnings, infos, waived } = report.summary
  const counts = [
    ...countOf('error', errors, report),
    ...countOf('warning', warnings, report),
    ...countOf('info', infos, report),
    ...(waived > 0 ? [`${number(waived)} waived`] : [])
  ]

  return counts.length === 0 ? 'no findings' : counts.join(', ')
}

/** The number of findings of one severity, and the number of their causes if that is lower. */
function countOf(severity: Severity, count: number, { findings }: Report): string[] {
  if (count === 0) return []
  const causes = new Set(
    findings.flatMap((finding) =>
      finding.severity === severity && finding.waived === undefined ? finding.cause : []
    )
  ).size

  return [`${counted(count, severity)}${causes < count ? ` (${counted(causes, 'cause')})` : ''}`]
}

/** The number of objects that irsa-guard judged, so that a file with nothing to judge does not look checked. */
export function judgedText(judged: number, objects: number): string {
  if (objects === 0) return 'no objects'
  if (judged === 0)
    return objects === 1
      ? 'irsa-guard does not judge objects of this kind'
      : `irsa-guard judges none of the kinds of these ${number(objects)} objects`

  return judged === objects
    ? `${counted(objects, 'object')} judged`
    : `${number(judged)} of ${number(objects)} objects judged`
}

/** The command that explains the worst finding. It stays on one line, so that it can be copied. */
function explainLines({ findings, causes }: Report, style: Style): string[] {
  const open = new Set(findings.flatMap(({ cause, waived }) => (waived === undefined ? cause : [])))
  const worst = causes.find(({ id }) => open.has(id))
  if (worst === undefined) return []
  const command = `irsa-guard explain ${argumentOf(worst.rule, 'RULE')}`

  return commandBelow('more about a rule:', command, '  ', style).map((line) => paint(line, 'dim', style))
}
