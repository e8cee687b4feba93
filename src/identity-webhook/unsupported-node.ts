import { computeTypeLabel, type Pod } from '../model/pod.js'
import { isWindowsSelected } from './mutation.js'

/** A place where EKS Pod Identity is not supported, and the field that puts a pod there. */
export interface UnsupportedNode {
  readonly place: 'AWS Fargate' | 'Windows'
  readonly field: string
}

const fargateLabel = 'eks.amazonaws.com/fargate-profile'

/**
 * Whether a pod is known to run where EKS Pod Identity is not supported: on AWS Fargate or Windows
 * (https://docs.aws.amazon.com/eks/latest/userguide/pod-identities.html). The identity webhook mutates such
 * pods anyway. Hybrid nodes are supported
 * (https://docs.aws.amazon.com/eks/latest/userguide/hybrid-nodes-add-ons.html), and so is EKS Auto Mode. A
 * toleration does not count, because it does not select a node. A Fargate profile that matches a namespace is
 * not visible in a pod template.
 */
export function unsupportedNodeOf(pod: Pod): UnsupportedNode | undefined {
  const { specField, metadataField } = pod
  if (pod.labels[fargateLabel] !== undefined)
    return { place: 'AWS Fargate', field: `${metadataField}.labels[${JSON.stringify(fargateLabel)}]` }
  // EKS sets this scheduler when it admits a pod that matches a Fargate profile:
  // https://docs.aws.amazon.com/eks/latest/userguide/fargate-pod-configuration.html
  if (pod.schedulerName === 'fargate-scheduler')
    return { place: 'AWS Fargate', field: `${specField}.schedulerName` }
  if (pod.nodeSelector[computeTypeLabel] === 'fargate')
    return { place: 'AWS Fargate', field: `${specField}.nodeSelector` }
  if (pod.wantsFargate) return { place: 'AWS Fargate', field: `${specField}.affinity` }
  if (isWindowsSelected(pod)) return { place: 'Windows', field: `${specField}.nodeSelector` }

  return pod.wantsWindows ? { place: 'Windows', field: specField } : undefined
}
