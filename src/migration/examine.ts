import type { Association } from '../model/association.js'
import type { ClusterArn } from '../model/cluster-arn.js'
import { isNamespaceName, isObjectName } from '../model/object-name.js'
import type { RoleArn } from '../model/role-arn.js'
import { namespacedName, namespaceNotGiven, type ServiceAccountSubject } from '../model/subject.js'
import { type Blocked, unknownWhether } from './migration-plan.js'
import { type Judging, obstaclesOf } from './obstacles.js'
import { chainedRoleProblem, otherRole, type ReadRole, readRole, requestedRole } from './role.js'
import type { Runner } from './runners.js'
import { plannedAssociation } from './steps.js'

/** A service account, and either its role and association, or why it cannot move. */
export interface Candidate {
  readonly account: ServiceAccountSubject
  readonly runners: readonly Runner[]
  readonly found: Found | Blocked
}

export interface Found {
  readonly role: RoleArn
  /** The association that exists. */
  readonly existing: Association | undefined
  /**
   * Undefined if the existing association has `role` as its target role. The trust policies of both of its
   * roles have then already been judged.
   */
  readonly read: ReadRole | undefined
  readonly notes: readonly string[]
}

/**
 * Whether everything except the role's trust policy lets a service account move. `unread`: why some objects
 * could not be read.
 */
export async function examine(
  account: ServiceAccountSubject,
  runners: readonly Runner[],
  judging: Judging,
  { cluster, unread }: { readonly cluster: ClusterArn; readonly unread: readonly string[] }
): Promise<Found | Blocked> {
  const { namespace, name } = account
  if (namespace === '') return unknownWhether(namespaceNotGiven)
  if (!isNamespaceName(namespace) || !isObjectName(name))
    return unknownWhether(`${namespacedName(namespace, name)} is not a valid name`)
  const role = await requestedRole(account, judging)
  if ('state' in role) return role
  const association = await existingAssociation(account, judging)
  if ('state' in association) return association
  const { existing, notes } = association

  let read: ReadRole | undefined
  if (existing !== undefined && existing.roleArn !== role.text) {
    if (existing.targetRoleArn !== role.text) return otherRole(account, role.text, existing.roleArn ?? '')
    const problem = await chainedRoleProblem(account, existing, judging)
    if (problem !== undefined) return problem
  } else {
    const found = await readRole(account, role, cluster, judging)
    if ('state' in found) return found
    read = found
  }
  const planned = existing ?? plannedAssociation(account, role.text, cluster)
  const obstacles = await obstaclesOf(runners, planned, judging)
  if (obstacles.length > 0) return { state: 'cannot-move', because: obstacles }
  if (unread.length > 0) return unknownWhether(...unread)

  return { role, existing, read, notes }
}

/** The association that a service account has, if it is known. */
async function existingAssociation(
  { namespace, name }: ServiceAccountSubject,
  { sources: { associations }, deadline }: Judging
): Promise<Pick<Found, 'existing' | 'notes'> | Blocked> {
  if (associations === undefined)
    return {
      existing: undefined,
      notes: [
        'whether it already has an association is not known (pass --aws, or --iam FILE with associations); if it has one, EKS refuses a second one with ResourceInUseException'
      ]
    }
  const lookup = { namespace, deadline }
  const found = await associations.findAssociation({ namespace, name }, lookup)
  if (found.state === 'known' && !found.value.exists) return { existing: undefined, notes: [] }
  if (found.state !== 'known') return unknownWhether(found.because)
  const association = await associations.readAssociation({ namespace, name }, lookup)
  if (association.state !== 'known') return unknownWhether(association.because)
  if (association.value.roleArn === undefined)
    return unknownWhether("the association does not contain its role's ARN literally, so the ARN is unknown")

  return { existing: association.value, notes: [] }
}
