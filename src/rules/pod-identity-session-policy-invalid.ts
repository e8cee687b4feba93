import { recordOf } from '../text/record.js'
import { parsePolicyJson } from '../trust-policy/document.js'
import { defineRule } from './define-rule.js'
import { associationFieldOf, associationKinds } from './pod-identity-wording.js'

export const podIdentitySessionPolicyInvalid = defineRule({
  id: 'pod-identity-session-policy-invalid',
  summary: 'EKS rejects the session policy of an EKS Pod Identity association.',
  severity: 'error',
  atAdmission: 'never', // EKS has already accepted every policy that it stores
  on: associationKinds,
  needs: ['association'],
  check(owner, { association: { policy, disableSessionTags, fromObject } }) {
    if (policy === undefined || fromObject === true) return

    const wrong = defectOf(policy)
    if (wrong !== undefined)
      return {
        field: associationFieldOf(owner, 'policy'),
        message: `EKS rejects the session policy of the association: ${wrong}`,
        fix: 'write an IAM policy as JSON text of at most 2,048 characters, or remove the session policy'
      }
    if (disableSessionTags) return

    return {
      field: associationFieldOf(owner, 'policy'),
      message:
        'EKS rejects the session policy of the association, because a session policy requires that session tags are disabled',
      fix: 'set disableSessionTags to true (trust and permission policies can then no longer use the session tags), or remove the session policy'
    }
  }
})

// The limit is from the AWS Containers Blog ("Session policies for Amazon EKS Pod Identity"). The field is
// documented in https://docs.aws.amazon.com/eks/latest/APIReference/API_CreatePodIdentityAssociation.html
const longestPolicy = 2048

function defectOf(policy: string): string | undefined {
  if (policy.length > longestPolicy)
    return `it has ${policy.length} characters; at most ${longestPolicy} are allowed`
  const read = parsePolicyJson(policy)
  if (read === undefined) return 'it is not JSON'

  return recordOf(read.parsed)['Statement'] === undefined ? 'it has no Statement' : undefined
}
