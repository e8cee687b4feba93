import { computeTypeLabel } from '../../model/pod.js'
import { shortList } from '../../text/escape.js'
import { recordOf, textOf } from '../../text/record.js'
import { formatTime } from '../../x509/time.js'
import type { Appended, JudgedRow, PreflightRow } from './row.js'

type KubeRecord = Readonly<Record<string, unknown>>

/** The properties of a node that matter here. */
export interface RunningNode {
  readonly name: string
  readonly createdAt: number
  /** What the node belongs to, such as `node group blue`; undefined if its labels do not show it. */
  readonly group: string | undefined
  /** Whether AWS updates the CAs that the node trusts. */
  readonly isUpdatedByAws: boolean
  /** Whether the node runs EKS's build of the kubelet. */
  readonly isEks: boolean
}

/** Reads a node. Never throws. */
export function runningNodeOf({ metadata, status }: KubeRecord): RunningNode {
  const { name, creationTimestamp, labels } = recordOf(metadata)
  const labelOf = (key: string): string | undefined => textOf(recordOf(labels)[key])
  const managed = labelOf('eks.amazonaws.com/nodegroup')
  const pool = labelOf('karpenter.sh/nodepool')

  return {
    name: String(name),
    createdAt: Date.parse(String(creationTimestamp)),
    group:
      managed !== undefined ? `node group ${managed}` : pool !== undefined ? `node pool ${pool}` : undefined,
    isUpdatedByAws: ['auto', 'fargate'].includes(labelOf(computeTypeLabel) ?? ''),
    isEks: String(recordOf(recordOf(status)['nodeInfo'])['kubeletVersion']).includes('-eks-')
  }
}

/** Judges nodes that joined before the newest CA was handed out, one row for each group of nodes. */
export function judgeNodes(nodes: readonly RunningNode[], { at, source }: Appended): JudgedRow[] {
  const own = nodes.filter(({ isUpdatedByAws }) => !isUpdatedByAws)
  const old = own.filter(({ createdAt }) => createdAt < at.getTime())
  const groups = Map.groupBy(old, ({ group, isEks }) => JSON.stringify([group, isEks]))
  const since = `${formatTime(at.getTime())} (${source})`
  const rows = [...groups.values()].flatMap((group): JudgedRow[] => {
    const [first] = group
    if (first === undefined) return []
    const names = shortList(group.map(({ name }) => name))
    const row: PreflightRow = {
      subject: 'node',
      name: first.group ?? 'nodes',
      // The kubelet of a node got its CAs when the node joined:
      // https://docs.aws.amazon.com/eks/latest/userguide/certificate-authority-rotation.html
      state: first.isEks ? 'lacks' : 'unknown',
      message: `${names} joined before ${since}; ${first.isEks ? 'the kubelet loses its connection to the API server when the new CA signs' : 'if the kubelet still has its first kubeconfig, it loses its connection to the API server when the new CA signs'}`
    }
    const advice = first.isEks
      ? `${row.name}: replace ${names} with new nodes`
      : `${row.name}: check that the kubeconfig of the kubelet on ${names} contains the new CA`

    return [{ row, fix: { step: 'nodes', advice } }]
  })
  if (rows.length > 0) return rows
  const row: PreflightRow = {
    subject: 'node',
    name: 'nodes',
    state: 'ok',
    message:
      own.length === 0 && nodes.length > 0
        ? 'AWS updates all of them (Auto Mode, Fargate)'
        : `all joined after ${since}`
  }

  return [{ row }]
}
