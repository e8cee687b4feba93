import type { FactTypes, Facts, Need } from '../facts/facts.js'
import type { Finding, Severity, Unchecked } from '../model/finding.js'
import { known } from '../model/fact.js'
import { isUnchanged, type Subject } from '../model/subject.js'
import type { Rule } from '../rules/define-rule.js'
import { readWaiver } from './waiver.js'

/** The facts that the rules for this subject, and the decision after them, need. */
export function needsOf(rules: readonly Rule[], subject: Subject): ReadonlySet<Need> {
  return new Set(['namespace', ...rules.filter((rule) => isAbout(rule, subject)).flatMap((rule) => rule.needs)])
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
  { at, severities }: { at: Date; severities?: ReadonlyMap<string, Severity | 'off'> | undefined }
): { findings: Finding[]; unchecked: Unchecked[] } {
  const findings: Finding[] = []
  const unchecked: Unchecked[] = []

  for (const rule of rules) {
    const configured = severities?.get(rule.id)
    if (configured === 'off' || !isAbout(rule, subject)) continue

    const gathered = gatheredFor(rule, { ...facts, now: known(at) })
    if (gathered === 'moot') continue
    if ('because' in gathered) {
      unchecked.push({ rule: rule.id, because: gathered.because })
      continue
    }
    const waived = rule.waivable === false ? undefined : readWaiver(subject.annotations, rule.id, at)
    for (const { atAdmission, ...problem } of [rule.check(subject, gathered.facts) ?? []].flat()) {
      const milder = atAdmission ?? configured ?? (rule.atAdmission === 'never' ? undefined : rule.atAdmission) ?? rule.severity
      const severity = subject.stage === 'admitted' ? mildest(milder, subject, problem.field) : (configured ?? rule.severity)
      findings.push({ rule: rule.id, severity, ...problem, docs: `docs/rules/${rule.id}.md`, ...(waived !== undefined && { waived }) })
    }
  }

  return { findings, unchecked }
}

function gatheredFor(rule: Rule, facts: Facts): 'moot' | { because: string } | { facts: Partial<FactTypes> } {
  const gathered: Record<string, unknown> = {}
  let because: string | undefined
  for (const need of rule.needs) {
    const fact = facts[need] ?? { state: 'unknown', because: 'nobody asked' }
    if (fact.state === 'moot') return 'moot'
    if (fact.state === 'unknown') because ??= fact.because
    if (fact.state === 'known') gathered[need] = fact.value
  }

  return because === undefined ? { facts: gathered } : { because }
}

/** The ratchet: what was wrong in the same way before this request is a warning, for controllers re-submit old objects. */
function mildest(severity: Severity, subject: Subject, field: string): Severity {
  return severity === 'error' && isUnchanged(subject, field) ? 'warning' : severity
}
