import type { FactTypes, Facts, Need } from '../facts/facts.js'
import type { Finding, Severity, Unchecked } from '../model/finding.js'
import type { Fact } from '../model/fact.js'
import { isUnchanged, type Subject } from '../model/subject.js'
import type { Rule } from '../rules/define-rule.js'
import { readWaiver } from './waiver.js'

/** Those of some rules that look at a subject. */
export function rulesAbout(subject: Subject, rules: readonly Rule[]): readonly Rule[] {
  return rules.filter(
    (rule) =>
      rule.on.includes(subject.kind) &&
      !(rule.atAdmission === 'never' && subject.stage === 'admitted') &&
      (rule.concerns === undefined || rule.concerns(subject))
  )
}

/** The facts that rules, and the decision after them, need. */
export function needsOf(rules: readonly Rule[]): ReadonlySet<Need> {
  const needs = new Set<Need>(['namespace'])
  for (const rule of rules) for (const need of rule.needs) needs.add(need)

  return needs
}

/** Runs rules that look at the subject (`rulesAbout`). A rule never sees an unknown fact: it is listed as unchecked instead. */
export function evaluate(
  rules: readonly Rule[],
  subject: Subject,
  facts: Facts,
  { at, severities: chosen }: { at: Date; severities?: ReadonlyMap<string, Severity | 'off'> | undefined }
): { findings: Finding[]; unchecked: Unchecked[] } {
  const findings: Finding[] = []
  const unchecked: Unchecked[] = []
  const values = knownOf(facts, at)

  for (const rule of rules) {
    const missing = missingFor(rule, facts)
    if (missing?.state === 'moot') continue
    const found = missing === undefined ? rule.check(subject, values) : undefined
    if (missing === undefined && found === undefined) continue // nearly all rules of nearly all reviews

    const configured = chosen?.get(rule.id)
    if (configured === 'off') continue
    if (missing !== undefined) unchecked.push({ rule: rule.id, because: missing.because })
    if (found === undefined) continue

    const waived = rule.waivable === false ? undefined : readWaiver(subject.annotations, rule.id, at)
    for (const { atAdmission, atMost = 'error', ...problem } of [found].flat()) {
      const milder = atAdmission ?? configured ?? (rule.atAdmission === 'never' ? undefined : rule.atAdmission) ?? rule.severity
      const usual = subject.stage === 'admitted' ? mildest(milder, subject, problem.field) : (configured ?? rule.severity)
      const severity = severities.indexOf(usual) > severities.indexOf(atMost) ? usual : atMost
      findings.push({ rule: rule.id, severity, ...problem, docs: `docs/rules/${rule.id}.md`, ...(waived !== undefined && { waived }) })
    }
  }

  return { findings, unchecked }
}

/** The values of all facts that are known; each rule's types let it see only those that it needs. */
function knownOf(facts: Facts, at: Date): Partial<FactTypes> {
  const values: Record<string, unknown> = { now: at }
  for (const need in facts) {
    const fact = facts[need as keyof Facts] // facts have no other keys
    if (fact?.state === 'known') values[need] = fact.value
  }

  return values // each value stands under its own need
}

/** What keeps a rule from being asked: a fact that is moot, else the first that is unknown. */
function missingFor(rule: Rule, facts: Facts): Exclude<Fact<never>, { state: 'known' }> | undefined {
  let unknown: { state: 'unknown'; because: string } | undefined
  for (const need of rule.needs) {
    if (need === 'now') continue
    const fact = facts[need] ?? nobodyAsked
    if (fact.state === 'moot') return fact
    if (fact.state === 'unknown') unknown ??= fact
  }

  return unknown
}

// From the most severe on.
const severities: readonly Severity[] = ['error', 'warning', 'info']

const nobodyAsked = { state: 'unknown', because: 'nobody asked' } as const

/** The ratchet: what was wrong in the same way before this request is a warning, for controllers re-submit old objects. */
function mildest(severity: Severity, subject: Subject, field: string): Severity {
  return severity === 'error' && isUnchanged(subject, field) ? 'warning' : severity
}
