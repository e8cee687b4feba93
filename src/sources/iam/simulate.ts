import { SimulatePrincipalPolicyCommand } from '@aws-sdk/client-iam'
import { type Fact, known, unknown } from '../../model/fact.js'
import type { RoleArn } from '../../model/role-arn.js'
import { type AccountsOptions, buildAccounts } from './accounts.js'
import { failureOf } from './failure.js'

/** What IAM's policy simulator says about one action of a role. */
export interface Simulation {
  readonly decision: 'allowed' | 'explicitDeny' | 'implicitDeny'
  /** The policies that decided, if IAM names them. */
  readonly policies: readonly string[]
  /** Whether the account's service control policies allow the action; undefined if there are none. */
  readonly allowedByOrganization: boolean | undefined
  /** Whether the role's permissions boundary allows the action; undefined if there is none. */
  readonly allowedByBoundary: boolean | undefined
  /** Condition keys that a policy needs and the simulation did not have. */
  readonly missingKeys: readonly string[]
}

/** The action of a role on a resource. */
export interface SimulationQuestion {
  readonly role: RoleArn
  readonly action: string
  readonly resource: string
}

/**
 * Asks IAM whether a role's own policies allow an action. Never rejects.
 * https://docs.aws.amazon.com/IAM/latest/APIReference/API_SimulatePrincipalPolicy.html
 */
export async function simulatePermission(
  { role, action, resource }: SimulationQuestion,
  { accounts, endpoint }: Pick<AccountsOptions, 'accounts' | 'endpoint'>
): Promise<Fact<Simulation>> {
  const call = 'iam:SimulatePrincipalPolicy'
  const client = await buildAccounts({ endpoint, accounts, patient: true, onRequest: () => undefined })(role)
  if ('failure' in client) return unknown(client.failure.because)
  try {
    const { EvaluationResults: results } = await client.answer.send(
      new SimulatePrincipalPolicyCommand({
        PolicySourceArn: role.text,
        ActionNames: [action],
        ResourceArns: [resource]
      })
    )
    const [result] = results ?? []
    if (result?.EvalDecision === undefined)
      return unknown(`IAM answered ${call} without a decision; check for a proxy in between`)

    return known({
      decision: result.EvalDecision,
      policies: (result.MatchedStatements ?? []).flatMap(({ SourcePolicyId: id }) => id ?? []),
      allowedByOrganization: result.OrganizationsDecisionDetail?.AllowedByOrganizations,
      allowedByBoundary: result.PermissionsBoundaryDecisionDetail?.AllowedByPermissionsBoundary,
      missingKeys: result.MissingContextValues ?? []
    })
  } catch (error) {
    return unknown(failureOf(error, call).failure.because)
  }
}
