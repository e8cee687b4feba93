import type { FactTypes, Need } from '../facts/facts.js'
import type { Kind, Subject } from '../model/subject.js'
import { needsOf, type Rule } from '../rules/define-rule.js'

/** The rules that judge a subject, and the facts that these rules and the decision need. */
export interface Plan {
  readonly rules: readonly Rule[]
  readonly needs: readonly Need[]
  /** The rules that can run, keyed by a bit mask of the moot needs; filled by the evaluator. */
  readonly runnable: Map<number, readonly Rule[]>
}

/** All rules for a kind, the selective ones (which do not concern every subject), and the plans built so far. */
interface Candidates {
  readonly rules: readonly Rule[]
  readonly selective: readonly Rule[]
  readonly plans: Map<number, Plan>
}

/** Selects the rules for a subject, given the settings of the identity webhook. */
export type Planner = (subject: Subject, identityWebhook: FactTypes['identityWebhook']) => Plan

/**
 * Returns a function that selects the rules for a subject. There are only a few different sets of rules, so
 * each plan is built once. Building a plan for every review would add about 2 microseconds.
 */
export function buildPlanner(rules: readonly Rule[]): Planner {
  const [atAdmission, elsewhere] = [new Map<Kind, Candidates>(), new Map<Kind, Candidates>()]

  return (subject, identityWebhook) => {
    const isAdmitted = subject.stage === 'admitted'
    const byKind = isAdmitted ? atAdmission : elsewhere
    let candidates = byKind.get(subject.kind)
    if (candidates === undefined)
      byKind.set(subject.kind, (candidates = candidatesFor(subject.kind, isAdmitted)))

    let concerned = 0 // one bit for each selective rule
    for (const rule of candidates.selective)
      concerned = 2 * concerned + (rule.concerns?.(subject, identityWebhook) ? 1 : 0)
    let plan = candidates.plans.get(concerned)
    if (plan === undefined)
      candidates.plans.set(concerned, (plan = planFor(subject, identityWebhook, candidates)))
    return plan
  }

  function candidatesFor(kind: Kind, isAdmitted: boolean): Candidates {
    const found = rules.filter(
      (rule) => rule.on.includes(kind) && !(isAdmitted && rule.atAdmission === 'never')
    )
    return { rules: found, selective: found.filter((rule) => rule.concerns !== undefined), plans: new Map() }
  }
}

function planFor(...[subject, identityWebhook, candidates]: [...Parameters<Planner>, Candidates]): Plan {
  const rules = candidates.rules.filter((rule) => rule.concerns?.(subject, identityWebhook) ?? true)

  return {
    rules,
    needs: [...new Set<Need>(['namespace', ...rules.flatMap(needsOf)])],
    runnable: new Map()
  }
}
