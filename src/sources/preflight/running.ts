import { type RunningNode, runningNodeOf } from '../../ca-bundle/preflight/judge-nodes.js'
import type { PreflightFact } from '../../ca-bundle/preflight/preflight.js'
import { type PodStart, podStartOf, type RunningPod } from '../../ca-bundle/preflight/running-pod.js'
import type { KubeObject } from '../../kube/read.js'
import { type Owner, ownerOf } from '../../model/kubernetes-object.js'
import { recordOf, textOf } from '../../text/record.js'
import { type Collection, runners } from '../cluster/collections.js'
import { mapFact, readAll, type ReadCluster } from './preflight-fact.js'

/** Reads all nodes. Never rejects. */
export const readNodes = async (cluster: ReadCluster): Promise<PreflightFact<readonly RunningNode[]>> =>
  mapFact(await readAll(cluster, nodes), (objects) => objects.map(runningNodeOf))

const nodes: Collection = {
  group: '/api/v1',
  plural: 'nodes',
  kind: 'Node',
  isNamespaced: false,
  keep: keepNode
}

function keepNode({ metadata, status }: KubeObject): KubeObject {
  const { name, labels, creationTimestamp } = recordOf(metadata)
  const { kubeletVersion } = recordOf(recordOf(status)['nodeInfo'])

  return { metadata: { name, labels, creationTimestamp }, status: { nodeInfo: { kubeletVersion } } }
}

/**
 * Reads all pods that have not ended, and finds the workloads to restart in order to replace these pods.
 * Never rejects.
 */
export async function readPods(cluster: ReadCluster): Promise<PreflightFact<readonly RunningPod[]>> {
  const workloads = new Map<string, Runner>()
  const starts: { readonly start: PodStart; readonly own: Runner; readonly owner: Owner | undefined }[] = []
  const readWorkloads = async (plural: string): Promise<unknown> =>
    readAll(cluster, {
      ...runnersCalled(plural),
      keep: (object) => {
        const { kind, namespace, name } = ownNameOf(object)
        workloads.set(keyOf(kind, namespace, name), runnerOf(object))

        return undefined
      }
    })
  const [pods] = await Promise.all([
    readAll(cluster, {
      ...runnersCalled('pods'),
      query: { fieldSelector: 'status.phase!=Succeeded,status.phase!=Failed' },
      // A whole pod takes about 10 KB, and a large cluster has 40,000 pods.
      keep: (object) => {
        const start = podStartOf(object)
        if (start !== undefined) starts.push({ start, own: ownNameOf(object), owner: ownerOf(object) })

        return undefined
      }
    }),
    ...['replicasets', 'statefulsets', 'daemonsets'].map(readWorkloads)
  ])

  return mapFact(pods, () =>
    starts.map(({ start, own, owner }) => ({
      ...start,
      name: own.name,
      runner:
        owner === undefined
          ? own
          : (workloads.get(keyOf(owner.kind, own.namespace, owner.name)) ?? {
              ...owner,
              namespace: own.namespace
            })
    }))
  )
}

type Runner = RunningPod['runner']

const runnersCalled = (plural: string): Collection =>
  runners.find((collection) => collection.plural === plural) as Collection // every caller passes a known one

const keyOf = (kind: string, namespace: string, name: string): string => `${kind} ${namespace}/${name}`

const ownNameOf = ({ kind, metadata }: KubeObject): Runner => {
  const { name, namespace } = recordOf(metadata)

  return { kind: textOf(kind) ?? 'Pod', namespace: String(namespace), name: String(name) }
}

/** What `kubectl rollout restart` takes: the Deployment of a ReplicaSet, or the object itself. */
function runnerOf(object: KubeObject): Runner {
  const own = ownNameOf(object)
  const owner = own.kind === 'ReplicaSet' ? ownerOf(object) : undefined
  if (owner !== undefined) return { ...owner, namespace: own.namespace }
  const strategy = recordOf(recordOf(object['spec'])['updateStrategy'])['type']

  return { ...own, isOnDelete: strategy === 'OnDelete' }
}
