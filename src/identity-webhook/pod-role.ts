import type { Container } from '../model/pod.js'
import type { AccountLookup } from '../model/service-account.js'
import type { PodSubject, WorkloadSubject } from '../model/subject.js'
import { type ContainerCredentials, containersToMutate, credentialsOf } from './credentials.js'
import { type RoleRequest, roleRequestOf } from './role-request.js'
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

/** Judges a pod, or the pods of a template; undefined if their service account requests no role. */
export function podRoleOf(
  { namespace, pod }: PodSubject | WorkloadSubject,
  account: AccountLookup,
  settings: IdentityWebhookSettings
): PodRole | undefined {
  const request = roleRequestOf(
    { namespace, name: pod.serviceAccountName, annotations: account.exists ? account.annotations : {} },
    settings
  )
  if (request === undefined) return undefined

  return {
    request,
    containers: containersToMutate(pod, settings).map((container) => ({
      container,
      credentials: credentialsOf(pod, container, settings)
    }))
  }
}
