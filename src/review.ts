import type { Facts, Sources } from './facts/facts.js'
import { gatherFacts } from './facts/gather.js'
import { identityWebhookOf } from './facts/identity-webhook.js'
import { bringsIdentity } from './identity-webhook/own-identity.js'
import type { Deadline } from './model/deadline.js'
import type { Finding } from './model/finding.js'
import { type MaybePromise, thenMaybe } from './model/maybe-promise.js'
import { type Mode, modes } from './model/namespace.js'
import { isMutated, type PodSubject, type Subject, type WorkloadSubject } from './model/subject.js'
import { needsOf } from './rules/define-rule.js'
import { rules, webIdentityRules } from './rules/index.js'
import { decide, type Verdict } from './verdict/decide.js'
import { evaluate, type EvaluationSettings } from './verdict/evaluate.js'
import { mergeVerdicts } from './verdict/merge.js'
import { accountOfIdentity, toldOfTemplate } from './verdict/own-identity.js'
import { buildPlanner, type Plan, type Planner } from './verdict/plan.js'

/** The context of a review. `mode` applies unless the namespace sets another. */
export interface ReviewContext extends EvaluationSettings {
  readonly sources: Sources
  readonly mode: Mode
  readonly deadline: Deadline
  /** Receives the facts of each review, for metrics. */
  readonly onFacts?: (facts: Facts) => void
}

// The maximum age, in milliseconds, of a response from IAM or EKS on which a denial is based. Older data is
// read again, because the user may have just fixed the role or the association.
const freshEnough = 10_000

/**
 * Gathers the facts that the rules need, evaluates the rules, and decides. Usually returns the verdict
 * synchronously if all facts are available. Never throws because of input or a failed lookup.
 */
export function review(subject: Subject, context: ReviewContext): MaybePromise<Verdict> {
  if (subject.kind !== 'Workload' || subject.otherPods.length === 0) return reviewPart(subject, context)

  // Workloads with several templates are rare, so a promise is acceptable here: see maybe-promise.ts.
  const others = subject.otherPods.map(async (pod) => reviewPart({ ...subject, pod }, context))
  return Promise.all([reviewPart(subject, context), ...others]).then(mergeVerdicts)
}

/** Reviews the subjects of one document, and merges the verdicts. */
export async function reviewTogether(
  [first, ...others]: readonly [Subject, ...Subject[]],
  context: ReviewContext
): Promise<Verdict> {
  const verdict = await review(first, context)
  if (others.length === 0) return verdict

  return mergeVerdicts([verdict, ...(await Promise.all(others.map(async (other) => review(other, context))))])
}

function reviewPart(subject: Subject, context: ReviewContext): MaybePromise<Verdict> {
  // Once pods are mutated, a template's own identity cannot be distinguished from an injected one. At
  // admission, a template's own identity may be intended.
  if (
    subject.stage === 'admitted' ||
    !('pod' in subject) ||
    isMutated(subject) ||
    !bringsIdentity(subject.pod)
  )
    return reviewBy(planFor, subject, context)

  return Promise.all([reviewBy(planFor, subject, context), reviewOwnIdentities(subject, context)]).then(
    ([verdict, others]) => mergeVerdicts([verdict, ...others])
  )
}

/** Judges the roles and tokens that a template sets directly, as if annotations had requested them. */
async function reviewOwnIdentities(
  subject: PodSubject | WorkloadSubject,
  context: ReviewContext
): Promise<Verdict[]> {
  const { sources, deadline, at } = context
  const { ownIdentities } = await gatherFacts(subject, ['ownIdentities'], sources, { deadline, at })
  const identities = ownIdentities?.state === 'known' ? ownIdentities.value : []
  const settings = { ...identityWebhookOf(sources), composeRoleArn: false }

  return Promise.all(
    identities.map(async (identity) => {
      const account = accountOfIdentity(subject, identity, settings)
      const verdict = await reviewBy(planForIdentity, account, {
        ...context,
        sources: { ...sources, identityWebhook: settings }
      })
      return toldOfTemplate(verdict, identity, settings)
    })
  )
}

function reviewBy(planner: Planner, subject: Subject, context: ReviewContext): MaybePromise<Verdict> {
  return thenMaybe(reviewOnce(planner, subject, context, false), (first) => {
    const age = first.allowed ? undefined : first.iamAge

    return age === undefined || age * 1000 <= freshEnough
      ? first
      : reviewOnce(planner, subject, context, true)
  })
}

function reviewOnce(
  planner: Planner,
  subject: Subject,
  context: ReviewContext,
  fresh: boolean
): MaybePromise<Verdict> {
  const { sources, deadline, at, onFacts } = context
  const plan = planner(subject, identityWebhookOf(sources))

  return thenMaybe(gatherFacts(subject, plan.needs, sources, { deadline, at, fresh }), (facts) => {
    onFacts?.(facts)

    return judge(subject, plan, facts, context)
  })
}

const planFor = buildPlanner(rules)
const planForIdentity = buildPlanner(webIdentityRules)

function judge(subject: Subject, plan: Plan, facts: Facts, context: ReviewContext): Verdict {
  const { mode, at } = context
  const { findings, unchecked } = evaluate(plan, subject, facts, context)
  const because = unknownModeOf(facts.namespace)
  // If the object names no namespace, the unknown mode is not reported separately.
  if (because !== undefined && !('namespace' in subject && subject.namespace === ''))
    unchecked.push({ rule: 'irsa-guard.io/mode', because })

  return decide(findings, unchecked, modeOf(subject, facts.namespace, mode), iamAgeOf(findings, facts, at))
}

/**
 * The age, in seconds, of the oldest response from IAM or EKS on which an error is based; undefined if there
 * is none.
 */
function iamAgeOf(findings: readonly Finding[], facts: Facts, at: Date): number | undefined {
  if (findings.length === 0) return undefined // nearly always

  const errors = findings.filter(({ severity }) => severity === 'error')
  const ages = errors
    .flatMap(({ rule }) => needsById.get(rule) ?? [])
    .flatMap((need) => {
      const fact = need === 'now' ? undefined : facts[need]
      return fact?.state === 'known' && fact.readAt !== undefined ? at.getTime() - fact.readAt.getTime() : []
    })

  return ages.length === 0 ? undefined : Math.max(0, ...ages) / 1000
}

const needsById = new Map(rules.map((rule) => [rule.id, needsOf(rule)]))

/** Why the namespace's mode is unknown. */
function unknownModeOf(namespace: Facts['namespace']): string | undefined {
  if (namespace?.state === 'unknown') return namespace.because
  if (namespace?.state !== 'known' || namespace.value.unknownMode === undefined) return undefined

  return `the label irsa-guard.io/mode of the namespace is ${namespace.value.unknownMode}; expected ${modes.join(', ')}`
}

/**
 * The namespace's own mode. An unknown mode never leads to a denial, because the namespace may have opted
 * out. Modes control admission, so for manifests only `off` counts.
 */
function modeOf({ stage }: Subject, namespace: Facts['namespace'], otherwise: Mode): Mode {
  if (stage === 'source')
    return namespace?.state === 'known' && namespace.value.mode === 'off' ? 'off' : otherwise
  if (namespace?.state === 'known' && namespace.value.mode !== undefined) return namespace.value.mode

  return otherwise === 'enforce' && unknownModeOf(namespace) !== undefined ? 'warn' : otherwise
}
