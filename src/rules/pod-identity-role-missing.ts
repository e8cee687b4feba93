import { defineRule } from './define-rule.js'
import { associationKinds, associationProblem } from './pod-identity-wording.js'

export const podIdentityRoleMissing = defineRule({
  id: 'pod-identity-role-missing',
  summary: 'The role of an EKS Pod Identity association, or its target role, does not exist.',
  severity: 'error',
  atAdmission: 'warning', // the role is created outside the cluster, perhaps shortly afterwards
  on: associationKinds,
  needs: ['association'],
  either: ['podIdentityRole', 'targetRole'],
  check(owner, { association, podIdentityRole, targetRole }) {
    const fix = 'create the role, or give the association an existing one'

    return [
      ...(podIdentityRole?.exists === false
        ? [
            associationProblem(
              owner,
              `role ${association.roleArn ?? ''} of the EKS Pod Identity association does not exist, so EKS refuses to give its pods credentials`,
              fix
            )
          ]
        : []),
      ...(targetRole?.exists === false
        ? [
            associationProblem(
              owner,
              `target role ${association.targetRoleArn ?? ''} of the EKS Pod Identity association does not exist, so EKS refuses to give its pods credentials`,
              fix,
              'targetRoleArn'
            )
          ]
        : [])
    ]
  }
})
