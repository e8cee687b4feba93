import type { ExpectedClusterCas } from '../ca-bundle/published-sets.js'
import type { Chain } from '../identity-webhook/chain.js'
import type { SelectablePod } from '../identity-webhook/coverage.js'
import type { OwnIdentity } from '../identity-webhook/own-identity.js'
import type { PodRole } from '../identity-webhook/pod-role.js'
import type { RegisteredWebhook } from '../identity-webhook/registrations.js'
import type { IdentityWebhookSettings } from '../identity-webhook/settings.js'
import type { Association, AssociationLookup } from '../model/association.js'
import type { ClusterArn } from '../model/cluster-arn.js'
import type { Deadline } from '../model/deadline.js'
import type { Fact } from '../model/fact.js'
import type { MaybePromise } from '../model/maybe-promise.js'
import type { NamespaceSettings } from '../model/namespace.js'
import type { RoleArn } from '../model/role-arn.js'
import type { AccountLookup } from '../model/service-account.js'
import type { TrustJudgement } from '../trust-policy/judge.js'
import type { PodIdentityJudgement } from '../trust-policy/pod-identity/judge.js'
import type { Backend, CanaryResult, WebhookSource } from './webhooks.js'

/**
 * A trust policy as it was read: an object or JSON text (`json`), or percent-encoded text (`url`, as GetRole
 * returns it).
 */
export interface TrustPolicyDocument {
  readonly document: unknown
  readonly encoding: 'json' | 'url'
}

/**
 * The result of looking up a role ARN in IAM or a file: whether a role with that name exists, and its actual
 * ARN.
 */
export type RoleLookup =
  | {
      readonly exists: false
      /** The ARN of a role that was probably meant, if the source lists all roles. */
      readonly similar?: string | undefined
    }
  | { readonly exists: true; readonly arn: string; readonly trustPolicy?: TrustPolicyDocument }

/**
 * The OIDC provider for the cluster's issuer in the role's account. `arn` is the provider's ARN, or the ARN
 * that it would have. `similar` lists registered providers that were probably meant to be this one.
 */
export type ProviderLookup =
  | { readonly registered: false; readonly arn: string; readonly similar: readonly string[] }
  | { readonly registered: true; readonly arn: string; readonly clientIds: readonly string[] }

/** What the given objects show about a service account. An object is written as `deployment shop/cart`. */
export interface Neighbours {
  readonly asAccount: readonly string[]
  /** Workloads in the account's namespace that run as `default`. */
  readonly asDefault: readonly string[]
  /**
   * The roles that pod templates with this account set directly, with a token file, and the roles that custom
   * resources name along with this account; undefined stands for a role that is known only at run time.
   */
  readonly ownRoles: ReadonlySet<string | undefined>
  /**
   * A workload that was probably meant to run as this service account, and the account that the workload
   * names instead. That account is not among the objects. It has the same name as this service account but is
   * in another namespace, or it has a similar name and is in the same namespace.
   */
  readonly nearMiss?: { readonly workload: string; readonly account: string } | undefined
}

/**
 * The keys of Secrets and ConfigMaps of a namespace, by kind and name, such as `Secret/aws`. Never a value.
 */
export type DataKeys = ReadonlyMap<string, ReadonlySet<string>>

/** A pod, or the pods of one template. `owner` is the object, such as `deployment shop/cart`. */
export interface PodInSight extends SelectablePod {
  readonly owner: string
  readonly serviceAccountName: string
}

/** The facts that rules may need, by name. */
export interface FactTypes {
  /**
   * The role that the service account's annotation names. Moot, like `provider` and `trust`, if the service
   * account has an EKS Pod Identity association.
   */
  readonly role: RoleLookup
  /** The OIDC provider of the cluster's issuer in the account of that role. */
  readonly provider: ProviderLookup
  /** Whether the role's trust policy admits the service account. */
  readonly trust: TrustJudgement
  /** The AWS partition that the cluster runs in. */
  readonly clusterPartition: string
  /** The cluster's OIDC issuer, with its `https://`. */
  readonly issuer: string
  /** The settings in the namespace's labels and annotations. */
  readonly namespace: NamespaceSettings
  /** The cluster CAs that the bundle of a control-plane webhook is expected to contain. */
  readonly clusterCa: ExpectedClusterCas
  /** The time of the review. The evaluator provides it; it is not gathered. */
  readonly now: Date
  /**
   * Whether the namespace opts in to denying pods; always known, because a namespace that could not be read
   * enforces nothing.
   */
  readonly podsEnforced: boolean
  /** The service account that a pod runs as, or that an association names. */
  readonly account: AccountLookup
  /**
   * The role that the pod's service account requests or that its EKS Pod Identity association names, and the
   * credentials that the containers have for that role.
   */
  readonly podRole: PodRole
  /** The roles and tokens that a pod template sets directly; always known. */
  readonly ownIdentities: readonly OwnIdentity[]
  /**
   * The settings of the cluster's identity webhook; always known, because upstream's defaults are assumed if
   * they cannot be read.
   */
  readonly identityWebhook: IdentityWebhookSettings
  /** What refers to the service account, if the other objects are available. */
  readonly neighbours: Neighbours
  /** The Secrets and ConfigMaps of the object's namespace that were given; always known. */
  readonly dataKeys: DataKeys
  /** ARNs of the roles whose trust policy names exactly this service account of this cluster. */
  readonly rolesTrusting: readonly string[]
  /**
   * The identity webhooks of the cluster, in call order. For a service account, these are all of them; for a
   * webhook configuration, its own and the others that irsa-guard can see.
   */
  readonly identityWebhooks: readonly RegisteredWebhook[]
  /**
   * For a webhook configuration: the pods that request a role and that the registration of an identity
   * webhook excludes. Always known; empty if irsa-guard can see no such pods.
   */
  readonly podsWithRole: readonly PodInSight[]
  /** The Services that a webhook configuration refers to, as far as they are known. */
  readonly backends: ReadonlyMap<string, Backend>
  /**
   * The Certificate or Secret that a webhook configuration's inject annotation names; `unseen` if none is
   * named or the object was not looked up, `forbids` if the Secret does not allow cert-manager to read its
   * CA.
   */
  readonly injectionSource: 'exists' | 'missing' | 'unseen' | 'forbids'
  /** What the canary found when it was last sent. */
  readonly canary: CanaryResult
  /**
   * Whether the service account, or the service account that a pod runs as, has an EKS Pod Identity
   * association in this cluster.
   */
  readonly associated: AssociationLookup
  /** The service account's association. */
  readonly association: Association
  /**
   * Which chain gives the pods of a service account their role. The fact is always known: a chain that
   * cannot be determined is `unknown`.
   */
  readonly chain: Chain
  /**
   * Whether the EKS Pod Identity Agent answers on the cluster's nodes. Known only if the given objects
   * include the nodes and DaemonSets of a cluster.
   */
  readonly podIdentityAgent: boolean
  /** The role of the association. */
  readonly podIdentityRole: RoleLookup
  /** The target role of the association. */
  readonly targetRole: RoleLookup
  /**
   * Whether EKS Pod Identity can give the pods the association's role, according to the role's trust policy.
   */
  readonly podIdentityTrust: PodIdentityJudgement
  /**
   * Whether the association's role can assume its target role, according to the target role's trust policy.
   */
  readonly targetTrust: PodIdentityJudgement
}

export type Need = keyof FactTypes
/** Facts that have to be gathered. */
export type GatheredNeed = Exclude<Need, 'now'>
export type Facts = { readonly [N in Need]?: Fact<FactTypes[N]> }

/**
 * One lookup in IAM or EKS: the namespace that it is made for, its deadline, and whether the result must be less
 * than ten seconds old.
 */
export interface Lookup {
  readonly namespace: string
  readonly deadline: Deadline
  readonly fresh?: boolean
}

/** The OIDC provider of an issuer (with its `https://`) in an account. */
export interface ProviderQuestion {
  readonly account: string
  readonly partition: string
  readonly issuer: string
}

/**
 * A source of IAM facts: the IAM API or a file. By the deadline, it returns the answer or the reason why
 * there is none; never throws.
 */
export interface IamSource {
  readRole(arn: RoleArn, lookup: Lookup): MaybePromise<Fact<RoleLookup>>
  readProvider(of: ProviderQuestion, lookup: Lookup): MaybePromise<Fact<ProviderLookup>>
}

/**
 * A source of namespaces: a watch, or the given objects. By the deadline, it returns the answer or the reason
 * why there is none; never throws.
 */
export interface NamespaceSource {
  readNamespace(name: string, deadline: Deadline): MaybePromise<Fact<NamespaceSettings>>
}

/**
 * A source of facts about the cluster. By the deadline, it returns the answer or the reason why there is
 * none; never throws.
 */
export interface ClusterSource extends NamespaceSource {
  readIssuer(deadline: Deadline): MaybePromise<Fact<string>>
}

/**
 * A source of service accounts: a watch, or the given objects. By the deadline, it returns the answer or the
 * reason why there is none; never throws.
 */
export interface AccountSource {
  readAccount(namespace: string, name: string, deadline: Deadline): MaybePromise<Fact<AccountLookup>>
}

/** A source of what other objects show about a service account. Never throws. */
export interface NeighbourSource {
  neighboursOf(namespace: string, name: string): Fact<Neighbours>
}

/**
 * A source of the cluster CAs that the bundle of a control-plane webhook is expected to contain. By the
 * deadline, it returns the answer or the reason why there is none; never throws.
 */
export interface ExpectedCasSource {
  readExpectedCas(webhookName: string, deadline: Deadline): MaybePromise<Fact<ExpectedClusterCas>>
}

/** A source of the roles that trust a service account. It searches all trust policies. Never throws. */
export interface TrustingRoleSource {
  rolesTrusting(
    account: { readonly namespace: string; readonly name: string },
    issuer: string
  ): Fact<readonly string[]>
}

/** A role that exists. */
export type ListedRole = Extract<RoleLookup, { exists: true }>

/** The roles of all accounts that a source can read. `unread` says why roles of other accounts are missing. */
export interface RoleList {
  readonly roles: readonly ListedRole[]
  readonly unread: readonly string[]
}

/** A source that lists roles: the IAM API or files. Never throws. */
export interface RoleListSource {
  listRoles(partition: string): MaybePromise<RoleList>
}

/**
 * A source of EKS Pod Identity associations: EKS, a file, or the given objects. By the deadline, it returns
 * the answer or the reason why there is none; never throws.
 */
export interface AssociationSource {
  /** Whether a service account has an association in this cluster. */
  findAssociation(account: AccountName, lookup: Lookup): MaybePromise<Fact<AssociationLookup>>
  /** The association of a service account that has one; moot if it has none. */
  readAssociation(account: AccountName, lookup: Lookup): MaybePromise<Fact<Association>>
}

/** The name of a service account. */
export interface AccountName {
  readonly namespace: string
  readonly name: string
}

/** The sources of facts. A missing source makes its facts unknown or moot; a given value needs no lookup. */
export interface Sources {
  readonly iam?: IamSource | undefined
  readonly cluster?: ClusterSource | undefined
  /** The cluster's OIDC issuer, with its `https://`. */
  readonly issuer?: string | undefined
  /** The current CAs of the cluster, as PEM text. They take precedence over `expectedCas`. */
  readonly clusterCa?: string | undefined
  readonly expectedCas?: ExpectedCasSource | undefined
  /** Where namespaces are looked up; `cluster` if undefined. */
  readonly namespaces?: NamespaceSource | undefined
  readonly accounts?: AccountSource | undefined
  /** The identity webhook's default audience, if it was given. */
  readonly audience?: string | undefined
  /** The identity webhook's settings, if they were read. */
  readonly identityWebhook?: IdentityWebhookSettings | undefined
  readonly neighbours?: NeighbourSource | undefined
  /** The keys of the given Secrets and ConfigMaps, by namespace. */
  readonly dataKeys?: ReadonlyMap<string, DataKeys> | undefined
  /** The pods of all given objects. */
  readonly pods?: readonly PodInSight[] | undefined
  readonly trustingRoles?: TrustingRoleSource | undefined
  readonly roles?: RoleListSource | undefined
  readonly webhooks?: WebhookSource | undefined
  /** What the canary found when it was last sent; undefined if no canary is sent. */
  readonly canary?: (() => Fact<CanaryResult>) | undefined
  /** The cluster, if the user or the given data names it unambiguously. */
  readonly clusterArn?: ClusterArn | undefined
  readonly associations?: AssociationSource | undefined
  /**
   * Whether the EKS Pod Identity Agent answers on the given nodes; undefined if nodes or DaemonSets are
   * missing.
   */
  readonly podIdentityAgent?: boolean | undefined
}
