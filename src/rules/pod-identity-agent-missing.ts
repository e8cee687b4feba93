import { defineRule } from './define-rule.js'

export const podIdentityAgentMissing = defineRule({
  id: 'pod-identity-agent-missing',
  summary: 'A service account has an EKS Pod Identity association, but the cluster does not run the agent.',
  severity: 'warning',
  atAdmission: 'never', // the webhook does not see nodes
  on: ['ServiceAccount'],
  needs: ['associated', 'podIdentityAgent'],
  check(_, { associated, podIdentityAgent }) {
    if (!associated.exists || podIdentityAgent) return

    return {
      field: 'metadata.name',
      message:
        'the service account has an EKS Pod Identity association, but no DaemonSet in the cluster runs the EKS Pod Identity Agent, so pods of the service account get no credentials',
      fix: 'install the EKS add-on eks-pod-identity-agent: aws eks create-addon --addon-name eks-pod-identity-agent --cluster-name CLUSTER',
      cause: 'cluster'
    }
  }
})
