import type { Fact } from '../model/fact.js'
import type { IdentityWebhookSettings } from '../model/identity-webhook.js'
import type { NamespaceSettings } from '../model/namespace.js'
import type { RoleArn } from '../model/role-arn.js'

/** What IAM (or a snapshot of it) says about the role of an ARN: there is none of that name, or the ARN it really has. */
export type RoleAnswer = { readonly exists: false } | { readonly exists: true; readonly arn: string }

/** A service account, or that there is none of that name. */
export type AccountAnswer = { readonly exists: false } | { readonly exists: true; readonly annotations: Readonly<Record<string, unknown>> }

/** What runs, or would run, beside a service account: names such as `deployment shop/cart`. */
export interface Neighbours {
  readonly asAccount: readonly string[]
  readonly asDefault: readonly string[]
}

/** The facts that rules may ask for, by name. */
export interface FactTypes {
  /** The role that the service account's annotation names. */
  readonly role: RoleAnswer
  /** The AWS partition that the cluster runs in. */
  readonly clusterPartition: string
  /** The cluster's OIDC issuer, with its `https://`. */
  readonly issuer: string
  /** What the namespace's labels and annotations say. */
  readonly namespace: NamespaceSettings
  /** Whether the namespace asks for pods to be denied; always known, for one that could not be read enforces nothing. */
  readonly podsEnforced: boolean
  /** The service account that a pod runs as. */
  readonly account: AccountAnswer
  /** How the cluster's identity webhook is set up; always known, for what nobody can read has upstream's defaults. */
  readonly identityWebhook: IdentityWebhookSettings
  /** What runs beside the service account, where the other objects are in sight. */
  readonly neighbours: Neighbours
  /** ARNs of the roles whose trust policy names exactly this service account of this cluster. */
  readonly rolesTrusting: readonly string[]
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

/** Where service accounts come from: a watch, or the objects given together. Answers before the signal, or says why not; never throws. */
export interface AccountSource {
  readAccount(namespace: string, name: string, signal: AbortSignal): Promise<Fact<AccountAnswer>>
}

/** Where it is known what else there is in a namespace. Never throws. */
export interface NeighbourSource {
  neighboursOf(namespace: string, name: string): Fact<Neighbours>
}

/** Where it is known which roles trust a service account: a look at all trust policies. Never throws. */
export interface TrustingRoleSource {
  rolesTrusting(account: { readonly namespace: string; readonly name: string }, issuer: string): Fact<readonly string[]>
}

/** What facts are gathered from. What is left out cannot be asked; what is given by hand is not asked. */
export interface Sources {
  readonly roles?: RoleSource | undefined
  readonly cluster?: ClusterSource | undefined
  /** The cluster's OIDC issuer, with its `https://`. */
  readonly issuer?: string | undefined
  readonly accounts?: AccountSource | undefined
  readonly identityWebhook?: IdentityWebhookSettings | undefined
  readonly neighbours?: NeighbourSource | undefined
  readonly trustingRoles?: TrustingRoleSource | undefined
}
