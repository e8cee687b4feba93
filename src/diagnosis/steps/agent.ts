import { agentStep as installation } from '../../migration/steps.js'
import { computeTypeLabel } from '../../model/pod.js'
import { listOf, recordOf, textOf } from '../../text/record.js'
import type { Judged, Scene } from '../scene.js'
import { couldNotTell, ok, wrong, wrongBy } from '../scene.js'

const agentName = 'eks-pod-identity-agent'

/** Whether the EKS Pod Identity Agent answers on the pod's node. */
export function agentStep(scene: Scene): Judged {
  const { told, pod, node, clusterArn, tools } = scene
  const { wrong: findings, remarks } = told('agent')
  const install =
    clusterArn && installation(clusterArn, { kubectl: tools.kubectl, tool: 'aws' }).commands.slice(0, 1)
  const unsupported = findings.filter(({ rule }) => rule === 'pod-identity-unsupported-node')
  if (unsupported.length > 0) return wrongBy('agent', unsupported)
  const name = pod.state === 'known' ? pod.value.node : undefined
  if (name === undefined || node.systemPods.state === 'moot') return inCluster(scene, install)
  const computeType =
    node.node.state === 'known'
      ? textOf(recordOf(recordOf(node.node.value['metadata'])['labels'])[computeTypeLabel])
      : undefined
  if (computeType === 'auto') return ok('agent', `built into node ${name} (EKS Auto Mode)`, remarks)
  if (node.systemPods.state !== 'known') return couldNotTell('agent', node.systemPods.because)

  const agents = node.systemPods.value.filter(isAgent)
  const [agent] = agents
  if (agent !== undefined && agents.some(isReady)) return ok('agent', `runs on node ${name}`, remarks)
  if (agent !== undefined) {
    const agentPod = textOf(recordOf(agent['metadata'])['name']) ?? agentName
    return wrong(
      'agent',
      `pod ${agentPod} on node ${name} is not ready, so nothing answers the containers' requests for credentials`,
      {
        fix: `find out why: ${tools.kubectl} describe pod ${agentPod} -n kube-system`,
        rule: 'pod-identity-agent-missing'
      }
    )
  }
  if (findings.length > 0) return wrongBy('agent', findings, { ...(install && { commands: install }) })
  if (node.node.state !== 'known')
    return couldNotTell('agent', node.node.because, `no agent pod is visible on node ${name}`)

  return wrong(
    'agent',
    `no pod of the EKS Pod Identity Agent runs on node ${name}, so nothing answers the containers' requests for credentials`,
    {
      fix: `check why DaemonSet kube-system/${agentName} does not cover the node (its taints, or the pod limit); EKS Auto Mode nodes need no agent`,
      rule: 'pod-identity-agent-missing'
    }
  )
}

/** For a pod without a node: whether the nodes of the cluster have the agent. */
function inCluster({ told, node }: Scene, install: readonly string[] | undefined): Judged {
  const { wrong: findings, remarks } = told('agent')
  if (findings.length > 0) return wrongBy('agent', findings, { ...(install && { commands: install }) })
  const { agentInCluster } = node
  if (agentInCluster.state === 'known' && agentInCluster.value === true)
    return ok('agent', 'its DaemonSet exists; the pod is not on a node yet', remarks)

  return couldNotTell(
    'agent',
    agentInCluster.state === 'known' ? 'the cluster has no nodes' : agentInCluster.because
  )
}

const isAgent = ({ metadata, spec }: Readonly<Record<string, unknown>>): boolean =>
  textOf(recordOf(metadata)['name'])?.startsWith(agentName) === true ||
  listOf(recordOf(spec)['containers']).some(
    (container) => textOf(recordOf(container)['image'])?.includes(agentName) === true
  )

/** https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/#pod-conditions */
const isReady = ({ status }: Readonly<Record<string, unknown>>): boolean =>
  listOf(recordOf(status)['conditions'])
    .map(recordOf)
    .some(({ type, status: met }) => type === 'Ready' && met === 'True')
