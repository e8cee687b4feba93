import { defineRule } from './define-rule.js'

export const serviceAccountMissing = defineRule({
  id: 'service-account-missing',
  summary: 'The service account of a pod or workload does not exist.',
  severity: 'warning',
  on: ['Pod', 'Workload'],
  needs: ['account'],
  // Every namespace gets a `default` service account shortly after it is created.
  concerns: ({ pod }) => pod.serviceAccountName !== 'default',
  check({ namespace, pod }, { account }) {
    if (account.exists) return

    return {
      field: `${pod.specField}.serviceAccountName`,
      message: `service account ${namespace}/${pod.serviceAccountName} does not exist, so the API server will reject the pods`,
      fix: 'create the service account, or correct serviceAccountName; if an installation is about to create it, do nothing'
    }
  }
})
