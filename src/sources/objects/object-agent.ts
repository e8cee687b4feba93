import { computeTypeLabel } from '../../model/pod.js'
import { listOf, recordOf, textOf } from '../../text/record.js'

const agentName = 'eks-pod-identity-agent'

/**
 * Whether all nodes that can run the EKS Pod Identity Agent have it. True if the given objects include a
 * DaemonSet of the agent; without one, undefined unless they include nodes and the DaemonSets of
 * `kube-system`. EKS Auto Mode has a built-in agent, and AWS Fargate and Windows nodes cannot run one. Hybrid
 * nodes have a DaemonSet of their own.
 * https://docs.aws.amazon.com/eks/latest/userguide/pod-id-agent-setup.html
 */
export function podIdentityAgentAmong(objects: readonly unknown[]): boolean | undefined {
  let isDump = false
  let nodes = 0
  let needed = false
  for (const object of objects) {
    const { apiVersion, kind, metadata, spec } = recordOf(object)
    const { name, namespace, labels } = recordOf(metadata)
    if (apiVersion === 'v1' && kind === 'Node') {
      nodes++
      needed ||= needsAgent(recordOf(labels))
    }
    if (apiVersion !== 'apps/v1' || kind !== 'DaemonSet') continue
    if (textOf(name)?.includes(agentName) === true || runsAgent(spec)) return true
    isDump ||= namespace === 'kube-system'
  }

  return isDump && nodes > 0 ? !needed : undefined
}

const needsAgent = (labels: Readonly<Record<string, unknown>>): boolean => {
  const computeType = labels[computeTypeLabel]

  return computeType !== 'auto' && computeType !== 'fargate' && labels['kubernetes.io/os'] !== 'windows'
}

/** Whether a container runs the agent's image, whatever the DaemonSet is called. */
const runsAgent = (spec: unknown): boolean =>
  listOf(recordOf(recordOf(recordOf(spec)['template'])['spec'])['containers']).some(
    (container) => textOf(recordOf(container)['image'])?.includes(agentName) === true
  )
