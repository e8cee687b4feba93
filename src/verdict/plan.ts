import type { Need } from '../facts/facts.js'
import type { Kind, Subject } from '../model/subject.js'
import type { Rule } from '../rules/define-rule.js'

/** The rules that judge a subject, and the facts that they and the decision need. */
export interface Plan {
  readonly rules: readonly Rule[]
  readonly needs: readonly Need[]
}

/** Picks the rules that judge a subject. Which rules look at a kind at all is worked out once per kind. */
export function buildPlanner(rules: readonly Rule[]): (subject: Subject) => Plan {
  const [atAdmission, elsewhere] = [new Map<Kind, readonly Rule[]>(), new Map<Kind, readonly Rule[]>()]

  return (subject) => {
    const isAdmitted = subject.stage === 'admitted'
    const byKind = isAdmitted ? atAdmission : elsewhere
    let candidates = byKind.get(subject.kind)
    if (candidates === undefined) {
      candidates = rules.filter(
        (rule) => rule.on.includes(subject.kind) && !(isAdmitted && rule.atAdmission === 'never')
      )
      byKind.set(subject.kind, candidates)
    }
    const judging = candidates.filter((rule) => rule.concerns === undefined || rule.concerns(subject))

    return {
      rules: judging,
      needs: [...new Set<Need>(['namespace', ...judging.flatMap(({ needs }) => needs)])]
    }
  }
}
