import type { FactTypes, Facts, Need } from '../facts/facts.js'
import type { Finding, Severity, Unchecked } from '../model/finding.js'
import type { Fact } from '../model/fact.js'
import { isUnchanged, type Subject } from '../model/subject.js'
import type { Rule } from '../rules/define-rule.js'
import { readWaiver } from './waiver.js'

/** The facts that the rules for this subject, and the decision after them, need. */
export function needsOf(rules: readonly Rule[], subject: Subject): ReadonlySet<Need> {
  const needs = new Set<Need>(['namespace'])
  for (const rule of rules) if (isAbout(rule, subject)) for (const need of rule.needs) needs.add(need)

  return needs
}

function isAbout(rule: Rule, subject: Subject): boolean {
  if (!rule.on.includes(subject.kind)) return false
  if (rule.atAdmission === 'never' && subject.stage === 'admitted') return false

  return rule.concerns?.(subject) ?? true
}

/** Runs every rule that looks at such a subject. A rule never sees an unknown fact: it is listed as unchecked instead. */
export function evaluate(
  rules: readonly Rule[],
  subject: Subject,
  facts: Facts,
  { at, severities: chosen }: { at: Date; severities?: ReadonlyMap<string, Severity | 'off'> | undefined }
): { findings: Finding[]; unchecked: Unchecked[] } {
  const findings: Finding[] = []
  const unchecked: Unchecked[] = []
  const values = { ...knownOf(facts), now: at }

  for (const rule of rules) {
    const configured = chosen?.get(rule.id)
    if (configured === 'off' || !isAbout(rule, subject)) continue

    const missing = missingFor(rule, facts)
    if (missing?.state === 'moot') continue
    if (missing !== undefined) {
      unchecked.push({ rule: rule.id, because: missing.because })
      continue
    }
    const found = rule.check(subject, values)
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
function knownOf(facts: Facts): Partial<FactTypes> {
  const values: Record<string, unknown> = {}
  for (const [need, fact] of Object.entries(facts)) if (fact.state === 'known') values[need] = fact.value

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
