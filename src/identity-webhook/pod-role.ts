import type { Container } from '../model/pod.js'
import type { AccountLookup } from '../model/service-account.js'
import type { PodSubject, WorkloadSubject } from '../model/subject.js'
import { type ContainerCredentials, containersToMutate, credentialsOf } from './credentials.js'
import { malformedRequestOf, type RoleRequest, roleRequestOf } from './role-request.js'
import type { IdentityWebhookSettings } from './settings.js'

/** The role that a pod's service account requests, and the credentials of its containers. */
export interface PodRole {
  readonly request: RoleRequest
  /** The containers to which the identity webhook is expected to give the role. */
  readonly containers: readonly {
    readonly container: Container
    readonly credentials: ContainerCredentials
  }[]
}

/**
 * Judges a pod, or the pods of a template; undefined if their service account requests no role. In manifests, a
 * malformed ARN counts as a request, so that it does not hide the template's other mistakes until it is corrected.
 */
export function podRoleOf(
  { stage, namespace, pod }: PodSubject | WorkloadSubject,
  account: AccountLookup,
  settings: IdentityWebhookSettings
): PodRole | undefined {
  const annotations = account.exists ? account.annotations : {}
  const request =
    roleRequestOf({ namespace, name: pod.serviceAccountName, annotations }, settings) ??
    (stage === 'source' ? malformedRequestOf(annotations, settings) : undefined)
  if (request === undefined) return undefined

  return {
    request,
    containers: containersToMutate(pod, settings).map((container) => ({
      container,
      credentials: credentialsOf(pod, container, settings)
    }))
  }
}
