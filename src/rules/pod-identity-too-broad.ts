import type { Problem } from '../model/finding.js'
import { statementNamed } from '../model/statement-named.js'
import { quote } from '../text/escape.js'
import type { PodIdentityJudgement } from '../trust-policy/pod-identity/judge.js'
import { defineRule } from './define-rule.js'
import {
  associationFieldOf,
  associationKinds,
  type AssociationOwner,
  roleOf
} from './pod-identity-wording.js'

export const podIdentityTooBroad = defineRule({
  id: 'pod-identity-too-broad',
  summary:
    'The role of an EKS Pod Identity association limits neither which clusters nor which namespaces can use it, or its target role trusts a whole account.',
  severity: 'warning',
  atAdmission: 'info', // the example in the AWS guide sets no limit
  on: associationKinds,
  needs: [],
  either: ['podIdentityTrust', 'targetTrust'],
  check(owner, { podIdentityTrust, targetTrust }) {
    return [podIdentityTrust, targetTrust].flatMap(
      (judgement) => (judgement && problemOf(owner, judgement)) ?? []
    )
  }
})

function problemOf(owner: AssociationOwner, { breadth, caller }: PodIdentityJudgement): Problem | undefined {
  if (breadth === undefined || caller === undefined) return undefined
  const { kind, statement } = breadth
  const { cluster, namespace, firstRole } = caller
  const field = associationFieldOf(owner, firstRole === undefined ? 'roleArn' : 'targetRoleArn')
  if (kind === 'any-role' && firstRole !== undefined)
    return {
      field,
      message: `every role of AWS account ${firstRole.account} that may call sts:AssumeRole can use ${roleOf(caller)}: its ${statementNamed(statement)} does not name the role, and callers choose tags and external IDs themselves`,
      fix: `trust only the role of the association: "Principal": {"AWS": ${quote(firstRole.arn)}}, or require ArnEquals "aws:PrincipalArn" ${quote(firstRole.arn)}`
    }
  const whose = kind === 'optional-limit' ? ' that disables session tags' : ''

  return {
    field,
    message: `every association${whose} in AWS account ${cluster.account} can use ${roleOf(caller)}: its ${statementNamed(statement)} limits neither the cluster nor the namespace${whose === '' ? '' : ' if the session has no tags'}`,
    fix: `require StringEquals "aws:SourceArn" ${quote(cluster.text)}, or "aws:RequestTag/kubernetes-namespace" ${quote(namespace)}, in the statement that allows sts:AssumeRole`
  }
}
