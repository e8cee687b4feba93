import type { Problem } from '../model/finding.js'
import type { Defect } from '../trust-policy/document.js'
import { defineRule } from './define-rule.js'
import { associationKinds, associationProblem, roleOf } from './pod-identity-wording.js'
import { roleNamed, trustProblem } from './trust-wording.js'

export const trustPolicyInvalid = defineRule({
  id: 'trust-policy-invalid',
  summary: 'IAM would reject the trust policy.',
  severity: 'error',
  // IAM has accepted every policy that is read from it. If such a policy seems invalid, irsa-guard is
  // probably mistaken.
  atAdmission: 'warning',
  on: associationKinds,
  needs: ['identityWebhook'],
  either: ['trust', 'podIdentityTrust'],
  check(account, { trust, podIdentityTrust, identityWebhook }) {
    const problems: Problem[] = []
    if (trust?.miss?.kind === 'invalid') {
      const { message, fix } = wordingOf(roleNamed(account, identityWebhook), trust.miss)
      problems.push(trustProblem(account, trust, identityWebhook, message, fix))
    }
    if (podIdentityTrust?.miss?.kind === 'invalid') {
      const role = podIdentityTrust.caller === undefined ? 'the role' : roleOf(podIdentityTrust.caller)
      const { message, fix } = wordingOf(role, podIdentityTrust.miss)
      problems.push(associationProblem(account, message, fix))
    }

    return problems
  }
})

function wordingOf(role: string, { place, reason, correction }: Defect): Pick<Problem, 'message' | 'fix'> {
  const where = place === '' ? 'the document' : place

  return {
    message: `IAM would reject the trust policy of ${role}: ${where}: ${reason}`,
    fix: correction ?? `correct ${where} and update the policy`
  }
}
