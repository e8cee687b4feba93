import type { AssociationLookup } from '../model/association.js'
import type { Container } from '../model/pod.js'
import type { AccountLookup } from '../model/service-account.js'
import type { PodSubject, WorkloadSubject } from '../model/subject.js'
import {
  agentCredentialsOf,
  type ContainerCredentials,
  containersToMutate,
  credentialsOf
} from './credentials.js'
import { malformedRequestOf, type RoleRequest, roleRequestOf } from './role-request.js'
import type { IdentityWebhookSettings } from './settings.js'

/**
 * The role that the pods of a service account get, and the credentials that a pod's containers have for that
 * role.
 */
export type PodRole = RequestedRole | AssociatedRole

interface WithContainers {
  /** The containers to which the identity webhook is expected to give the role. */
  readonly containers: readonly {
    readonly container: Container
    readonly credentials: ContainerCredentials
  }[]
}

/** A role that the service account requests: IRSA. */
export interface RequestedRole extends WithContainers {
  readonly chain: 'irsa'
  readonly request: RoleRequest
}

/**
 * The role of an EKS Pod Identity association. `credentials` then says whether a container can get
 * credentials from the EKS Pod Identity Agent, even if AWS SDKs would use other credentials first.
 */
export interface AssociatedRole extends WithContainers {
  readonly chain: 'pod-identity'
  readonly association: Extract<AssociationLookup, { exists: true }>
}

/**
 * Judges a pod, or the pods of a template; undefined if their service account requests no role. In manifests,
 * a malformed ARN counts as a request, so that the template's other mistakes are reported at the same time.
 */
export function podRoleOf(
  { stage, namespace, pod }: PodSubject | WorkloadSubject,
  account: AccountLookup,
  settings: IdentityWebhookSettings
): RequestedRole | undefined {
  const annotations = account.exists ? account.annotations : {}
  const request =
    roleRequestOf({ namespace, name: pod.serviceAccountName, annotations }, settings) ??
    (stage === 'source' ? malformedRequestOf(annotations, settings) : undefined)
  if (request === undefined) return undefined

  return {
    chain: 'irsa',
    request,
    containers: containersToMutate(pod, settings).map((container) => ({
      container,
      credentials: credentialsOf(pod, container, settings)
    }))
  }
}

/** Judges a pod, or the pods of a template, whose service account has an EKS Pod Identity association. */
export const associatedRoleOf = (
  { pod }: PodSubject | WorkloadSubject,
  association: AssociatedRole['association'],
  settings: IdentityWebhookSettings
): AssociatedRole => ({
  chain: 'pod-identity',
  association,
  containers: containersToMutate(pod, settings).map((container) => ({
    container,
    credentials: agentCredentialsOf(pod, container, settings)
  }))
})

/** How messages refer to the role. */
export const roleShown = (podRole: PodRole): string =>
  podRole.chain === 'irsa' ? `role ${podRole.request.role}` : 'the role of its EKS Pod Identity association'

// An association takes effect after several seconds
// (https://docs.aws.amazon.com/eks/latest/APIReference/API_CreatePodIdentityAssociation.html), and no API
// reports when: https://github.com/aws/containers-roadmap/issues/2507.
const effectiveWithin = 60_000

/** Whether an association is so new that the identity webhook might not know it yet. */
export const isNewAssociation = ({ since }: AssociatedRole['association'], now: Date): boolean =>
  since !== undefined && now.getTime() - since.getTime() <= effectiveWithin
