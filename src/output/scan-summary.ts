import { allRules } from '../model/finding.js'
import { endOfDay } from '../text/day.js'
import { escapeText } from '../text/escape.js'
import type { ReportedFinding, UncheckedGroup } from './report.js'
import type { ScanReport } from './scan-report.js'
import { counted, markOf, number, type Style, wrapped } from './style.js'

const maxNamespaces = 5

/** What the summary shows in addition to the report. */
export interface SummaryContext {
  readonly at: Date
  readonly iam?: IamRequests | undefined
}

/** The requests to IAM and STS, and the time between the first and the last of them. */
export interface IamRequests {
  readonly count: number
  readonly seconds: number
}

/** The namespaces with the most problems, the comparison with the baseline, waivers, and what was not checked. */
export function summaryLines(report: ScanReport, style: Style, { at, iam }: SummaryContext): string[] {
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
                ? '; it is unknown which ones are gone, because this scan covers only some of the objects'
                : `, ${style.ascii ? '-' : '−'}${number(baseline.gone.length)} gone`
            }`
          ]
    ],
    ['waived', summary.waived === 0 ? [] : [waivedText(report, at)]],
    ['IAM', iam === undefined ? [] : [iamText(iam)]],
    ['not checked', notChecked(report, style)]
  ]
  const width = 20

  return entries.flatMap(([label, texts]) =>
    texts.flatMap((text, index) => {
      const start = `  ${(index === 0 ? label : '').padEnd(width - 2)}`

      return text.startsWith('kubectl ')
        ? [`    ${text}`] // on one line, so that it can be copied
        : wrapped(text, start, style, ' '.repeat(width))
    })
  )
}

/** How many findings are waived, and how many of the waivers expire soon. */
function waivedText({ findings, summary }: ScanReport, at: Date): string {
  const days = findings
    .flatMap(({ waivedUntil }) => (waivedUntil === undefined ? [] : (endOfDay(waivedUntil) ?? [])))
    .map((end) => Math.floor((end.getTime() - at.getTime()) / 86_400_000))
    .filter((left) => left >= 0 && left <= soon)
  const first = days.reduce((one, other) => Math.min(one, other), soon)
  const when = first === 0 ? 'today' : `in ${counted(first, 'day')}`

  return `${counted(summary.waived, 'finding')}${
    days.length === 0
      ? ''
      : days.length === 1
        ? ` (the waiver of 1 expires ${when})`
        : ` (the waivers of ${number(days.length)} expire soon, the first ${when})`
  }`
}

/** Waivers that expire within this many days are counted. */
const soon = 14

/** The number of requests, and their rate if there were enough to measure it. */
const iamText = ({ count, seconds }: IamRequests): string =>
  `${counted(count, 'request')}${
    count > 1 && seconds >= 1
      ? `, ${(count / seconds).toFixed(1)} per second (limited by iam.requestsPerSecond)`
      : ''
  }`

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

/** What was not checked, once for each reason, and how to get it checked. */
function notChecked({ unchecked }: ScanReport, { verbosity }: Style): string[] {
  const reasons = [...Map.groupBy(unchecked, ({ because }) => because)].map(([because, groups]) => ({
    because,
    groups,
    hint: groups.find((group) => group.hint !== undefined)?.hint
  }))
  const isForbidden = ({ hint }: (typeof reasons)[number]): boolean => hint?.startsWith('run ') === true
  const forbidden = reasons.filter(isForbidden).map(({ hint = '' }) => escapeText(hint.slice('run '.length)))

  const others = reasons.filter((reason) => !isForbidden(reason))
  const shown = verbosity === 'verbose' ? others : others.slice(0, maxReasons)

  return [
    ...(forbidden.length === 0
      ? []
      : [
          `${counted(forbidden.length, 'kind')} of objects that you are not allowed to read. Check:`,
          ...forbidden
        ]),
    ...shown.map(({ because, groups, hint }) => {
      const rules = groups.map(({ rule }) => (rule === allRules ? 'all rules' : rule)).join(', ')
      const count = Math.max(...groups.map((group) => group.count)) // the rules can have different counts
      const what = groups.every(isOfCollection)
        ? ''
        : `${counted(count, 'object')}${verbosity === 'verbose' ? ` (${rules})` : ''}: `

      return escapeText(`${what}${because}${hint === undefined ? '' : ` (${hint})`}`)
    }),
    ...(others.length > shown.length
      ? [`and ${counted(others.length - shown.length, 'more reason')} (-v lists all)`]
      : [])
  ]
}

const maxReasons = 10

/** Whether a whole collection could not be read. */
const isOfCollection = ({ objects: [first] }: UncheckedGroup): boolean => first?.name === ''

/** The service accounts and roles that are not used. */
export function unusedLines({ unused, clusters }: ScanReport, style: Style): string[] {
  if (unused === undefined) return []
  const { serviceAccounts, roles, undetermined = [], unread = [] } = unused

  return [
    ...(serviceAccounts === undefined
      ? wrapped(
          'service accounts that nothing uses: unknown, because not all workloads and pods were read',
          '  ',
          style
        )
      : listOf(
          'service accounts that have a role but that no workload uses',
          serviceAccounts.map(({ namespace, name, role }) => `${namespace}/${name}  ${role}`),
          style
        )),
    ...(roles === undefined
      ? []
      : listOf(
          'roles that no service account can use',
          roles.map(({ arn, trusts }) => `${arn}  ${trusts.slice(0, maxTrusted).join(', ')}`),
          style
        )),
    ...[...Map.groupBy(undetermined, ({ because }) => because)].flatMap(([because, group]) =>
      listOf(
        `roles that could not be judged, because ${because}`,
        group.map(({ arn }) => arn),
        style
      )
    ),
    ...unread.flatMap(({ cluster, because }) =>
      wrapped(
        escapeText(
          `roles that nothing uses${cluster === undefined || clusters.length < 2 ? '' : ` in ${cluster}`}: ${roles === undefined ? '' : 'some are '}unknown, because ${because}`
        ),
        '  ',
        style
      )
    ),
    ''
  ]
}

/** A title and a list of names: only the first ones, unless the output is verbose. */
function listOf(title: string, names: readonly string[], style: Style): string[] {
  const shown = style.verbosity === 'verbose' ? names : names.slice(0, maxUnused)

  return [
    ...wrapped(escapeText(`${title}: ${names.length === 0 ? 'none' : number(names.length)}`), '  ', style),
    ...shown.flatMap((name) => wrapped(escapeText(name), '    ', style)),
    ...(names.length > shown.length
      ? [`    and ${number(names.length - shown.length)} more (-v lists all)`]
      : [])
  ]
}

const maxTrusted = 3
const maxUnused = 10
