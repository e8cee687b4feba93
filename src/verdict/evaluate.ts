import type { Facts, FactTypes, Need } from '../facts/facts.js'
import type { Fact } from '../model/fact.js'
import type { Finding, Problem, Severity, Unchecked } from '../model/finding.js'
import type { RuleSettings } from '../model/rule-settings.js'
import { isUnchanged, type Subject } from '../model/subject.js'
import { noWaiverLimits, outsideLimits } from '../model/waiver-limits.js'
import type { Rule } from '../rules/define-rule.js'
import { exceptionFor } from './exception.js'
import type { Plan } from './plan.js'
import { parseWaiver, type Waiver } from './waiver.js'

/** The time of the review, and the settings of the configuration for rules. */
export interface EvaluationSettings extends Partial<RuleSettings> {
  readonly at: Date
}

/**
 * Runs the rules of the subject's plan. A rule that needs an unknown fact does not run; it is listed as
 * unchecked instead.
 */
export function evaluate(
  plan: Plan,
  subject: Subject,
  facts: Facts,
  settings: EvaluationSettings
): { findings: Finding[]; unchecked: Unchecked[] } {
  const { at, severities: chosen } = settings
  const findings: Finding[] = []
  const unchecked: Unchecked[] = []
  const { values, moot, hasUnknown } = sortFacts(plan.needs, facts, at)
  const open = hasUnknown ? openIn(plan.needs, facts) : []

  for (const rule of hasUnknown ? plan.rules : runnableIn(plan, moot, facts)) {
    const missing = hasUnknown ? missingFor(rule, open) : undefined
    if (missing?.state === 'moot') continue
    const found = missing === undefined || missing.isPartial ? rule.check(subject, values) : undefined
    const isFound = found !== undefined && (!Array.isArray(found) || found.length > 0)
    if (missing === undefined && !isFound) continue // true for nearly all rules in nearly all reviews

    const configured = chosen?.get(rule.id)
    if (configured === 'off') continue
    if (missing !== undefined) unchecked.push({ rule: rule.id, because: missing.because })
    if (!isFound) continue

    const waiver = waiverOf(rule, subject, settings)
    for (const { atAdmission, atMost = 'error', restsOn = [], ...problem } of [found].flat()) {
      const milder =
        atAdmission ??
        configured ??
        (rule.atAdmission === 'never' ? undefined : rule.atAdmission) ??
        rule.severity
      const unlocked =
        subject.stage === 'admitted'
          ? mildest(milder, subject, [problem.field, ...restsOn])
          : (configured ?? rule.severity)
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
 * The waiver of a rule, from the object's annotations or from the configuration. A waiver that is in effect takes
 * precedence.
 */
function waiverOf(
  { id, waivable }: Rule,
  subject: Subject,
  { at, exceptions = [], waiverLimits = noWaiverLimits }: EvaluationSettings
): Waiver | undefined {
  const annotated =
    waivable === false
      ? undefined
      : parseWaiver(subject.annotations, id, at, ({ until }) =>
          outsideLimits(waiverLimits, { rule: id, namespace: ownNamespaceOf(subject), until }, at)
        )
  if (annotated !== undefined && 'reason' in annotated) return annotated
  const configured = exceptionFor(exceptions, subject, id, at)

  return configured !== undefined && 'reason' in configured ? configured : (annotated ?? configured)
}

/** The namespace of the object that has the annotations. A Namespace is governed like the objects in it. */
function ownNamespaceOf(subject: Subject): string | undefined {
  if (subject.kind === 'Namespace') return subject.name
  if (subject.kind === 'PodIdentityAssociation') return subject.objectNamespace

  return 'namespace' in subject ? subject.namespace : undefined
}

/**
 * Marks a finding as waived if its waiver is in effect. A waiver that is not in effect is reported, because
 * its author believes that it is in effect.
 */
function applyWaiver(
  waiver: Waiver | undefined,
  { message }: Problem
): Pick<Finding, 'waived' | 'waivedUntil'> | Pick<Finding, 'message'> {
  if (waiver === undefined) return {}
  if ('reason' in waiver)
    return { waived: waiver.reason, ...(waiver.until !== undefined && { waivedUntil: waiver.until }) }

  return { message: `${message} (${waiver.waiver} is not in effect: ${waiver.lapsed})` }
}

type Missing = Exclude<Fact<never>, { state: 'known' }> & {
  /** Whether the rule can still check something without that fact. */
  readonly isPartial?: boolean
}
interface Open {
  readonly need: Need
  readonly fact: Missing
}

/**
 * The values of the known facts, a bit mask of the moot needs, and whether any fact is unknown. All values can be
 * passed on together, because each rule's type exposes only those that it needs.
 */
function sortFacts(
  needs: readonly Need[],
  facts: Facts,
  at: Date
): { values: Partial<FactTypes>; moot: number; hasUnknown: boolean } {
  const values: Record<string, unknown> = { now: at }
  let moot = 0
  let hasUnknown = false
  let bit = 1
  for (const need of needs) {
    if (need === 'now') continue
    const fact = facts[need] ?? notGathered
    if (fact.state === 'known') values[need] = fact.value
    else if (fact.state === 'moot') moot += bit
    else hasUnknown = true
    bit *= 2
  }

  return { values, moot, hasUnknown } // each value is stored under the need that it belongs to
}

/** The facts that are moot or unknown. */
const openIn = (needs: readonly Need[], facts: Facts): Open[] =>
  needs.flatMap((need) => {
    const fact = need === 'now' ? undefined : (facts[need] ?? notGathered)

    return fact === undefined || fact.state === 'known' ? [] : { need, fact }
  })

/**
 * The rules that can run when all facts are known. Most reviews have the same moot facts, so the rules are
 * selected once for each combination. Selecting them in every review would take longer than the checks.
 */
function runnableIn(plan: Plan, moot: number, facts: Facts): readonly Rule[] {
  let runnable = plan.runnable.get(moot)
  if (runnable === undefined) {
    const open = openIn(plan.needs, facts)
    runnable = plan.rules.filter((rule) => missingFor(rule, open) === undefined)
    plan.runnable.set(moot, runnable)
  }

  return runnable
}

/**
 * The fact that keeps a rule from running or, with `isPartial`, from checking everything. Among `needs`, a moot
 * fact comes first, then the first unknown fact. If all of `needs` are known, `either` decides.
 */
function missingFor({ needs, either }: Rule, open: readonly Open[]): Missing | undefined {
  let unknown: Missing | undefined
  for (const { need, fact } of open) {
    if (!needs.includes(need)) continue
    if (fact.state === 'moot') return fact
    unknown ??= fact
  }

  return unknown ?? (either === undefined ? undefined : missingOf(either, open))
}

/**
 * For facts of which at least one must be known: the first unknown one, or the first moot one if all are moot.
 */
function missingOf(either: readonly Need[], open: readonly Open[]): Missing | undefined {
  let count = 0
  let first: Missing | undefined
  let unknown: Missing | undefined
  for (const { need, fact } of open) {
    if (!either.includes(need)) continue
    count++
    first ??= fact
    if (fact.state === 'unknown') unknown ??= fact
  }
  if (count < either.length) return unknown && { ...unknown, isPartial: true }

  return unknown ?? first
}

// Sorted from most to least severe.
const severities: readonly Severity[] = ['error', 'warning', 'info']

const notGathered = { state: 'unknown', because: 'the fact was not gathered' } as const

/**
 * The ratchet: an error becomes a warning if the request changes none of the fields that cause the error,
 * because controllers resubmit old objects.
 */
function mildest(severity: Severity, subject: Subject, fields: readonly string[]): Severity {
  return severity === 'error' && fields.every((field) => isUnchanged(subject, field)) ? 'warning' : severity
}
