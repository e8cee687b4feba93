import { defineRule } from './define-rule.js'

/**
 * The pod's service account does not exist, so the API server refuses the pod: a workload stays without any.
 */
export const serviceAccountMissing = defineRule({
  id: 'service-account-missing',
  severity: 'warning',
  on: ['Pod', 'Workload'],
  needs: ['account'],
  // Every namespace gets a `default` a moment after it is made.
  concerns: ({ pod }) => pod.serviceAccountName !== 'default',
  check({ namespace, pod }, { account }) {
    if (account.exists) return

    return {
      field: `${pod.specField}.serviceAccountName`,
      message: `service account ${namespace}/${pod.serviceAccountName} does not exist, so the API server will refuse the pods`,
      fix: 'create it, or correct serviceAccountName; if it is being installed right now, nothing is to be done'
    }
  }
})
