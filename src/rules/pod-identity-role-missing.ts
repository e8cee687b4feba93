import type { RoleLookup } from '../facts/facts.js'
import type { Problem } from '../model/finding.js'
import { parseRoleArn } from '../model/role-arn.js'
import { quote } from '../text/escape.js'
import { defineRule } from './define-rule.js'
import { associationKinds, type AssociationOwner, associationProblem } from './pod-identity-wording.js'

export const podIdentityRoleMissing = defineRule({
  id: 'pod-identity-role-missing',
  summary: 'The role of an EKS Pod Identity association, or its target role, does not exist.',
  severity: 'error',
  atAdmission: 'warning', // the role may be created shortly afterwards, outside the cluster
  on: associationKinds,
  needs: ['association'],
  either: ['podIdentityRole', 'targetRole'],
  check(owner, { association, podIdentityRole, targetRole }) {
    return [
      ...problemsOf(owner, podIdentityRole, 'roleArn', association.roleArn),
      ...problemsOf(owner, targetRole, 'targetRoleArn', association.targetRoleArn)
    ]
  }
})

function problemsOf(
  owner: AssociationOwner,
  role: RoleLookup | undefined,
  field: 'roleArn' | 'targetRoleArn',
  arn = ''
): Problem[] {
  if (role === undefined || (role.exists && role.arn === arn)) return []
  const kind = field === 'roleArn' ? 'role' : 'target role'
  if (!role.exists && parseRoleArn(arn) === undefined)
    return [
      associationProblem(
        owner,
        `the ${kind} of the EKS Pod Identity association is ${quote(arn)}, which is not the ARN of a role, so EKS refuses the association`,
        'write the ARN of a role: arn:aws:iam::<12-digit-account>:role/<path/><name>',
        field
      )
    ]
  const missing = `${kind} ${arn} of the EKS Pod Identity association does not exist`
  // STS compares the entire ARN, including the path.
  const [message, fix] = role.exists
    ? [`${missing}; the role with this name is ${role.arn}`, `set the association's ${kind} to ${role.arn}`]
    : [
        `${missing}, so EKS refuses to give its pods credentials`,
        'create the role, or give the association an existing one'
      ]

  return [associationProblem(owner, message, fix, field)]
}
