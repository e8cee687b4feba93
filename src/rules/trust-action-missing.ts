import { statementNamed } from '../model/statement-named.js'
import { defineRule } from './define-rule.js'
import { addStatement, principalsShown, roleNamed, trustProblem, valuesShown } from './trust-wording.js'

export const trustActionMissing = defineRule({
  id: 'trust-action-missing',
  summary: 'No statement allows `sts:AssumeRoleWithWebIdentity`, the call that gives a pod its role.',
  severity: 'error',
  on: ['ServiceAccount'],
  needs: ['trust', 'identityWebhook'],
  check(account, { trust, identityWebhook }) {
    const { miss } = trust
    if (miss?.kind !== 'action') return

    const role = roleNamed(account, identityWebhook)
    const { statement, found, isExcept, principals, isForSubject } = miss
    if (statement === undefined)
      return trustProblem(
        account,
        trust,
        identityWebhook,
        `${role} trusts no principal: its trust policy has no Allow statement`,
        addStatement(trust)
      )
    const isIrsa = principals.some(({ type }) => type === 'Federated')
    const whom = isIrsa ? '' : `, for ${principalsShown(principals)}`

    return trustProblem(
      account,
      trust,
      identityWebhook,
      `${role} does not allow sts:AssumeRoleWithWebIdentity, which pods call: its ${statementNamed(statement)} allows ${isExcept ? 'everything except ' : ''}${valuesShown(found)}${whom}`,
      // Adding the action to a statement that is meant for other callers would admit everyone who meets the
      // statement's conditions.
      isForSubject
        ? `add sts:AssumeRoleWithWebIdentity to the Action of ${statementNamed(statement)}`
        : `${addStatement(trust)}; if the role is meant for others, point the annotation at a role for this service account`
    )
  }
})
