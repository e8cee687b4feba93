import type { Finding, Severity } from '../model/finding.js'
import type { StatementPart } from '../model/statement-part.js'
import { escapeText } from '../text/escape.js'
import { isRecord } from '../text/record.js'
import { changeLines, markedLines } from './policy-text.js'
import { partLines, statementTitle } from './statement-text.js'
import { type Mark, markOf, paint, type Style, wrapped } from './style.js'

/** The report about one trust policy and one service account. */
export interface TrustReport {
  readonly about: TrustQuestionText
  readonly verdict: 'allowed' | 'denied' | 'depends' | 'invalid'
  readonly overPermissive: boolean
  readonly statement?: number
  /** The parts of that statement, if it is an Allow. */
  readonly parts: readonly StatementPart[]
  readonly findings: readonly Finding[]
  readonly suggested?: object
  /** The length of `suggested` in characters, as IAM counts it. */
  readonly suggestedSize?: number | undefined
}

/** What a trust policy was evaluated for, as strings to print. */
export interface TrustQuestionText {
  /** The chain, and the cluster or issuer. */
  readonly chain: string
  readonly subject: string
  /** The role's path and name, if its ARN is known. */
  readonly role: string | undefined
  /** What happens to pods if STS does not give them the role. */
  readonly effect: string
  /** For IRSA, the issuer as it appears in condition keys. */
  readonly issuer: string | undefined
}

/** How the text ends: the quota of a policy, and the commands that apply the correction. */
export interface TrustTail {
  readonly quota: number
  readonly commands: readonly string[]
}

/** The verdicts on one policy as human-readable text, and the commands that apply the correction. */
export function trustTextsOf(
  reports: readonly TrustReport[],
  policy: unknown,
  { quota, commands }: TrustTail,
  style: Style
): string {
  const isQuiet = style.verbosity === 'quiet'
  const blocks = reports.flatMap((report) => [
    ...(isQuiet
      ? [[headline(report, style), ...findingLines(report, style)]]
      : reportBlocks(report, policy, quota, style))
  ])
  const isCut = style.verbosity === 'normal' && isRecord(policy)
  const end = [
    ...(isQuiet ? [] : commandLines(commands, style)),
    ...(isCut ? [paint('  whole policy with the statement marked: -v', 'dim', style)] : [])
  ]

  return `${[...blocks, end]
    .filter(({ length }) => length > 0)
    .map((lines) => lines.join('\n'))
    .join('\n\n')}\n`
}

/** The verdict, the statement that decides it, what is wrong, and the corrected policy. */
function reportBlocks(report: TrustReport, policy: unknown, quota: number, style: Style): string[][] {
  const { about, verdict, statement, parts, findings, suggested, suggestedSize } = report
  const isRefused = verdict === 'denied' && findings.some(({ severity }) => severity === 'error')
  const title = statement === undefined ? undefined : statementTitle(policy, statement)

  return [
    [
      headline(report, style),
      ...labelled('chain', about.chain, style),
      ...(isRefused ? labelled('effect', about.effect, style) : [])
    ],
    [
      ...(title === undefined
        ? verdict === 'denied'
          ? labelled('nearest', 'none: no statement allows anything', style)
          : []
        : labelled(deciderLabel(report), title, style)),
      ...partLines(parts, about.issuer, style)
    ],
    findingLines(report, style),
    suggested === undefined || !isRecord(policy)
      ? []
      : [
          `  corrected (${sizeText(suggestedSize, quota)}):`,
          ...changeLines(policy, suggested, about.issuer, style).map((line) => `  ${line}`)
        ],
    style.verbosity === 'verbose' && isRecord(policy)
      ? ['  policy:', ...markedLines(policy, statement).map((line) => `  ${escapeText(line)}`)]
      : []
  ]
}

/** The verdict in one line, with a mark. */
function headline(report: TrustReport, style: Style): string {
  const { about, verdict, overPermissive } = report
  const role = about.role === undefined ? 'this role' : `role ${about.role}`
  const others = overPermissive
    ? `; the role admits others${verdict === 'allowed' || verdict === 'depends' ? ', too' : ''}`
    : ''
  const texts: Readonly<Record<TrustReport['verdict'], string>> = {
    allowed: `STS admits ${about.subject} to ${role}`,
    denied: `STS refuses ${about.subject} for ${role}`,
    depends: `whether STS admits ${about.subject} to ${role} depends on the request`,
    invalid: `IAM would not store the trust policy of ${role}`
  }
  const [line = '', ...rest] = wrapped(
    `${escapeText(texts[verdict])}${others}`,
    `  ${verdict.padEnd(9)}`,
    style,
    ' '.repeat(11)
  )

  return [`${markOf(markFor(report), style)}${line.slice(1)}`, ...rest].join('\n')
}

function markFor({ verdict, findings }: TrustReport): Mark {
  if (verdict === 'depends') return 'unknown'
  if (verdict === 'denied' || verdict === 'invalid') return 'wrong'

  return findings.some(({ severity }) => severity !== 'info') ? 'warning' : 'ok'
}

/**
 * If no explicit Deny caused a refusal, the statement shown is the nearest Allow, which itself denies
 * nothing.
 */
function deciderLabel({ verdict, findings }: TrustReport): string {
  if (verdict !== 'denied') return verdict === 'invalid' ? 'in' : verdict === 'depends' ? 'depends' : 'by'

  return findings.some(({ rule }) => rule === 'trust-explicit-deny') ? 'by Deny' : 'nearest'
}

/** What is wrong, and how to fix it. */
const findingLines = (report: TrustReport, style: Style): string[] =>
  report.findings
    .filter(({ severity }) => style.verbosity !== 'quiet' || severity === 'error')
    .flatMap((finding) => [
      ...labelled(
        finding.severity,
        `${finding.rule}: ${messageOf(finding, report, style)}`,
        style,
        severityColors[finding.severity]
      ),
      ...labelled('fix', finding.fix, style)
    ])

const severityColors = { error: 'red', warning: 'yellow', info: 'cyan' } as const satisfies Record<
  Severity,
  string
>

/** The message, or only the difference if the parts of the statement already show the rest. */
function messageOf({ message, severity, excerpt }: Finding, { parts }: TrustReport, style: Style): string {
  const unmet = parts.filter(({ isMet }) => isMet !== true)
  const [only] = unmet.length === 1 ? unmet : []

  return style.verbosity === 'normal' &&
    severity === 'error' &&
    excerpt !== undefined &&
    only?.difference !== undefined
    ? only.difference
    : message
}

function labelled(label: string, text: string, style: Style, color?: 'red' | 'yellow' | 'cyan'): string[] {
  const [first = '', ...rest] = wrapped(escapeText(text), ' '.repeat(11), style)
  const start = `  ${label.padEnd(8)} `

  return [`${color === undefined ? start : paint(start, color, style)}${first.slice(start.length)}`, ...rest]
}

const sizeText = (size: number | undefined, quota: number): string =>
  size === undefined
    ? ''
    : `${size.toLocaleString('en-US')} of ${quota.toLocaleString('en-US')} characters${size > quota ? '; more than the default quota of an account' : ''}`

/** The commands that apply the correction. They stay on one line, so that they can be copied. */
function commandLines(commands: readonly string[], style: Style): string[] {
  const label = '  apply it '
  const isWide = commands.some(({ length }) => label.length + length > (style.width ?? Infinity))
  if (commands.length === 0) return []

  return isWide
    ? [label.trimEnd(), ...commands.map((command) => `    ${command}`)]
    : commands.map((command, index) => `${index === 0 ? label : ' '.repeat(label.length)}${command}`)
}
