import { allRules } from '../model/finding.js'
import { argumentOf, escapeText } from '../text/escape.js'
import { shellQuote } from '../text/shell.js'
import type { Cause } from './causes.js'
import type { ObjectReference, ReportedFinding, UncheckedGroup } from './report.js'
import { type CauseRow, causeRowsOf } from './scan-causes.js'
import type { ClusterSummary, ScanReport } from './scan-report.js'
import { markOf, paint, type Style, wrapped } from './style.js'
import { judgedText } from './text.js'

/** What the text says besides the report. */
export interface ScanTextContext {
  readonly at: Date
  readonly seconds: number
  /** Whether commands must name the context, because it may not be the current one. */
  readonly withContext: boolean
  /** The summary of a rule. */
  readonly summaryOf: (rule: string) => string
}

/**
 * The report of a scan for people: the clusters, the causes with the worst first, the namespaces with the
 * most problems, what changed, what was not checked, and a closing line.
 */
export function scanTextOf(report: ScanReport, style: Style, context: ScanTextContext): string {
  const isQuiet = style.verbosity === 'quiet'
  const blocks = [
    isQuiet ? [] : report.clusters.flatMap((cluster) => headlineOf(cluster, style)),
    causeLines(report, style, context),
    isQuiet ? [] : [...unusedLines(report, style), ...summaryLines(report, style)],
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
    `${counted(serviceAccounts, 'service account')}: ${number(irsa)} IRSA, ${podIdentity === undefined ? 'Pod Identity not known' : `${number(podIdentity)} Pod Identity`}`,
    counted(pods, 'pod')
  ]

  return wrapped(parts.join(` ${separatorOf(style)} `), '', style, '  ').map((line) =>
    paint(line, 'bold', style)
  )
}

/** One row for each cause: its mark, how many objects it hits, since when, what is wrong and what to do. */
function causeLines(
  report: ScanReport,
  style: Style,
  { at, summaryOf, withContext }: ScanTextContext
): string[] {
  const rows = causeRowsOf(report, style.verbosity, summaryOf).map((row) => ({
    ...row,
    hits: hitsOf(row),
    since: sinceOf(row, report, at)
  }))
  if (rows.length === 0) return []

  const hitsWidth = Math.max(4, ...rows.map(({ hits }) => hits.length))
  const hasSince = report.baseline !== undefined
  const sinceWidth = Math.max(5, ...rows.map(({ since }) => since.length))
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
        paint(commandLine(nextStepOf(row, withContext), indent, style), 'cyan', style)
      ]
    })
  ]
}

function hitsOf({ findings }: CauseRow): string {
  const nouns = new Set(findings.map(({ object: { kind } }) => nounOf(kind)))
  const [noun = 'object'] = nouns

  return counted(findings.length, nouns.size === 1 ? noun : 'object')
}

/** A short noun for the column of hits. */
function nounOf(kind: string): string {
  if (kind === 'ServiceAccount') return 'account'
  if (kind.endsWith('WebhookConfiguration')) return 'webhook'

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

/** The name of an object. Pods are named by their owner, unless everything is shown. */
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
function nextStepOf({ rule, causes: [cause], findings: [finding] }: CauseRow, withContext: boolean): string {
  const { kind, name, cluster } = finding.object
  const context = withContext && cluster !== undefined ? ` --context ${shellQuote(cluster)}` : ''
  if (rule.startsWith('ca-bundle-') && kind.endsWith('WebhookConfiguration'))
    return `irsa-guard ca ${kind.toLowerCase()}/${argumentOf(name, 'NAME')}${context} --fix`

  return commandIn(cause) ?? `irsa-guard explain ${argumentOf(rule, 'RULE')}`
}

/** The fix of a cause, if it is nothing but a command. */
const commandIn = ({ fix }: Cause): string | undefined =>
  /^(?:irsa-guard|kubectl|aws) [^;]*$/.test(fix) ? fix : undefined

const maxNamespaces = 5

/** The namespaces with the most problems, the comparison with the baseline, waivers, and what was not checked. */
function summaryLines(report: ScanReport, style: Style): string[] {
  const { baseline, summary } = report
  const entries: (readonly [label: string, lines: readonly string[]])[] = [
    ['worst namespaces', worstNamespaces(report, style)],
    [
      'against baseline',
      baseline === undefined
        ? []
        : [
            `+${number(baseline.new.length)} new${
              baseline.gone === undefined
                ? '; what is gone is not known, because this scan covers only a part'
                : `, ${style.ascii ? '-' : '−'}${number(baseline.gone.length)} gone`
            }`
          ]
    ],
    ['waived', summary.waived === 0 ? [] : [counted(summary.waived, 'finding')]],
    ['not checked', notChecked(report, style)]
  ]
  const width = 20

  return entries.flatMap(([label, texts]) =>
    texts.flatMap((text, index) => {
      const start = `  ${(index === 0 ? label : '').padEnd(width - 2)}`

      return text.startsWith('kubectl ')
        ? [commandLine(text, start, style)]
        : wrapped(text, start, style, ' '.repeat(width))
    })
  )
}

function worstNamespaces({ findings, clusters }: ScanReport, style: Style): string[] {
  const counted = findings.filter(({ waived, severity }) => waived === undefined && severity !== 'info')
  const byNamespace = Map.groupBy(counted, ({ object: { cluster, namespace } }) =>
    namespace === undefined
      ? ''
      : clusters.length > 1 && cluster !== undefined
        ? `${cluster} ${namespace}`
        : namespace
  )
  byNamespace.delete('')
  const scores = [...byNamespace].map(([namespace, found]) => ({
    namespace,
    errors: objectsWith(found, 'error'),
    warnings: objectsWith(found, 'warning')
  }))
  const worst = scores
    .sort((one, other) => other.errors - one.errors || other.warnings - one.warnings)
    .slice(0, maxNamespaces)
    .map(({ namespace, errors, warnings }) => {
      const marks = [
        ...(errors > 0 ? [`${markOf('wrong', style)}${number(errors)}`] : []),
        ...(warnings > 0 ? [`${markOf('warning', style)}${number(warnings)}`] : [])
      ]
      return `${escapeText(namespace)} ${marks.join(' ')}`
    })

  return worst.length < 2 ? [] : [worst.join(', ')]
}

/** How many objects have findings of a severity; the pods of one owner count once. */
function objectsWith(findings: readonly ReportedFinding[], severity: ReportedFinding['severity']): number {
  return new Set(
    findings
      .filter((finding) => finding.severity === severity)
      .map(({ object: { kind, name, owner } }) => JSON.stringify(owner ?? { kind, name }))
  ).size
}

/** What was not checked, once for each reason, and what would make it checkable. */
function notChecked({ unchecked }: ScanReport, { verbosity }: Style): string[] {
  const reasons = [...Map.groupBy(unchecked, ({ because }) => because)].map(([because, groups]) => ({
    because,
    groups,
    hint: groups.find((group) => group.hint !== undefined)?.hint
  }))
  const isForbidden = ({ hint }: (typeof reasons)[number]): boolean => hint?.startsWith('run ') === true
  const forbidden = reasons.filter(isForbidden).map(({ hint = '' }) => escapeText(hint.slice('run '.length)))

  return [
    ...(forbidden.length === 0
      ? []
      : [`${counted(forbidden.length, 'kind')} of objects that you may not read. Check:`, ...forbidden]),
    ...reasons
      .filter((reason) => !isForbidden(reason))
      .map(({ because, groups, hint }) => {
        const rules = groups.map(({ rule }) => (rule === allRules ? 'all rules' : rule)).join(', ')
        const count = Math.max(...groups.map((group) => group.count)) // the rules can have different counts
        const what = groups.every(isOfCollection)
          ? ''
          : `${counted(count, 'object')}${verbosity === 'verbose' ? ` (${rules})` : ''}: `

        return escapeText(`${what}${because}${hint === undefined ? '' : ` (${hint})`}`)
      })
  ]
}

/** Whether a whole collection could not be read. */
const isOfCollection = ({ objects: [first] }: UncheckedGroup): boolean => first?.name === ''

/** What nobody uses. */
function unusedLines({ unused }: ScanReport, style: Style): string[] {
  if (unused === undefined) return []
  const { serviceAccounts, roles } = unused
  const list = (title: string, names: readonly string[]): string[] =>
    names.length === 0
      ? wrapped(`${title}: none`, '  ', style)
      : [
          ...wrapped(`${title}: ${number(names.length)}`, '  ', style),
          ...names
            .slice(0, style.verbosity === 'verbose' ? names.length : maxUnused)
            .flatMap((name) => wrapped(escapeText(name), '    ', style)),
          ...(names.length > maxUnused && style.verbosity !== 'verbose'
            ? [`    and ${number(names.length - maxUnused)} more (-v lists all)`]
            : [])
        ]

  return [
    ...(serviceAccounts === undefined
      ? wrapped(
          'service accounts that nothing uses: not known, because not all workloads and pods were read',
          '  ',
          style
        )
      : list(
          'service accounts with a role that no workload uses',
          serviceAccounts.map(({ namespace, name, role }) => `${namespace}/${name}  ${role}`)
        )),
    ...(roles === undefined
      ? wrapped(
          'roles that nothing uses: not known, because no list of roles was given (--iam FILE)',
          '  ',
          style
        )
      : list(
          'roles that trust only service accounts that do not exist',
          roles.map(({ arn, trusts }) => `${arn}  ${trusts.slice(0, maxShown).join(', ')}`)
        )),
    ''
  ]
}

const maxUnused = 10

function closingLines({ summary }: ScanReport, style: Style, { seconds }: ScanTextContext): string[] {
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
    `${seconds < 10 ? seconds.toFixed(1) : Math.round(seconds)} s`,
    ...(style.verbosity === 'normal' && counts.length > 0 ? ['all objects: -v'] : [])
  ]

  return wrapped(parts.join(` ${separatorOf(style)} `), `${markOf(mark, style)} `, style, '  ')
}

const number = (count: number): string => count.toLocaleString('en-US')
const counted = (count: number, noun: string): string => `${number(count)} ${noun}${count === 1 ? '' : 's'}`
