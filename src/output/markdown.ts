import { allRules } from '../model/finding.js'
import { escapeText, shorten } from '../text/escape.js'
import type { Cause } from './causes.js'
import { nameOf } from './entries-text.js'
import { shownPath } from './file-paths.js'
import type { FormatContext } from './format-context.js'
import type { ObjectReference, Report, ReportedFinding, UncheckedGroup } from './report.js'
import { counted } from './style.js'
import { judgedText, outcomeOf } from './text.js'

/** GitHub rejects a comment of more than 65,536 characters. */
const maxLength = 60_000

/**
 * A report as Markdown, for a comment in a pull request and for `$GITHUB_STEP_SUMMARY`: a headline, a table
 * of causes, and the findings in a collapsed section. Everything that users wrote is in code spans.
 */
export function markdownOf(report: Report, { complaints, workingDirectory }: FormatContext): string {
  const { summary, causes, findings, unchecked } = report
  const byCause = Map.groupBy(findings, ({ cause }) => cause)
  const table = causes.flatMap((cause) => rowOf(cause, byCause.get(cause.id) ?? [], workingDirectory))
  const sections = [
    [`## irsa-guard: ${outcomeOf(report)}`, '', `${judgedText(summary.judged, summary.objects)}.`, ''],
    complaints.length === 0
      ? []
      : ['Could not be read:', '', ...complaints.map((complaint) => `- ${codeSpan(complaint)}`), ''],
    table.length === 0 ? [] : ['|   | Cause | Affects | Fix |', '| --- | --- | --- | --- |', ...table, ''],
    collapsed(
      counted(findings.length, 'finding'),
      findings.map((finding) => findingItem(finding, workingDirectory))
    ),
    collapsed('Not checked', unchecked.map(uncheckedItem))
  ]

  return `${fitting(sections.flat()).join('\n')}\n`
}

function rowOf(
  { rule, severity, summary, objects, count, fix }: Cause,
  findings: readonly ReportedFinding[],
  workingDirectory: string
): string[] {
  const [finding] = findings
  const [first] = objects
  if (finding === undefined || first === undefined) return []
  const { waived, docs } = finding
  const cells = [
    waived === undefined ? severity : 'waived',
    `${codeSpan(summary)}<br>[${rule}](${docs})`,
    `${codeSpan(nameOf(first))}${placeOf(first, workingDirectory)}${count > 1 ? ` and ${count - 1} more` : ''}`,
    waived === undefined ? codeSpan(fix) : `waived: ${codeSpan(waived)}`
  ]

  return [`| ${cells.map(escapePipes).join(' | ')} |`]
}

/**
 * In a table, `\|` is a pipe, even in a code span. Parsers disagree about a backslash before it, so a pipe
 * after a backslash is replaced by a broken bar.
 */
const escapePipes = (cell: string): string => cell.replaceAll('\\|', '\\¦').replaceAll('|', '\\|')

function findingItem(finding: ReportedFinding, workingDirectory: string): string {
  const { object, rule, severity, message, field, alsoAt = [], docs, waived } = finding
  const fields = [field, ...alsoAt].map(codeSpan).join(', ')

  return `- ${waived === undefined ? severity : 'waived'} [${rule}](${docs}) ${codeSpan(nameOf(object))}${placeOf(object, workingDirectory)}: ${codeSpan(message)} at ${fields}`
}

const uncheckedItem = ({ rule, because, count, hint }: UncheckedGroup): string =>
  `- ${rule === allRules ? 'all rules' : rule} for ${counted(count, 'object')}: ${codeSpan(because)}${hint === undefined ? '' : ` (${codeSpan(hint)})`}`

function placeOf({ file, line, cluster }: ObjectReference, workingDirectory: string): string {
  const place =
    file === undefined
      ? cluster
      : `${shownPath(workingDirectory, file)}${line === undefined ? '' : `:${line}`}`

  return place === undefined ? '' : ` in ${codeSpan(place)}`
}

function collapsed(title: string, items: readonly string[]): string[] {
  return items.length === 0
    ? []
    : ['<details>', `<summary>${title}</summary>`, '', ...items, '', '</details>', '']
}

const longestText = 1000

/**
 * Text as a code span. There, Markdown and HTML have no effect, and GitHub and GitLab link neither URLs nor
 * mentions.
 */
export function codeSpan(text: string): string {
  const shown = shorten(escapeText(text), longestText)
  const longest = [...shown.matchAll(/`+/g)].reduce((most, [run]) => Math.max(most, run.length), 0)
  const fence = '`'.repeat(longest + 1)
  const padding = /^`|`$|^ .* $/.test(shown) ? ' ' : ''

  return shown.trim() === '' ? '(empty)' : `${fence}${padding}${shown}${padding}${fence}`
}

/** The lines that fit. If a table or list is too long, its last lines are left out and counted. */
function fitting(lines: readonly string[]): string[] {
  let left = maxLength
  const shown: string[] = []
  let hidden = 0
  for (const line of lines) {
    const isEntry = line.startsWith('| ') || line.startsWith('- ')
    if (isEntry && line.length + 1 > left) {
      hidden++
      continue
    }
    if (hidden > 0 && line === '') {
      shown.push('', `${hidden} more: see the other formats.`)
      hidden = 0
    }
    shown.push(line)
    left -= line.length + 1
  }

  return shown
}
