import type { Fact } from '../model/fact.js'
import type { RoleArn } from '../model/role-arn.js'

/** What IAM (or a snapshot of it) says about the role of an ARN: there is none of that name, or the ARN it really has. */
export type RoleAnswer = { readonly exists: false } | { readonly exists: true; readonly arn: string }

/** The facts that rules may ask for, by name. */
export interface FactTypes {
  /** The role that the service account's annotation names. */
  readonly role: RoleAnswer
  /** The AWS partition that the cluster runs in. */
  readonly clusterPartition: string
  /** The CAs of the cluster, those that may sign the API server's own certificates now, as PEM text. */
  readonly clusterCa: string
  /** The moment of the review. The evaluator knows it; nobody gathers it. */
  readonly now: Date
}

export type Need = keyof FactTypes
export type Facts = { readonly [N in Need]?: Fact<FactTypes[N]> }

/** Where facts about roles come from: the IAM API or a file. Answers, or says why not; never throws. */
export interface RoleSource {
  readRole(arn: RoleArn, signal: AbortSignal): Promise<Fact<RoleAnswer>>
}
