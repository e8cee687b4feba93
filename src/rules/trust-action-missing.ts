import { defineRule } from './define-rule.js'
import { roleNamed, trustProblem, valuesShown } from './trust-wording.js'

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
    const fix =
      'add sts:AssumeRoleWithWebIdentity to the Action of the statement that trusts the OIDC provider'
    if (miss.statement === undefined)
      return trustProblem(
        identityWebhook,
        `${role} trusts no principal: its trust policy has no Allow statement`,
        fix
      )

    return trustProblem(
      identityWebhook,
      `${role} does not allow sts:AssumeRoleWithWebIdentity, which pods call: its statement ${miss.statement} allows ${valuesShown(miss.found)}`,
      fix
    )
  }
})
