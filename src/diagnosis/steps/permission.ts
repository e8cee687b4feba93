import type { Judged, Scene } from '../scene.js'
import { brokenAmong, causeOf, couldNotTell, follows, ok, wrong } from '../scene.js'

/**
 * What the policy simulator cannot see:
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_testing-policies.html
 */
const notSeen = "not seen: conditions of SCPs, RCPs, session policies, and the resource's own policy"

/** Whether the role's own policies allow the action that the user specified. */
export function permissionStep({ permission, account }: Scene, before: readonly Judged[]): Judged {
  if (permission.state === 'moot') return couldNotTell('permission', permission.because, 'not asked')
  const broken = brokenAmong(before, 'annotation', 'association', 'role')
  if (permission.state === 'unknown')
    return broken === undefined
      ? couldNotTell('permission', permission.because)
      : follows('permission', causeOf(broken), 'there is no role to check')

  const { action, resource, decision, policies, allowedByBoundary, allowedByOrganization, missingKeys } =
    permission.value
  const asked = `${action} on ${resource}`
  if (allowedByOrganization === false)
    return wrong('permission', `a service control policy of the organization denies ${asked}`, {
      fix: 'have the owner of the organization change the policy; the role cannot override it'
    })
  if (decision === 'explicitDeny')
    return wrong('permission', `${deniedBy(policies)} explicitly denies ${asked}`, {
      fix: 'change the statement with Effect Deny; an Allow cannot override it'
    })
  if (allowedByBoundary === false)
    return wrong('permission', `the permissions boundary of the role does not allow ${asked}`, {
      fix: 'allow the action in the permissions boundary'
    })
  if (decision === 'implicitDeny' && missingKeys.length > 0)
    return couldNotTell(
      'permission',
      `the result depends on ${missingKeys.join(', ')}, which the simulation does not know`,
      asked
    )
  if (decision === 'implicitDeny')
    return wrong('permission', `no policy of the role allows ${asked} (${notSeen})`, {
      fix: `if ${account.namespace}/${account.name} should have this permission, add ${action} on ${resource} to a policy of the role; a policy of the resource can also allow it`
    })

  return ok('permission', `${asked}: allowed by the simulator (${notSeen})`)
}

const deniedBy = ([first]: readonly string[]): string =>
  first === undefined ? 'a policy' : `policy ${first}`
