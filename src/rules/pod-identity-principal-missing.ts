import { statementNamed } from '../model/statement-named.js'
import { quote } from '../text/escape.js'
import { defineRule } from './define-rule.js'
import {
  addStatement,
  associationKinds,
  associationProblem,
  associationShown,
  missOf,
  roleOf
} from './pod-identity-wording.js'

export const podIdentityPrincipalMissing = defineRule({
  id: 'pod-identity-principal-missing',
  summary: 'The role of an EKS Pod Identity association does not trust `pods.eks.amazonaws.com`.',
  severity: 'error',
  atAdmission: 'warning', // the role may be corrected shortly afterwards, outside the cluster
  on: associationKinds,
  needs: ['podIdentityTrust'],
  check(owner, { podIdentityTrust }) {
    const denied = missOf(podIdentityTrust, 'principal')
    if (denied === undefined) return

    const { caller, miss } = denied
    const { statement, found, difference, isSpelling } = miss
    const nearest =
      statement === undefined || found === undefined
        ? 'its trust policy has no Allow statement'
        : `its ${statementNamed(statement)} trusts ${quote(found)}${difference === undefined ? '' : `: ${difference}`}`

    return associationProblem(
      owner,
      `${roleOf(caller)} does not trust ${associationShown(caller)}: no statement has the principal {"Service": "pods.eks.amazonaws.com"}; ${nearest}`,
      isSpelling
        ? `write "Principal": {"Service": "pods.eks.amazonaws.com"} in ${statementNamed(statement)}`
        : `${addStatement(caller)}, or give the association a different role`
    )
  }
})
