import { statementNamed } from '../model/statement-named.js'
import { defineRule } from './define-rule.js'
import {
  associationKinds,
  associationProblem,
  associationShown,
  failedShown,
  fixOf,
  missOf,
  roleOf
} from './pod-identity-wording.js'

export const podIdentitySourceMismatch = defineRule({
  id: 'pod-identity-source-mismatch',
  summary:
    'The role of an EKS Pod Identity association requires an `aws:SourceArn` or `aws:SourceAccount` other than what EKS sends: the ARN of the cluster, and its account.',
  severity: 'error',
  atAdmission: 'warning', // the role may be corrected shortly afterwards, outside the cluster
  on: associationKinds,
  needs: ['podIdentityTrust'],
  check(owner, { podIdentityTrust }) {
    const denied = missOf(podIdentityTrust, 'source')
    if (denied === undefined) return

    const { caller, miss } = denied
    return associationProblem(
      owner,
      `${roleOf(caller)} does not admit ${associationShown(caller)}: in its ${statementNamed(miss.statement)}, ${failedShown(miss.failed)}`,
      fixOf(denied)
    )
  }
})
