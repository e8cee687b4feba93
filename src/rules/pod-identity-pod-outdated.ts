import { earlierProviderOf } from '../identity-webhook/chain.js'
import { defineRule } from './define-rule.js'

// EKS caches the credentials of an association for six hours:
// https://docs.aws.amazon.com/eks/latest/userguide/pod-id-assign-target-role.html
const cachedFor = 6 * 3_600_000

export const podIdentityPodOutdated = defineRule({
  id: 'pod-identity-pod-outdated',
  summary: 'A running pod was created before its EKS Pod Identity association was changed.',
  severity: 'warning',
  atAdmission: 'never', // only running pods have cached credentials
  on: ['Pod'],
  needs: ['association', 'podRole', 'now'],
  concerns: ({ createdAt }) => createdAt !== undefined,
  check({ createdAt, namespace, name }, { association: { modifiedAt }, podRole, now }) {
    if (podRole.chain !== 'pod-identity' || createdAt === undefined || modifiedAt === undefined) return
    const age = now.getTime() - modifiedAt.getTime()
    if (createdAt >= modifiedAt || age > cachedFor) return
    const user = podRole.containers.find(
      ({ container, credentials }) =>
        credentials.kind === 'endpoint' &&
        credentials.isPodIdentity &&
        earlierProviderOf(container) === undefined
    )
    if (user === undefined) return

    return {
      field: 'metadata.creationTimestamp',
      message: `the pod is older than the last change to its EKS Pod Identity association (${modifiedAt.toISOString()}), so container ${user.container.name} may use the previous role until its cached credentials expire, at most six hours after the change`,
      fix: `recreate the pod if it needs the change now: kubectl delete pod ${name} -n ${namespace}`
    }
  }
})
