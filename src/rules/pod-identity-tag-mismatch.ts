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

export const podIdentityTagMismatch = defineRule({
  id: 'pod-identity-tag-mismatch',
  summary:
    'The role of an EKS Pod Identity association requires a session tag that EKS does not send: another cluster, namespace or service account, a misspelled key, or tags that the association disables.',
  severity: 'error',
  atAdmission: 'warning', // the role may be corrected shortly afterwards, outside the cluster
  on: associationKinds,
  needs: ['podIdentityTrust'],
  check(owner, { podIdentityTrust }) {
    const denied = missOf(podIdentityTrust, 'tag')
    if (denied === undefined) return

    const { caller, miss } = denied
    return associationProblem(
      owner,
      `${roleOf(caller)} does not admit ${associationShown(caller)}: in its ${statementNamed(miss.statement)}, ${failedShown(miss.failed)}`,
      fixOf(denied)
    )
  }
})
