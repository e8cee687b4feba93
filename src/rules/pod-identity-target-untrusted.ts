import { statementNamed } from '../model/statement-named.js'
import { quote } from '../text/escape.js'
import type { Caller } from '../trust-policy/pod-identity/caller.js'
import type { PodIdentityMiss } from '../trust-policy/pod-identity/miss.js'
import { defineRule } from './define-rule.js'
import {
  addStatement,
  associationKinds,
  associationProblem,
  failedShown,
  fixOf,
  isPinned,
  roleOf
} from './pod-identity-wording.js'
import { valuesShown } from './trust-wording.js'

export const podIdentityTargetUntrusted = defineRule({
  id: 'pod-identity-target-untrusted',
  summary: "The target role of an EKS Pod Identity association does not admit the association's own role.",
  severity: 'error',
  atAdmission: 'warning', // the role may be corrected shortly afterwards, outside the cluster
  on: associationKinds,
  needs: ['targetTrust'],
  check(owner, { targetTrust: { miss, caller } }) {
    if (miss === undefined || caller?.firstRole === undefined) return

    const { cluster, namespace, serviceAccount, firstRole } = caller
    return associationProblem(
      owner,
      `${roleOf(caller)} does not admit ${firstRole.arn}, the role of service account ${namespace}/${serviceAccount} in cluster ${cluster.name}: ${reasonOf(miss)}`,
      fixFor(miss, caller),
      'targetRoleArn'
    )
  }
})

function reasonOf(miss: PodIdentityMiss): string {
  if (miss.kind === 'invalid')
    return `IAM would reject its trust policy: ${miss.place === '' ? 'the document' : miss.place}: ${miss.reason}`
  if (miss.kind === 'explicit-deny')
    return `the Deny in its ${statementNamed(miss.statement)} applies to ${miss.action}`
  if (miss.kind === 'principal')
    return miss.found === undefined
      ? 'its trust policy has no Allow statement'
      : `no statement names that role or its account; its ${statementNamed(miss.statement)} trusts ${quote(miss.found)}${miss.difference === undefined ? '' : `: ${miss.difference}`}`
  if (miss.kind === 'action')
    return `its ${statementNamed(miss.statement)} does not allow ${miss.missing.join(' and ')}; it allows ${miss.isExcept ? 'everything except ' : ''}${valuesShown(miss.found)}`

  return `in its ${statementNamed(miss.statement)}, ${failedShown(miss.failed)}`
}

function fixFor(miss: PodIdentityMiss, caller: Caller): string {
  if (miss.kind === 'invalid')
    return (
      miss.correction ?? `correct ${miss.place === '' ? 'the document' : miss.place} and update the policy`
    )
  if (miss.kind === 'explicit-deny')
    return 'exempt the role from that Deny, or give the association a different target role'
  if (miss.kind === 'action' && isPinned(miss.pinned) && !miss.isExcept)
    return `add ${miss.missing.join(' and ')} to the Action of ${statementNamed(miss.statement)}`
  if (miss.kind === 'principal' || miss.kind === 'action')
    return `${addStatement(caller)}, or give the association a different target role`

  return fixOf({ miss, caller }).replace('a different role', 'a different target role')
}
