import type { Fact } from '../model/fact.js'
import type { MaybePromise } from '../model/maybe-promise.js'
import type { RoleArn } from '../model/role-arn.js'
import type { Subject } from '../model/subject.js'
import type { FactTypes, GatheredNeed, IamSource, Lookup, Sources } from './facts.js'

/** What gathers the facts for one subject. */
export interface Gatherer {
  readonly subject: Subject
  readonly sources: Sources
  readonly lookup: Lookup
  readonly at: Date | undefined
  /** The requested role; undefined if there is none, or if its ARN is malformed or not fully known. */
  readonly arn: RoleArn | undefined
  /** Where to look up the requested role and its provider. */
  readonly target: MaybePromise<Target>
  /** Gathers a fact that another one is based on. Each fact is gathered once. */
  get<N extends GatheredNeed>(need: N): MaybePromise<Fact<FactTypes[N]>>
}

/** The functions that gather facts, by the name of the fact. */
export type Gatherers<N extends GatheredNeed> = {
  readonly [K in N]: (gatherer: Gatherer) => MaybePromise<Fact<FactTypes[K]>>
}

/** A role and the source that knows it, or why the role is not looked up. */
export type Target = { readonly arn: RoleArn; readonly iam: IamSource } | Fact<never>
