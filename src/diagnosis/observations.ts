import type { BundleReport } from '../ca-bundle/report.js'
import type { Facts } from '../facts/facts.js'
import type { IssuerKeys, NodeFacts, Simulation } from '../facts/pod-surroundings.js'
import type { RegisteredWebhook } from '../identity-webhook/registrations.js'
import type { RoleRequest } from '../identity-webhook/role-request.js'
import type { IdentityWebhookSettings } from '../identity-webhook/settings.js'
import type { Runner } from '../migration/runners.js'
import type { ClusterArn } from '../model/cluster-arn.js'
import type { Fact } from '../model/fact.js'
import type { Finding } from '../model/finding.js'
import type { Pod } from '../model/pod.js'
import type { ServiceAccountSubject, WorkloadSubject } from '../model/subject.js'
import type { DiagnosedChain } from './diagnosis.js'
import type { ObservedPod } from './observed-pod.js'

/** The tool names and flags that printed commands use. */
export interface Tools {
  /** `kubectl`, with the flags that choose the cluster. */
  readonly kubectl: string
  /** The flags with which irsa-guard reads the same cluster. Empty, or with a leading space. */
  readonly clusterFlags: string
  /**
   * The flags with which `irsa-guard wait` reads the same cluster and AWS accounts. Empty, or with a leading
   * space.
   */
  readonly waitFlags: string
  /** The flags with which irsa-guard reads the same IAM facts. Empty, or with a leading space. */
  readonly iamFlags: string
}

/** A webhook's bundle, judged as `irsa-guard ca` judges it. */
export interface JudgedBundle {
  readonly webhook: RegisteredWebhook
  readonly report: BundleReport
}

/** The API server's response to a pod that is created in a dry run. */
export type Probe =
  | { readonly created: true; readonly pod: Pod | undefined }
  | { readonly created: false; readonly status: number; readonly because: string }

/** What IAM's policy simulator answered about the action that the user named. */
export interface Permission extends Simulation {
  readonly action: string
  readonly resource: string
}

/** Everything that was read for a diagnosis. */
export interface Observations {
  readonly subject: { readonly kind: string; readonly namespace: string; readonly name: string }
  readonly at: Date
  readonly tools: Tools
  readonly chain: { readonly chain: DiagnosedChain; readonly because: string }
  /** The pod that represents the subject. The fact is moot if the subject has no pod. */
  readonly pod: Fact<ObservedPod>
  /** The template of a workload. */
  readonly template: WorkloadSubject | undefined
  /** The owners that create the pods and can replace them. The first one created the pod. */
  readonly runners: readonly Runner[]
  /** Why no pod could be created, according to events. */
  readonly creationFailure: string | undefined
  /** Whether the service account exists. */
  readonly accountExists: Fact<boolean>
  readonly account: ServiceAccountSubject
  /** What the service account requests, or the role that the pod template sets itself. */
  readonly request: Fact<RoleRequest | undefined>
  /** Whether the role is set by the pod template instead of the service account. */
  readonly isOwnRole: boolean
  readonly settings: IdentityWebhookSettings
  readonly clusterArn: ClusterArn | undefined
  /** The facts about the service account, and those about the pod. */
  readonly facts: Facts
  readonly podFacts: Facts
  readonly findings: readonly Finding[]
  readonly webhooks: Fact<readonly RegisteredWebhook[]>
  readonly bundles: readonly JudgedBundle[]
  readonly probe: Fact<Probe>
  /** The CA of the cluster, as PEM, if it is confirmed. */
  readonly clusterCa: string | undefined
  readonly issuer: Fact<IssuerKeys>
  readonly permission: Fact<Permission>
  readonly node: NodeFacts
}
