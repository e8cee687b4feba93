import type { Fact } from '../model/fact.js'
import type { NamespaceSettings } from '../model/namespace.js'
import type { RoleArn } from '../model/role-arn.js'
import type { TrustJudgement } from '../trust-policy/judge.js'

/** What IAM (or a snapshot of it) says about the role of an ARN: there is none of that name, or the ARN it really has. */
export type RoleAnswer =
  { readonly exists: false } | { readonly exists: true; readonly arn: string; readonly trustPolicy?: TrustPolicyDocument }

/** A trust policy as it was read: an object or JSON text (`json`), or percent-encoded text (`url`). */
export interface TrustPolicyDocument {
  readonly document: unknown
  readonly encoding: 'json' | 'url'
}

/** The facts that rules may ask for, by name. */
export interface FactTypes {
  /** The role that the service account's annotation names. */
  readonly role: RoleAnswer
  /** Whether the role's trust policy lets the service account in. */
  readonly trust: TrustJudgement
  /** The AWS partition that the cluster runs in. */
  readonly clusterPartition: string
  /** The cluster's OIDC issuer, with its `https://`. */
  readonly issuer: string
  /** What the namespace's labels and annotations say. */
  readonly namespace: NamespaceSettings
}

export type Need = keyof FactTypes
export type Facts = { readonly [N in Need]?: Fact<FactTypes[N]> }

/** Where facts about roles come from: the IAM API or a file. Answers, or says why not; never throws. */
export interface RoleSource {
  readRole(arn: RoleArn, signal: AbortSignal): Promise<Fact<RoleAnswer>>
}

/** Where facts about the cluster come from. Answers before the signal, or says why not; never throws. */
export interface ClusterSource {
  readIssuer(signal: AbortSignal): Promise<Fact<string>>
  readNamespace(name: string, signal: AbortSignal): Promise<Fact<NamespaceSettings>>
}

/** What facts are gathered from. What is left out cannot be asked; what is given by hand is not asked. */
export interface Sources {
  readonly roles?: RoleSource | undefined
  readonly cluster?: ClusterSource | undefined
  /** The cluster's OIDC issuer, with its `https://`. */
  readonly issuer?: string | undefined
  /** Now; without it nothing is said of dates in trust policies. */
  readonly at?: Date | undefined
}
