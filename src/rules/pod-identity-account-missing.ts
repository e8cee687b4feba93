import { namespacedName } from '../model/subject.js'
import { defineRule } from './define-rule.js'
import { associationFieldOf } from './pod-identity-wording.js'

export const podIdentityAccountMissing = defineRule({
  id: 'pod-identity-account-missing',
  summary: 'The service account of an EKS Pod Identity association does not exist.',
  severity: 'warning',
  atAdmission: 'never', // associations are not reviewed at admission
  on: ['PodIdentityAssociation'],
  needs: ['account'],
  check(subject, { account }) {
    if (account.exists) return
    const { namespace, serviceAccount } = subject.association

    return {
      field: associationFieldOf(subject, 'serviceAccount'),
      message: `service account ${namespacedName(namespace, serviceAccount)} of the EKS Pod Identity association does not exist in the cluster`,
      fix: 'create the service account, or correct its namespace and name in the association; a pod that starts before the association exists keeps running without its role until it is recreated'
    }
  }
})
