import { statementNamed } from '../model/statement-named.js'
import { defineRule } from './define-rule.js'
import {
  addStatement,
  associationKinds,
  associationProblem,
  associationShown,
  isPinned,
  missOf,
  roleOf
} from './pod-identity-wording.js'
import { valuesShown } from './trust-wording.js'

export const podIdentityActionMissing = defineRule({
  id: 'pod-identity-action-missing',
  summary:
    'The role of an EKS Pod Identity association allows only one of `sts:AssumeRole` and `sts:TagSession`, or neither.',
  severity: 'error',
  atAdmission: 'warning', // the role may be corrected shortly afterwards, outside the cluster
  on: associationKinds,
  needs: ['podIdentityTrust'],
  check(owner, { podIdentityTrust }) {
    const denied = missOf(podIdentityTrust, 'action')
    if (denied === undefined) return

    const { caller, miss } = denied
    const { statement, missing, found, isExcept, pinned } = miss
    const actions = missing.join(' and ')

    return associationProblem(
      owner,
      `${roleOf(caller)} does not allow ${actions} for ${associationShown(caller)}, which needs both sts:AssumeRole and sts:TagSession: its ${statementNamed(statement)} allows ${isExcept ? 'everything except ' : ''}${valuesShown(found)}`,
      // In a broader statement, the action would also admit everyone else who meets the statement's
      // conditions.
      isPinned(pinned) && !isExcept
        ? `add ${actions} to the Action of ${statementNamed(statement)}`
        : `${addStatement(caller)}; adding ${actions} to ${statementNamed(statement)} would also admit all other associations that it does not exclude`
    )
  }
})
