import { type Pod, type ProjectedToken, type Variable, variableOf } from '../model/pod.js'
import { credentialsOf, injectedVariables } from './credentials.js'
import { foreseeMutation } from './mutation.js'
import { isRequested, type RoleRequest } from './role-request.js'
import type { IdentityWebhookSettings } from './settings.js'

/** A role and a token file that a container's template sets directly. */
export interface OwnIdentity {
  readonly container: string
  readonly role: Variable
  /** The projected token behind the file, undefined if it is known only at run time. */
  readonly token: ProjectedToken | undefined
}

/**
 * The identities that a template sets directly, except for the one that its service account requests.
 * `request` is undefined if the service account requests no role, has an association, or is unknown.
 */
export function ownIdentitiesOf(
  pod: Pod,
  request: RoleRequest | undefined,
  settings: IdentityWebhookSettings
): OwnIdentity[] {
  if (!bringsIdentity(pod)) return []
  const later = request === undefined ? pod : foreseeMutation(pod, request, settings)

  return pod.containers.flatMap((container, index) => {
    if (!isComplete(container)) return []
    const credentials = credentialsOf(later, later.containers[index] ?? container, settings)
    if (credentials.kind !== 'web-identity') return []
    const { role, token } = credentials
    if (request !== undefined && role.value !== undefined && isRequested(request, role.value)) return []

    return [{ container: container.name, role, token }]
  })
}

/** Whether a template sets both the role and the token file in any container. */
export const bringsIdentity = (pod: Pod): boolean => pod.containers.some(isComplete)

/** The roles that a template sets directly; undefined stands for one that is known only at run time. */
export const ownRolesOf = (pod: Pod): (string | undefined)[] =>
  pod.containers.filter(isComplete).map((container) => variableOf(container, 'AWS_ROLE_ARN')?.value)

const isComplete = (container: Pod['containers'][number]): boolean =>
  injectedVariables.every((name) => variableOf(container, name) !== undefined)
