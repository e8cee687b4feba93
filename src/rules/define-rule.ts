import type { FactTypes, Need } from '../facts/facts.js'
import type { Problem, Severity } from '../model/finding.js'
import type { Kind, Subject } from '../model/subject.js'

/** What a rule is called, what it looks at, what it must know, and how it decides. */
export interface Rule {
  readonly id: string
  readonly severity: Severity
  /**
   * A milder severity in the webhook, where what is missing may come to exist in a minute; `never`: the
   * webhook cannot see enough.
   */
  readonly atAdmission?: Severity | 'never'
  readonly waivable?: false
  readonly on: readonly Kind[]
  readonly needs: readonly Need[]
  /**
   * Whether a subject can have the problem at all, whatever the facts are. Where not, nothing is gathered for
   * it or left unchecked.
   */
  concerns?(subject: Subject): boolean
  check(subject: Subject, facts: Partial<FactTypes>): Found
}

/** What a check found wrong, if anything. */
export type Found = Problem | readonly Problem[] | undefined

/** The subjects of a kind: one that stands for several kinds belongs to each of them. */
type SubjectOf<K extends Kind> = Subject extends infer S
  ? S extends { kind: infer Kinds }
    ? K extends Kinds
      ? S
      : never
    : never
  : never

type TypedRule<K extends Kind, N extends Need> = Omit<Rule, 'on' | 'needs' | 'concerns' | 'check'> & {
  readonly on: readonly K[]
  readonly needs: readonly N[]
  concerns?(subject: SubjectOf<K>): boolean
  check(subject: SubjectOf<K>, facts: Pick<FactTypes, N>): Found
}

/**
 * Makes a rule: its check may read only the kinds of `on` and the facts of `needs`, and sees only facts that
 * are known.
 */
export function defineRule<const K extends Kind, const N extends Need>(rule: TypedRule<K, N>): Rule {
  // Methods are compared both ways, so this compiles. It is safe: the evaluator calls check only for kinds in
  // `on`, with every fact of `needs`.
  return rule
}
