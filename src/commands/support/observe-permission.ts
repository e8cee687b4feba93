import type { Config } from '../../config.js'
import type { Observations, Permission } from '../../diagnosis/observations.js'
import type { Facts, Sources } from '../../facts/facts.js'
import type { RoleRequest } from '../../identity-webhook/role-request.js'
import { type Fact, known, moot, unknown } from '../../model/fact.js'
import { parseRoleArn } from '../../model/role-arn.js'

/** The action that the user asks IAM about. `isLive`: IAM itself can be queried. */
export interface AskedAction {
  readonly action: string
  readonly resource: string
  readonly isLive: boolean
}

/** Whether the role may do what the user asked about. */
export async function readPermission(
  {
    simulation,
    config,
    given
  }: {
    readonly simulation: AskedAction | undefined
    readonly config: Config
    readonly given: Sources
  },
  chain: Observations['chain']['chain'],
  { association }: Facts,
  request: Fact<RoleRequest | undefined>
): Promise<Fact<Permission>> {
  if (simulation === undefined) return moot('pass --action and --resource to ask IAM')
  const { action, resource, isLive } = simulation
  if (!isLive) return unknown('only IAM itself can simulate policies (pass --aws)')
  const associated = association?.state === 'known' ? association.value : undefined
  const text =
    chain === 'pod-identity'
      ? (associated?.targetRoleArn ?? associated?.roleArn)
      : request.state === 'known'
        ? request.value?.role
        : undefined
  const role = text === undefined ? undefined : parseRoleArn(text)
  if (role === undefined || given.iam === undefined) return unknown('the role is not known')
  const { simulatePermission } = await import('../../sources/iam/simulate.js')
  const { accounts, endpoint } = config.iam
  const answer = await simulatePermission({ role, action, resource }, { accounts, endpoint })

  return answer.state === 'known' ? known({ action, resource, ...answer.value }) : answer
}
