import type { Permission } from '../observations.js'
import type { Judged, Scene } from '../scene.js'
import { brokenAmong, causeOf, couldNotTell, follows, ok, wrong } from '../scene.js'

/**
 * What the policy simulator cannot see:
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_testing-policies.html
 */
const notSeen =
  "not seen: RCPs, session policies, the resource's own policy, and the request values that conditions in SCPs test"

/** Whether the role's own policies allow the action that the user specified. */
export function permissionStep({ permission, account }: Scene, before: readonly Judged[]): Judged {
  if (permission.state === 'moot') return couldNotTell('permission', permission.because, 'not asked')
  const broken = brokenAmong(before, 'annotation', 'association', 'role')
  if (permission.state === 'unknown')
    return broken === undefined
      ? couldNotTell('permission', permission.because)
      : follows('permission', causeOf(broken), 'there is no role to check')

  const { action, resource, allowedByOrganization, missingKeys } = permission.value
  const asked = `${action} on ${resource}`
  // The simulator evaluates the conditions of service control policies, but `missingKeys` does not contain
  // their keys: https://docs.aws.amazon.com/IAM/latest/APIReference/API_EvaluationResult.html
  if (allowedByOrganization === false)
    return couldNotTell(
      'permission',
      `in the simulation, a service control policy of the organization denies ${asked}, which the role cannot override; but its conditions may test values that the simulation lacks, for example aws:RequestedRegion`,
      asked
    )
  const denial = denialOf(permission.value, asked, account)
  if (missingKeys.length > 0)
    return couldNotTell(
      'permission',
      `the result depends on ${missingKeys.join(', ')}, for which the simulator has no value; without one, ${denial?.message ?? `${asked} is allowed`}`,
      asked
    )
  if (denial !== undefined) return wrong('permission', denial.message, { fix: denial.fix })

  return ok('permission', `${asked}: allowed by the simulator (${notSeen})`)
}

/** What denies the action, and how to correct that; undefined if the simulator allows the action. */
function denialOf(
  { action, resource, decision, policies, allowedByBoundary }: Permission,
  asked: string,
  { namespace, name }: Scene['account']
): { message: string; fix: string } | undefined {
  if (decision === 'explicitDeny')
    return {
      message: `${deniedBy(policies)} explicitly denies ${asked}`,
      fix: 'change the statement with Effect Deny; an Allow cannot override it'
    }
  if (allowedByBoundary === false)
    return {
      message: `the permissions boundary of the role does not allow ${asked}`,
      fix: 'allow the action in the permissions boundary'
    }
  if (decision === 'implicitDeny')
    return {
      message: `no policy of the role allows ${asked} (${notSeen})`,
      fix: `if ${namespace}/${name} should have this permission, add ${action} on ${resource} to a policy of the role; a policy of the resource can also allow it`
    }

  return undefined
}

const deniedBy = ([first]: readonly string[]): string =>
  first === undefined ? 'a policy' : `policy ${first}`
