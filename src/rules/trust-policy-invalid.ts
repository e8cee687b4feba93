import { defineRule } from './define-rule.js'
import { roleNamed, trustProblem } from './trust-wording.js'

export const trustPolicyInvalid = defineRule({
  id: 'trust-policy-invalid',
  summary: 'IAM would reject the trust policy.',
  severity: 'error',
  atAdmission: 'warning', // a policy read from IAM was accepted by IAM, so irsa-guard is more likely to be wrong
  on: ['ServiceAccount'],
  needs: ['trust', 'identityWebhook'],
  check(account, { trust, identityWebhook }) {
    const { miss } = trust
    if (miss?.kind !== 'invalid') return

    const place = miss.place === '' ? 'the document' : miss.place
    return trustProblem(
      trust,
      identityWebhook,
      `IAM would reject the trust policy of ${roleNamed(account, identityWebhook)}: ${place}: ${miss.reason}`,
      miss.correction ?? `correct ${place} and update the policy`
    )
  }
})
