import { createTwoFilesPatch } from 'diff'
import type { Finding } from '../model/finding.js'
import { escapeText } from '../text/escape.js'
import { isRecord } from '../text/record.js'

/** The report about one trust policy and one service account. */
export interface TrustReport {
  /** The chain that the policy was judged for. */
  readonly heading?: string
  readonly subject: string
  readonly verdict: string
  readonly overPermissive: boolean
  readonly statement?: number
  readonly findings: readonly Finding[]
  readonly suggested?: object
}

/** The judgements of one policy as text for people, each under its heading. */
export const trustTextsOf = (reports: readonly TrustReport[], policy: unknown): string =>
  reports.map((report) => trustTextOf(report, policy)).join('\n')

/**
 * A judgement as text for people: the policy with the deciding statement marked, what is wrong, and the
 * corrected policy as a diff.
 */
export function trustTextOf(
  { heading, subject, verdict, overPermissive, statement, findings, suggested }: TrustReport,
  policy: unknown
): string {
  const head = heading === undefined ? [] : [`${heading}:`]
  const shown = isRecord(policy) ? [...markedLines(policy, statement), ''] : []
  const formatted = findings.flatMap(({ rule, severity, message, fix }) => [
    `${severity} ${rule}: ${message}`,
    `  fix: ${fix}`
  ])
  // Without an explicit Deny, the statement is the nearest Allow, which denies nothing itself.
  const isNearest = verdict === 'denied' && !findings.some(({ rule }) => rule === 'trust-explicit-deny')
  const decided = isNearest ? nearestOf(statement) : deciderOf(verdict, statement)
  const isAdmitted = verdict === 'allowed' || verdict === 'depends'
  const others = overPermissive ? `; the role admits others${isAdmitted ? ', too' : ''}` : ''
  const headline = `${subject}: ${verdict}${decided}${others}`
  const patch = suggested === undefined || !isRecord(policy) ? [] : ['', ...patchOf(policy, suggested)]

  return `${[...head, ...shown, headline, ...formatted, ...patch].map(escapeText).join('\n')}\n`
}

const nearestOf = (statement: number | undefined): string =>
  `: no statement allows it${statement === undefined ? '' : `; statement ${statement} comes nearest`}`

function deciderOf(verdict: string, statement: number | undefined): string {
  if (statement === undefined) return ''
  if (verdict === 'depends') return ` on the request (statement ${statement})`

  return verdict === 'invalid' ? ` in statement ${statement}` : ` by statement ${statement}`
}

const printed = (value: unknown): string[] => JSON.stringify(value, null, 2).split('\n')

/** The policy's lines; those of the deciding statement begin with `>`. */
function markedLines(policy: Readonly<Record<string, unknown>>, statement: number | undefined): string[] {
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
