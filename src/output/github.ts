import { allRules, type Severity } from '../model/finding.js'
import { escapeText } from '../text/escape.js'
import type { Cause } from './causes.js'
import { nameOf } from './entries-text.js'
import { shownPath } from './file-paths.js'
import type { FormatContext } from './format-context.js'
import type { ObjectReference, Report, UncheckedGroup } from './report.js'
import { counted } from './style.js'
import { judgedText, outcomeOf } from './text.js'

const commands = { error: 'error', warning: 'warning', info: 'notice' } as const satisfies Record<
  Severity,
  string
>

/** GitHub shows this many annotations of each level for a step; the others are only in the log. */
const maxAnnotations = 10

/**
 * A report as workflow commands of GitHub Actions: one annotation for each cause, the most severe first,
 * because GitHub shows only the first ten of each level.
 * https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands
 */
export function githubOf(report: Report, { complaints, workingDirectory }: FormatContext): string {
  const { summary, findings, unchecked } = report
  const waived = new Set(findings.flatMap(({ cause, waived }) => (waived === undefined ? [] : [cause])))
  const causes = report.causes.filter(({ id }) => !waived.has(id))
  const lines = [
    ...complaints.map((complaint) => commandOf('error', { title: 'irsa-guard' }, [complaint])),
    ...causes.map((cause) => causeLine(cause, workingDirectory)),
    ...unchecked.map(uncheckedLine)
  ]
  const hidden = Object.values(commands)
    .map((command) => lines.filter((line) => line.startsWith(`::${command} `)).length)
    .reduce((sum, count) => sum + Math.max(0, count - maxAnnotations), 0)

  return `${[
    ...lines,
    `irsa-guard: ${outcomeOf(report)}; ${judgedText(summary.judged, summary.objects)}`,
    ...(hidden === 0
      ? []
      : [
          `irsa-guard: GitHub shows ${maxAnnotations} annotations of each level; the other ${hidden} are only in this log`
        ])
  ].join('\n')}\n`
}

function causeLine(
  { rule, severity, summary, fix, objects, count }: Cause,
  workingDirectory: string
): string {
  const [first] = objects
  const others = count > 1 ? ` and ${count - 1} more` : ''

  return commandOf(
    commands[severity],
    {
      ...(first && placeOf(first, workingDirectory)),
      title: `${rule}: ${first === undefined ? counted(count, 'object') : nameOf(first)}${others}`
    },
    [summary, `fix: ${fix}`]
  )
}

function placeOf(
  { file, line }: ObjectReference,
  workingDirectory: string
): Readonly<Record<string, string>> {
  if (file === undefined) return {}

  return { file: shownPath(workingDirectory, file), ...(line !== undefined && { line: String(line) }) }
}

const uncheckedLine = ({ rule, because, count, hint }: UncheckedGroup): string =>
  commandOf('notice', { title: 'irsa-guard: not checked' }, [
    `${rule === allRules ? 'all rules' : rule} for ${counted(count, 'object')}: ${because}${hint === undefined ? '' : ` (${hint})`}`
  ])

function commandOf(
  command: string,
  properties: Readonly<Record<string, string>>,
  lines: readonly string[]
): string {
  const list = Object.entries(properties)
    .map(([name, value]) => `${name}=${escapeProperty(escapeText(value))}`)
    .join(',')

  return `::${command} ${list}::${escapeData(lines.map(escapeText).join('\n'))}`
}

// The runner decodes these sequences: src/Runner.Common/ActionCommand.cs in actions/runner.
const escapeData = (text: string): string =>
  text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A')

const escapeProperty = (text: string): string =>
  escapeData(text).replaceAll(':', '%3A').replaceAll(',', '%2C')
