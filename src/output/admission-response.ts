import type { Finding } from '../model/finding.js'
import { stableNameOf, type Subject } from '../model/subject.js'
import { escapeText, shorten, shortList } from '../text/escape.js'
import type { Verdict } from '../verdict/decide.js'

/**
 * The `response` of an AdmissionReview:
 * https://kubernetes.io/docs/reference/access-authn-authz/extensible-admission-controllers/#response
 */
export interface AdmissionResponse {
  readonly uid: string
  readonly allowed: boolean
  readonly status?: { readonly code: number; readonly reason: string; readonly message: string }
  readonly warnings?: readonly string[]
  readonly auditAnnotations?: Readonly<Record<string, string>>
}

/**
 * Turns a verdict into a response: all errors in one denial, other findings as warnings, and all rule IDs
 * in audit annotations.
 */
export function admissionResponseOf(uid: string, subject: Subject, verdict: Verdict): AdmissionResponse {
  if (verdict.findings.length === 0 && verdict.unchecked.length === 0)
    return { uid, allowed: verdict.allowed } // nearly all reviews

  const reported = verdict.findings.filter(
    ({ severity, waived }) => severity !== 'info' && waived === undefined
  )
  const isDenial = ({ severity }: Finding): boolean => severity === 'error' && !verdict.allowed
  const errors = reported.filter(isDenial)
  const warnings =
    verdict.mode === 'audit'
      ? []
      : [...findingWarnings(reported.filter((finding) => !isDenial(finding))), ...uncheckedWarnings(verdict)]
  const auditAnnotations = auditAnnotationsOf(verdict)

  return {
    uid,
    allowed: verdict.allowed,
    ...(errors.length > 0 && {
      status: { code: 403, reason: 'Forbidden', message: denialOf(subject, errors, verdict.iamAge) }
    }),
    ...(warnings.length > 0 && { warnings }),
    ...(auditAnnotations && { auditAnnotations })
  }
}

// One object can have thousands of problems. Users do not read that many, and a response must stay small.
const maxFindings = 24
const maxCharacters = 2000

const lineOf = (text: string): string => escapeText(shorten(text, maxCharacters))

const messageOf = ({ message, alsoAt = [] }: Finding): string =>
  lineOf(alsoAt.length === 0 ? message : `${message}; also at ${shortList(alsoAt)}`)

/**
 * The first line contains the first error, because `kubectl get events` shows only that line. The message
 * contains no generated name: a ReplicaSet tries a new name each time, and each different message is a new
 * Event.
 */
function denialOf(subject: Subject, errors: readonly Finding[], iamAge: number | undefined): string {
  const lines = errors
    .slice(0, maxFindings)
    .flatMap((finding, index) => [
      `${index === 0 ? `${lineOf(stableNameOf(subject))}:` : '-'} ${finding.rule}: ${messageOf(finding)}`,
      `  fix: ${lineOf(finding.fix)}`
    ])
  const rest = errors.length > maxFindings ? [`- more errors: ${errors.length - maxFindings}`] : []

  // https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_general.html, "Changes that I make are not
  // always immediately visible"
  const age =
    iamAge === undefined
      ? []
      : [`IAM was read ${Math.round(iamAge)} s ago; changes can take up to two minutes to appear`]

  return [...lines, ...rest, ...age].join('\n')
}

/**
 * Two short warnings for a finding instead of a long one: warnings should stay below 120 characters, and
 * kubectl prints a line for each.
 */
function findingWarnings(findings: readonly Finding[]): string[] {
  const lines = findings
    .slice(0, maxFindings)
    .flatMap((finding) => [
      `${finding.rule}: ${messageOf(finding)}`,
      `${finding.rule}: fix: ${lineOf(finding.fix)}`
    ])

  return findings.length > maxFindings
    ? [...lines, `irsa-guard: more warnings: ${findings.length - maxFindings}`]
    : lines
}

function uncheckedWarnings({ unchecked }: Verdict): string[] {
  const byReason = [...Map.groupBy(unchecked, ({ because }) => because)]
  const lines = byReason
    .slice(0, maxFindings)
    .map(([reason, rules]) => lineOf(`not checked: ${shortList(rules.map(({ rule }) => rule))}: ${reason}`))

  return byReason.length > maxFindings
    ? [...lines, `not checked: more reasons: ${byReason.length - maxFindings}`]
    : lines
}

function auditAnnotationsOf({ findings, unchecked }: Verdict): Readonly<Record<string, string>> | undefined {
  const idsOf = (list: readonly { rule: string }[]): string =>
    [...new Set(list.map(({ rule }) => rule))].join(',')
  const entries: readonly (readonly [string, string])[] = [
    ['findings', idsOf(findings.filter(({ waived }) => waived === undefined))],
    ['waived', idsOf(findings.filter(({ waived }) => waived !== undefined))],
    ['unchecked', idsOf(unchecked)]
  ]
  const formatted = entries.filter(([, ids]) => ids !== '')

  return formatted.length === 0 ? undefined : Object.fromEntries(formatted)
}
