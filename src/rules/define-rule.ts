import type { FactTypes, Need } from '../facts/facts.js'
import type { Problem, Severity } from '../model/finding.js'
import type { Kind, Subject } from '../model/subject.js'
import { docsUrl } from '../version.js'

/**
 * A rule: its metadata and the function that checks a subject. `N` names the facts that the rule may need.
 */
export interface Rule<N extends Need = Need> {
  readonly id: string
  /** One sentence that describes the problem. The rule's page and every list of rules show it. */
  readonly summary: string
  /** URL of the rule's page for this version. */
  readonly docs: string
  readonly severity: Severity
  /**
   * The severity at admission, if it is lower there, for example because a missing object may be created
   * shortly afterwards. `never`: the webhook does not run the rule.
   */
  readonly atAdmission?: Severity | 'never'
  /**
   * What the policies in manifests/ do about a write that causes the problem. `if guarded`: if the webhook is
   * guarded, the policy denies every `caBundle` that has not been published as accepted, whatever its defect.
   */
  readonly policy?: PolicyAction
  /**
   * Where the problem is visible, if a manifest alone does not show it. Of these places, `irsa-guard check`
   * sees only mutated pods, and only if it reads them from a cluster.
   */
  readonly visibleIn?: 'updates' | 'mutated pods' | 'the canary pod'
  readonly waivable?: false
  readonly on: readonly Kind[]
  readonly needs: readonly N[]
  /**
   * Facts of which at least one must be known. `check` gets the known ones. If any of these facts is unknown,
   * the rule is also reported as unchecked.
   */
  readonly either?: readonly N[]
  /**
   * Whether this subject can have the problem at all, judging by its content and the identity webhook's
   * settings. If it cannot, no other facts are gathered for the rule, and the rule is not reported as
   * unchecked.
   */
  concerns?(subject: Subject, identityWebhook: FactTypes['identityWebhook']): boolean
  check(subject: Subject, facts: Partial<FactTypes>): Found
}

/** All facts that a rule can use. */
export const needsOf = ({ needs, either = [] }: Rule): readonly Need[] => [...needs, ...either]

type PolicyAction = 'denies' | 'warns' | 'denies if guarded' | 'warns (denies if guarded)'

/** The problems that a check finds, if any. */
export type Found = Problem | readonly Problem[] | undefined

/** The subjects of a kind. A subject type that covers several kinds belongs to each of them. */
type SubjectOf<K extends Kind> = Subject extends infer S
  ? S extends { kind: infer Kinds }
    ? K extends Kinds
      ? S
      : never
    : never
  : never

type RuleDefinition<K extends Kind, N extends Need, E extends Need> = Omit<
  Rule<N>,
  'docs' | 'on' | 'needs' | 'either' | 'concerns' | 'check'
> & {
  readonly on: readonly K[]
  readonly needs: readonly N[]
  readonly either?: readonly E[]
  concerns?(subject: SubjectOf<K>, identityWebhook: FactTypes['identityWebhook']): boolean
  check(subject: SubjectOf<K>, facts: Pick<FactTypes, N> & Partial<Pick<FactTypes, E>>): Found
}

/**
 * Defines a rule. Its check receives only subjects of the kinds in `on` and only the facts in `needs`, all of
 * which are known, and those in `either`, of which at least one is known.
 */
export function defineRule<const K extends Kind, const N extends Need, const E extends Need = never>(
  rule: RuleDefinition<K, N, E>
): Rule<N | E> {
  // TypeScript compares methods bivariantly, so this assignment compiles. The assignment is safe because
  // the evaluator calls `check` only for kinds in `on` and with every fact in `needs`.
  return { ...rule, docs: `${docsUrl}/rules/${rule.id}` }
}
