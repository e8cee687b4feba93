import { SimulatePrincipalPolicyCommand } from '@aws-sdk/client-iam'
import type { Simulation } from '../../facts/pod-surroundings.js'
import { type Fact, known, unknown } from '../../model/fact.js'
import type { RoleArn } from '../../model/role-arn.js'
import { type AccountsOptions, buildAccounts } from './accounts.js'
import { failureOf } from './failure.js'

/** An action that a role may or may not perform on a resource. */
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
  const client = await buildAccounts({
    endpoint,
    accounts,
    patient: true,
    onRequest: () => undefined
  }).clientFor(role)
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
      missingKeys: [
        ...new Set(
          [result, ...(result.ResourceSpecificResults ?? [])].flatMap(
            ({ MissingContextValues: keys }) => keys ?? []
          )
        )
      ]
    })
  } catch (error) {
    return unknown(failureOf(error, call).failure.because)
  }
}
