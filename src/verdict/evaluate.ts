import type { FactTypes, Facts, Need } from '../facts/facts.js'
import type { Fact } from '../model/fact.js'
import type { Finding, Severity, Unchecked } from '../model/finding.js'
import type { Subject } from '../model/subject.js'
import type { Rule } from '../rules/define-rule.js'
import { readWaiver } from './waiver.js'

/** The facts that the rules for this subject, and the decision after them, need. */
export function needsOf(rules: readonly Rule[], subject: Subject): ReadonlySet<Need> {
  const needs = new Set<Need>(['namespace'])
  for (const rule of rules) if (rule.on.includes(subject.kind)) for (const need of rule.needs) needs.add(need)

  return needs
}

/** Runs every rule that looks at such a subject. A rule never sees an unknown fact: it is listed as unchecked instead. */
export function evaluate(
  rules: readonly Rule[],
  subject: Subject,
  facts: Facts,
  { at, severities }: { at: Date; severities?: ReadonlyMap<string, Severity | 'off'> | undefined }
): { findings: Finding[]; unchecked: Unchecked[] } {
  const findings: Finding[] = []
  const unchecked: Unchecked[] = []
  const known = knownOf(facts)

  for (const rule of rules) {
    const configured = severities?.get(rule.id)
    if (!rule.on.includes(subject.kind) || configured === 'off') continue

    const missing = missingFor(rule, facts)
    if (missing?.state === 'moot') continue
    if (missing !== undefined) {
      unchecked.push({ rule: rule.id, because: missing.because })
      continue
    }
    const problem = rule.check(subject, known)
    if (problem === undefined) continue

    const { atAdmission, ...rest } = problem
    const severity =
      subject.stage === 'admitted'
        ? mildest(atAdmission ?? configured ?? rule.atAdmission ?? rule.severity, subject, rest.field)
        : (configured ?? rule.severity)
    const waived = rule.waivable === false ? undefined : readWaiver(subject.annotations, rule.id, at)
    findings.push({ rule: rule.id, severity, ...rest, docs: `docs/rules/${rule.id}.md`, ...(waived !== undefined && { waived }) })
  }

  return { findings, unchecked }
}

/** The values of all facts that are known; each rule's types let it see only those that it needs. */
function knownOf(facts: Facts): Partial<FactTypes> {
  const known: Record<string, unknown> = {}
  for (const [need, fact] of Object.entries(facts)) if (fact.state === 'known') known[need] = fact.value

  return known // each value stands under its own need
}

/** What keeps a rule from being asked: a fact that is moot, else the first that is unknown. */
function missingFor(rule: Rule, facts: Facts): Exclude<Fact<never>, { state: 'known' }> | undefined {
  let unknown: { state: 'unknown'; because: string } | undefined
  for (const need of rule.needs) {
    const fact = facts[need] ?? nobodyAsked
    if (fact.state === 'moot') return fact
    if (fact.state === 'unknown') unknown ??= fact
  }

  return unknown
}

const nobodyAsked = { state: 'unknown', because: 'nobody asked' } as const

/** The ratchet: what was wrong in the same way before this request is a warning, for controllers re-submit old objects. */
function mildest(severity: Severity, subject: Subject, field: string): Severity {
  if (severity !== 'error' || subject.oldAnnotations === undefined) return severity

  const key = /^metadata\.annotations\[(.*)\]$/.exec(field)?.[1]
  if (key === undefined) return severity
  const name: unknown = JSON.parse(key)

  return typeof name === 'string' && subject.annotations[name] === subject.oldAnnotations[name] ? 'warning' : severity
}
