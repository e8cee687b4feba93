import { policyLength } from '../trust-policy/document.js'
import { defineRule } from './define-rule.js'
import { roleNamed, trustProblem } from './trust-wording.js'

export const trustPolicyNearLimit = defineRule({
  id: 'trust-policy-near-limit',
  summary: "The trust policy is close to IAM's size limit.",
  severity: 'info',
  on: ['ServiceAccount'],
  needs: ['trust', 'identityWebhook'],
  check(account, { trust, identityWebhook }) {
    const limit = trust.size <= policyLength.defaultQuota ? policyLength.defaultQuota : policyLength.maximum
    if (trust.size < 0.9 * limit) return

    return trustProblem(
      account,
      trust,
      identityWebhook,
      `the trust policy of ${roleNamed(account, identityWebhook)} has ${trust.size} characters, not counting white space; ${limit === policyLength.defaultQuota ? `IAM stores up to ${limit} unless the account has a higher quota` : `IAM stores at most ${limit}`}`,
      'share the role among fewer clusters and service accounts, or create a role for each'
    )
  }
})
