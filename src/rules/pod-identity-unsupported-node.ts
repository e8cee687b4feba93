import { earlierProviderOf } from '../identity-webhook/chain.js'
import { unsupportedNodeOf } from '../identity-webhook/unsupported-node.js'
import { defineRule } from './define-rule.js'

export const podIdentityUnsupportedNode = defineRule({
  id: 'pod-identity-unsupported-node',
  summary: 'A pod on AWS Fargate or Windows has an EKS Pod Identity association, which works on neither.',
  severity: 'warning',
  on: ['Pod', 'Workload'],
  needs: ['associated', 'podRole'],
  concerns: ({ pod }) => unsupportedNodeOf(pod) !== undefined,
  check({ pod }, { podRole: { chain, containers } }) {
    const node = unsupportedNodeOf(pod)
    if (node === undefined || chain !== 'pod-identity') return
    if (containers.every(({ container }) => earlierProviderOf(container) !== undefined)) return

    return {
      field: node.field,
      message: `the pod runs on ${node.place}, where no EKS Pod Identity Agent can run, but service account ${pod.serviceAccountName} has an EKS Pod Identity association, so the pod gets no credentials from it`,
      fix: 'use IRSA there: delete the association and annotate the service account with the role; or run the pod on Linux nodes that are not on Fargate'
    }
  }
})
