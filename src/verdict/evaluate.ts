import type { Facts, FactTypes, Need } from '../facts/facts.js'
import type { Fact } from '../model/fact.js'
import type { Finding, Problem, Severity, Unchecked } from '../model/finding.js'
import { isUnchanged, type Subject } from '../model/subject.js'
import type { Rule } from '../rules/define-rule.js'
import type { Plan } from './plan.js'
import { parseWaiver, type Waiver } from './waiver.js'

/**
 * Runs the rules of the subject's plan. A rule never sees an unknown fact: it is listed as unchecked instead.
 */
export function evaluate(
  { rules, needs }: Plan,
  subject: Subject,
  facts: Facts,
  { at, severities: chosen }: { at: Date; severities?: ReadonlyMap<string, Severity | 'off'> | undefined }
): { findings: Finding[]; unchecked: Unchecked[] } {
  const findings: Finding[] = []
  const unchecked: Unchecked[] = []
  const { values, open } = sortFacts(needs, facts, at)

  for (const rule of rules) {
    const missing = open.length === 0 ? undefined : missingFor(rule, open)
    if (missing?.state === 'moot') continue
    const found = missing === undefined ? rule.check(subject, values) : undefined
    if (missing === undefined && found === undefined) continue // nearly all rules of nearly all reviews

    const configured = chosen?.get(rule.id)
    if (configured === 'off') continue
    if (missing !== undefined) unchecked.push({ rule: rule.id, because: missing.because })
    if (found === undefined) continue

    const waiver = rule.waivable === false ? undefined : parseWaiver(subject.annotations, rule.id, at)
    for (const { atAdmission, atMost = 'error', ...problem } of [found].flat()) {
      const milder =
        atAdmission ??
        configured ??
        (rule.atAdmission === 'never' ? undefined : rule.atAdmission) ??
        rule.severity
      const unlocked =
        subject.stage === 'admitted' ? mildest(milder, subject, problem.field) : (configured ?? rule.severity)
      const severity = severities.indexOf(unlocked) > severities.indexOf(atMost) ? unlocked : atMost
      findings.push({
        rule: rule.id,
        severity,
        ...problem,
        docs: rule.docs,
        ...applyWaiver(waiver, problem)
      })
    }
  }

  return { findings, unchecked }
}

/**
 * A waiver in effect is the finding's reason to pass. One that is not in effect is reported, because its
 * author thinks that it is.
 */
function applyWaiver(
  waiver: Waiver | undefined,
  { message }: Problem
): Pick<Finding, 'waived'> | Pick<Finding, 'message'> {
  if (waiver === undefined) return {}
  if ('reason' in waiver) return { waived: waiver.reason }

  return { message: `${message} (waiver ${waiver.annotation} is not in effect: ${waiver.lapsed})` }
}

type Missing = Exclude<Fact<never>, { state: 'known' }>
interface Open {
  readonly need: Need
  readonly fact: Missing
}

/**
 * The values of all facts that are known, of which each rule's types let it see only those that it needs, and
 * the other facts.
 */
function sortFacts(
  needs: readonly Need[],
  facts: Facts,
  at: Date
): { values: Partial<FactTypes>; open: readonly Open[] } {
  const values: Record<string, unknown> = { now: at }
  const open: Open[] = []
  for (const need of needs) {
    if (need === 'now') continue
    const fact = facts[need] ?? notGathered
    if (fact.state === 'known') values[need] = fact.value
    else open.push({ need, fact })
  }

  return { values, open } // each value is stored under its own need
}

/** The fact that keeps a rule from running: one that is moot, otherwise the first that is unknown. */
function missingFor({ needs }: Rule, open: readonly Open[]): Missing | undefined {
  let unknown: Missing | undefined
  for (const { need, fact } of open) {
    if (!needs.includes(need)) continue
    if (fact.state === 'moot') return fact
    unknown ??= fact
  }

  return unknown
}

// From the most severe on.
const severities: readonly Severity[] = ['error', 'warning', 'info']

const notGathered = { state: 'unknown', because: 'the fact was not gathered' } as const

/**
 * The ratchet: what was wrong in the same way before this request is a warning, for controllers re-submit old
 * objects.
 */
function mildest(severity: Severity, subject: Subject, field: string): Severity {
  return severity === 'error' && isUnchanged(subject, field) ? 'warning' : severity
}
