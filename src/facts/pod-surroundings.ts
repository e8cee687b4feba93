import type { Fact } from '../model/fact.js'

// What a diagnosis reads about a pod, in addition to the facts that the rules judge.

type Json = Readonly<Record<string, unknown>>

/** A document that this machine fetched from an issuer; `missing` if the issuer responds that there is none. */
export type PublicDocument =
  { readonly state: 'found'; readonly value: Json } | { readonly state: 'missing'; readonly because: string }

/** What an issuer publishes, and which keys the API server signs tokens with. */
export interface IssuerKeys {
  /** The IDs of the API server's keys. */
  readonly ofApiServer: Fact<readonly string[]>
  /** The discovery document that AWS reads, if this machine can reach it. */
  readonly discovery: Fact<PublicDocument>
  /** The IDs of the keys that the discovery document refers to. */
  readonly published: Fact<readonly string[] | PublicDocument>
}

/** What can be read about the node of a pod, and about the EKS Pod Identity Agent. */
export interface NodeFacts {
  /** The node; moot if the pod is not on a node. */
  readonly node: Fact<Json>
  /** The pods on that node that may be the agent; moot if the pod needs none, or is not on a node. */
  readonly systemPods: Fact<readonly Json[]>
  /** Whether every node that can run the agent has it; undefined if there are no nodes. */
  readonly agentInCluster: Fact<boolean | undefined>
  /** The roles of nodes, in clusters that list them in ConfigMap `kube-system/aws-auth`. */
  readonly nodeRoles: Fact<readonly string[]>
}

/** What IAM's policy simulator says about one action of a role. */
export interface Simulation {
  readonly decision: 'allowed' | 'explicitDeny' | 'implicitDeny'
  /** The policies that led to the decision, if IAM names them. */
  readonly policies: readonly string[]
  /** Whether the account's service control policies allow the action; undefined if there are none. */
  readonly allowedByOrganization: boolean | undefined
  /** Whether the role's permissions boundary allows the action; undefined if there is none. */
  readonly allowedByBoundary: boolean | undefined
  /**
   * Condition keys that a policy uses but that the simulation had no values for. Keys in SCPs are not
   * included.
   */
  readonly missingKeys: readonly string[]
}
