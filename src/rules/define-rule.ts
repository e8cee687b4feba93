import type { FactTypes, Need } from '../facts/facts.js'
import type { Problem, Severity } from '../model/finding.js'
import type { Kind, Subject } from '../model/subject.js'

/** What a rule is called, what it looks at, what it must know, and how it decides. */
export interface Rule {
  readonly id: string
  readonly severity: Severity
  /** A milder severity in the webhook, where what is missing may come to exist in a minute. */
  readonly atAdmission?: Severity
  readonly waivable?: false
  readonly on: readonly Kind[]
  readonly needs: readonly Need[]
  check(subject: Subject, facts: Partial<FactTypes>): Problem | readonly Problem[] | undefined
}

/** The subjects of a kind: one that stands for several kinds belongs to each of them. */
type SubjectOf<K extends Kind> = Subject extends infer S ? (S extends { kind: infer Kinds } ? (K extends Kinds ? S : never) : never) : never

type TypedRule<K extends Kind, N extends Need> = Omit<Rule, 'on' | 'needs' | 'check'> & {
  readonly on: readonly K[]
  readonly needs: readonly N[]
  check(subject: SubjectOf<K>, facts: Pick<FactTypes, N>): Problem | readonly Problem[] | undefined
}

/** Makes a rule: its check may read only the kinds of `on` and the facts of `needs`, and sees only facts that are known. */
export function defineRule<const K extends Kind, const N extends Need>(rule: TypedRule<K, N>): Rule {
  // Methods are compared both ways, so this compiles. It is safe: the evaluator calls check only for kinds in `on`, with every fact of `needs`.
  return rule
}
