import { minuteOf } from '../text/day.js'
import { argumentOf, escapeText } from '../text/escape.js'
import { shellQuote } from '../text/shell.js'
import type { Cause } from './causes.js'
import type { ObjectReference } from './report.js'
import { type CauseRow, causeRowsOf } from './scan-causes.js'
import type { ClusterSummary, ScanReport } from './scan-report.js'
import { type SummaryContext, summaryLines, unusedLines } from './scan-summary.js'
import { counted, markOf, number, paint, secondsText, type Style, wrapped } from './style.js'
import { judgedText } from './text.js'

/** What the text shows in addition to the report. */
export interface ScanTextContext extends SummaryContext {
  readonly seconds: number
  /** Whether commands must name the context, because it may not be the current one. */
  readonly withContext: boolean
  /** The kubeconfig that commands must name, if it is not the default one. */
  readonly kubeconfig?: string | undefined
  /** The summary of a rule. */
  readonly summaryOf: (rule: string) => string
}

/**
 * The report of a scan as human-readable text: the clusters, the causes (worst first), the namespaces with
 * the most problems, what changed, what was not checked, and a closing line.
 */
export function scanTextOf(report: ScanReport, style: Style, context: ScanTextContext): string {
  const isQuiet = style.verbosity === 'quiet'
  const blocks = [
    isQuiet ? [] : report.clusters.flatMap((cluster) => headlineOf(cluster, style)),
    causeLines(report, style, context),
    isQuiet ? [] : [...unusedLines(report, style), ...summaryLines(report, style, context)],
    closingLines(report, style, context)
  ]

  return `${blocks
    .filter((block) => block.length > 0)
    .map((block) => block.join('\n'))
    .join('\n\n')}\n`
}

const separatorOf = ({ ascii }: Style): string => (ascii ? '-' : '·')

function headlineOf(
  { name, version, serviceAccounts, irsa, podIdentity, pods }: ClusterSummary,
  style: Style
): string[] {
  const parts = [
    ...(name === undefined ? [] : [escapeText(name)]),
    ...(version === undefined ? [] : [`Kubernetes ${version}`]),
    `${counted(serviceAccounts, 'service account')}: ${number(irsa)} IRSA, ${podIdentity === undefined ? 'Pod Identity unknown' : `${number(podIdentity)} Pod Identity`}`,
    counted(pods, 'pod')
  ]

  return wrapped(parts.join(` ${separatorOf(style)} `), '', style, '  ').map((line) =>
    paint(line, 'bold', style)
  )
}

/**
 * One row for each cause: its mark, how many objects it affects, since when, what is wrong and what to do.
 */
function causeLines(
  report: ScanReport,
  style: Style,
  { at, summaryOf, ...choice }: ScanTextContext
): string[] {
  const rows = causeRowsOf(report, style.verbosity, summaryOf).map((row) => ({
    ...row,
    hits: hitsOf(row),
    since: sinceOf(row, report, at)
  }))
  if (rows.length === 0) return []

  const hitsWidth = widest(
    4,
    rows.map(({ hits }) => hits)
  )
  const hasSince = report.baseline !== undefined
  const sinceWidth = widest(
    5,
    rows.map(({ since }) => since)
  )
  const column = (hits: string, since: string): string =>
    `${hits.padStart(hitsWidth)}  ${hasSince ? `${since.padEnd(sinceWidth)}  ` : ''}`
  const indent = `  ${column('', '')}`
  const paragraph = (text: string): string[] => wrapped(escapeText(text), indent, style)

  return [
    paint(`  ${column('hits', 'since')}cause`, 'dim', style),
    ...rows.flatMap((row) => {
      const mark = markOf(
        row.severity === 'error' ? 'wrong' : row.severity === 'warning' ? 'warning' : 'follows',
        style
      )
      const [first = '', ...rest] = paragraph(row.summary)

      return [
        `${mark} ${column(row.hits, row.since)}${first.slice(indent.length)}`,
        ...rest,
        ...paragraph(affectedText(row, style)),
        ...(style.verbosity === 'verbose' && row.causes.length === 1 ? paragraph(`fix: ${row.fix}`) : []),
        paint(commandLine(nextStepOf(row, choice), indent, style), 'cyan', style)
      ]
    })
  ]
}

/** The width of a column. There can be too many rows to pass to `Math.max` as arguments. */
const widest = (least: number, texts: readonly string[]): number =>
  texts.reduce((width, text) => Math.max(width, text.length), least)

function hitsOf({ findings }: CauseRow): string {
  const nouns = new Set(findings.map(({ object: { kind } }) => nounOf(kind)))
  const [noun = 'object'] = nouns

  return counted(findings.length, nouns.size === 1 ? noun : 'object')
}

/** A short noun for the column of affected objects. */
function nounOf(kind: string): string {
  if (kind === 'ServiceAccount') return 'account'
  if (kind.endsWith('WebhookConfiguration')) return 'webhook'
  if (kind === 'PodIdentityAssociation') return 'association'

  return kind.length <= 12 ? kind.toLowerCase() : 'object'
}

/** How long ago the oldest of these findings was first seen. */
function sinceOf({ findings }: CauseRow, { baseline }: ScanReport, at: Date): string {
  const isNew = new Set(baseline?.new)
  if (findings.every(({ fingerprint }) => isNew.has(fingerprint))) return 'new'
  const times = findings.flatMap(({ since }) => (since === undefined ? [] : Date.parse(since)))
  const oldest = times.reduce((one, other) => Math.min(one, other), Infinity)

  return times.length < findings.length || !(oldest <= at.getTime())
    ? '–'
    : ageText((at.getTime() - oldest) / 1000)
}

function ageText(seconds: number): string {
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min`
  if (seconds < 48 * 3600) return `${Math.floor(seconds / 3600)} h`

  return `${Math.floor(seconds / 86_400)} days`
}

const maxShown = 3

function affectedText({ findings, causes }: CauseRow, { verbosity }: Style): string {
  const names = [...new Set(findings.map(({ object }) => nameOf(object, verbosity)))]
  const shown =
    names.length <= maxShown || verbosity === 'verbose'
      ? names.join(', ')
      : `${names.slice(0, maxShown).join(', ')} and ${number(names.length - maxShown)} more`

  return causes.length > 1 ? `${number(causes.length)} causes: ${shown}` : shown
}

/** The name of an object. For a pod, this is the name of its owner, unless everything is shown. */
function nameOf(
  { kind, namespace, name, owner }: ObjectReference,
  verbosity: Style['verbosity'] = 'verbose'
): string {
  const within = namespace === undefined ? '' : `${namespace}/`
  if (kind === 'ServiceAccount') return `${within}${name}`

  return kind === 'Pod' && owner !== undefined && verbosity !== 'verbose'
    ? `${owner.kind} ${within}${owner.name}`
    : `${kind} ${within}${name}`
}

/** A command on one line, so that it can be copied; outside its column if it does not fit there. */
const commandLine = (command: string, indent: string, { width = Infinity }: Style): string =>
  `${indent.length + command.length <= width ? indent : '    '}${escapeText(command)}`

/** The command to run next. */
function nextStepOf(
  { rule, causes: [cause], findings: [finding] }: CauseRow,
  { withContext, kubeconfig }: Pick<ScanTextContext, 'withContext' | 'kubeconfig'>
): string {
  const { kind, name, cluster } = finding.object
  const file = kubeconfig === undefined ? '' : ` --kubeconfig ${shellQuote(kubeconfig)}`
  const context = withContext && cluster !== undefined ? ` --context ${shellQuote(cluster)}` : ''
  if (rule.startsWith('ca-bundle-') && kind.endsWith('WebhookConfiguration'))
    return `irsa-guard ca ${kind.toLowerCase()}/${argumentOf(name, 'NAME')}${file}${context} --fix`

  return commandIn(cause) ?? `irsa-guard explain ${argumentOf(rule, 'RULE')}`
}

/** The fix of a cause, if it consists only of a command. */
const commandIn = ({ fix }: Cause): string | undefined =>
  /^(?:irsa-guard|kubectl|aws) [^;]*$/.test(fix) ? fix : undefined

function closingLines(
  { summary, createdAt }: ScanReport,
  style: Style,
  { seconds }: ScanTextContext
): string[] {
  const { errors, warnings, infos, judged, objects } = summary
  const counts = [
    ...(errors > 0 ? [counted(errors, 'error')] : []),
    ...(warnings > 0 ? [counted(warnings, 'warning')] : []),
    ...(infos > 0 ? [counted(infos, 'info')] : [])
  ]
  const mark = errors > 0 ? 'wrong' : warnings > 0 ? 'warning' : 'ok'
  const parts = [
    counts.length === 0 ? 'no findings' : counts.join(', '),
    judgedText(judged, objects),
    secondsText(seconds),
    ...(createdAt === undefined ? [] : [minuteOf(createdAt)]),
    ...(style.verbosity === 'normal' && counts.length > 0 ? ['all objects: -v'] : [])
  ]

  return wrapped(parts.join(` ${separatorOf(style)} `), `${markOf(mark, style)} `, style, '  ')
}
