import { annotationsOf, textOf } from '../text/record.js'
import { type Check, type Installation, type LiveObject, type Reading, unreadCheck } from './check.js'

/**
 * What the cluster shows about access to AWS. Only `serve` itself sees the responses from AWS, so the check is
 * never `ok` if a role is configured.
 */
export function judgeAwsAccess(
  account: Reading<LiveObject | undefined>,
  annotation: string,
  { kubectl, namespace }: Installation
): Check {
  const check = 'aws'
  if (account.state === 'unknown')
    return unreadCheck(check, 'service account irsa-guard-serve could not be read', account.because, {
      kubectl,
      right: `get serviceaccounts/irsa-guard-serve -n ${namespace}`
    })
  if (account.value === undefined) {
    return {
      check,
      state: 'unknown',
      message: 'there is no service account irsa-guard-serve',
      because: 'irsa-guard is not installed, or its objects have other names'
    }
  }
  const role = textOf(annotationsOf(account.value)[annotation])
  const logs = `${kubectl} -n ${namespace} logs deployment/irsa-guard-serve --tail=500 | grep -i -e iam -e eks`

  return role === undefined
    ? {
        check,
        state: 'unknown',
        message: 'service account irsa-guard-serve has no role annotation',
        because:
          'it may get a role from an EKS Pod Identity association; without a role, rules about IAM are reported as not checked',
        fix: logs
      }
    : {
        check,
        state: 'unknown',
        message: `irsa-guard-serve asks for ${role}`,
        because:
          "only serve's own requests show whether AWS allows them: see its log and the metric irsa_guard_iam_requests_total",
        fix: logs
      }
}
