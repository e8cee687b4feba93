import type { Need } from '../facts/facts.js'
import type { Kind, Subject } from '../model/subject.js'
import type { Rule } from '../rules/define-rule.js'

/** The rules that look at a subject, and the facts that they, and the decision after them, need. */
export interface Plan {
  readonly rules: readonly Rule[]
  readonly needs: readonly Need[]
}

/**
 * Tells which of some rules look at a subject. Subjects are asked about by few different sets of rules, so
 * each plan is made once.
 */
export function buildPlanner(rules: readonly Rule[]): (subject: Subject) => Plan {
  const planners = new Map<Kind, { readonly admitted: Planner; readonly elsewhere: Planner }>()

  return (subject) => {
    let both = planners.get(subject.kind)
    if (both === undefined) {
      const elsewhere = rules.filter(({ on }) => on.includes(subject.kind))
      const admitted = elsewhere.filter(({ atAdmission }) => atAdmission !== 'never')
      both = { admitted: plannerOf(admitted), elsewhere: plannerOf(elsewhere) }
      planners.set(subject.kind, both)
    }

    return (subject.stage === 'admitted' ? both.admitted : both.elsewhere)(subject)
  }
}

type Planner = (subject: Subject) => Plan

function plannerOf(rules: readonly Rule[]): Planner {
  const doubtful = rules.filter((rule) => rule.concerns !== undefined)
  const plans = new Map<number, Plan>() // by what each doubtful rule said, as binary digits

  return (subject) => {
    let answers = 0
    for (const rule of doubtful) answers = 2 * answers + (rule.concerns?.(subject) === true ? 1 : 0)
    let plan = plans.get(answers)
    if (plan === undefined) {
      plan = planOf(rules.filter((rule) => rule.concerns === undefined || rule.concerns(subject)))
      plans.set(answers, plan)
    }
    return plan
  }
}

const planOf = (rules: readonly Rule[]): Plan => ({
  rules,
  needs: [...new Set<Need>(['namespace', ...rules.flatMap(({ needs }) => needs)])]
})
