import type { Deadline } from '../model/deadline.js'
import type { Fact } from '../model/fact.js'
import type { MaybePromise } from '../model/maybe-promise.js'
import type { RoleArn } from '../model/role-arn.js'
import type { Subject } from '../model/subject.js'
import { clusterFacts } from './cluster-facts.js'
import type { Facts, FactTypes, GatheredNeed, Lookup, Need, Sources } from './facts.js'
import type { Gatherer, Gatherers, Target } from './gatherer.js'
import { irsaFacts, requestedRoleOf, targetOf } from './irsa-facts.js'
import { podFacts } from './pod-facts.js'
import { podIdentityFacts } from './pod-identity-facts.js'

/**
 * Gathers only the needed facts, in parallel, each once; synchronously if all are available. Never throws: a
 * fact that is not available in time is unknown. With `fresh`, answers from IAM and EKS must be less than ten
 * seconds old. Without `at`, dates in trust policies are not evaluated.
 */
export function gatherFacts(
  subject: Subject,
  needs: Iterable<Need>,
  sources: Sources,
  { deadline, at, fresh = false }: { deadline: Deadline; at?: Date; fresh?: boolean }
): MaybePromise<Facts> {
  const gatherer = new FactGatherer(
    subject,
    sources,
    { namespace: 'namespace' in subject ? subject.namespace : '', deadline, fresh },
    at
  )
  const facts: { -readonly [N in Need]?: unknown } = {}
  const late: Promise<void>[] = []
  for (const need of needs) {
    if (need === 'now') continue
    const answer = gatherer.get(need)
    if (answer instanceof Promise) late.push(answer.then((fact) => void (facts[need] = fact)))
    else facts[need] = answer
  }
  const gathered = facts as Facts // each need's fact comes from its own gatherer

  return late.length === 0 ? gathered : Promise.all(late).then(() => gathered)
}

/**
 * Gathers the facts for one subject. It is a class, because creating closures would slow down each review.
 */
class FactGatherer implements Gatherer {
  readonly subject: Subject
  readonly sources: Sources
  readonly lookup: Lookup
  readonly at: Date | undefined
  /** The requested role; undefined if there is none, or if its ARN is malformed or not fully known. */
  readonly arn: RoleArn | undefined
  readonly #answers: { [N in GatheredNeed]?: MaybePromise<Fact<unknown>> } = {}
  #target: MaybePromise<Target> | undefined

  constructor(subject: Subject, sources: Sources, lookup: Lookup, at: Date | undefined) {
    this.subject = subject
    this.sources = sources
    this.lookup = lookup
    this.at = at
    this.arn = requestedRoleOf(subject, sources)
  }

  /** Each fact is gathered once per subject, however many rules need it. */
  get<N extends GatheredNeed>(need: N): MaybePromise<Fact<FactTypes[N]>> {
    const answer = (this.#answers[need] ??= gatherers[need](this))

    return answer as MaybePromise<Fact<FactTypes[N]>> // each need's answer comes from its own gatherer
  }

  /** The result of `targetOf`, which both the role and the provider use. */
  get target(): MaybePromise<Target> {
    return (this.#target ??= targetOf(this))
  }
}

const gatherers: Gatherers<GatheredNeed> = {
  ...irsaFacts,
  ...podIdentityFacts,
  ...podFacts,
  ...clusterFacts
}
