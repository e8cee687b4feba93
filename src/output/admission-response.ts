import type { Finding } from '../model/finding.js'
import { nameOf, type Subject } from '../model/subject.js'
import { escapeText, shortList } from '../model/text.js'
import type { Verdict } from '../verdict/decide.js'

/** The `response` of an AdmissionReview: https://kubernetes.io/docs/reference/access-authn-authz/extensible-admission-controllers/#response */
export interface AdmissionResponse {
  readonly uid: string
  readonly allowed: boolean
  readonly status?: { readonly code: number; readonly reason: string; readonly message: string }
  readonly warnings?: readonly string[]
  readonly auditAnnotations?: Readonly<Record<string, string>>
}

/** Tells a verdict to the API server: all errors in one denial, the rest as warnings, everything in audit annotations. */
export function admissionResponseOf(uid: string, subject: Subject, verdict: Verdict): AdmissionResponse {
  if (verdict.findings.length === 0 && verdict.unchecked.length === 0) return { uid, allowed: verdict.allowed } // nearly all reviews

  const told = verdict.findings.filter(({ severity, waived }) => severity !== 'info' && waived === undefined)
  const errors = verdict.allowed ? [] : told.filter(({ severity }) => severity === 'error')
  const warnings =
    verdict.mode === 'audit'
      ? []
      : [...told.filter((finding) => !errors.includes(finding)).flatMap(warningOf), ...uncheckedWarnings(verdict)]
  const auditAnnotations = auditAnnotationsOf(verdict)

  return {
    uid,
    allowed: verdict.allowed,
    ...(errors.length > 0 && { status: { code: 403, reason: 'Forbidden', message: denialOf(subject, errors, verdict.iamAge) } }),
    ...(warnings.length > 0 && { warnings }),
    ...(auditAnnotations && { auditAnnotations })
  }
}

function denialOf(subject: Subject, errors: readonly Finding[], iamAge: number | undefined): string {
  const lines = errors.flatMap(({ rule, message, fix }) => [`- ${rule}: ${escapeText(message)}`, `  fix: ${escapeText(fix)}`])

  // https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_general.html, "Changes that I make are not always immediately visible"
  const age = iamAge === undefined ? [] : [`IAM was read ${Math.round(iamAge)} s ago; it may take two minutes to show a change`]

  return [escapeText(nameOf(subject)), ...lines, ...age].join('\n')
}

// Two short warnings instead of a long one: warnings should stay below 120 characters, and kubectl prints a line for each.
const warningOf = ({ rule, message, fix }: Finding): string[] => [escapeText(`${rule}: ${message}`), escapeText(`${rule}: fix: ${fix}`)]

function uncheckedWarnings({ unchecked }: Verdict): string[] {
  const reasons = new Set(unchecked.map(({ because }) => because))

  return [...reasons].map((reason) => {
    const ids = unchecked.filter(({ because }) => because === reason).map(({ rule }) => rule)
    return escapeText(`not checked: ${shortList(ids)}: ${reason}`)
  })
}

function auditAnnotationsOf({ findings, unchecked }: Verdict): Readonly<Record<string, string>> | undefined {
  const idsOf = (list: readonly { rule: string }[]): string => list.map(({ rule }) => rule).join(',')
  const entries: readonly (readonly [string, string])[] = [
    ['findings', idsOf(findings.filter(({ waived }) => waived === undefined))],
    ['waived', idsOf(findings.filter(({ waived }) => waived !== undefined))],
    ['unchecked', idsOf(unchecked)]
  ]
  const told = entries.filter(([, ids]) => ids !== '')

  return told.length === 0 ? undefined : Object.fromEntries(told)
}
