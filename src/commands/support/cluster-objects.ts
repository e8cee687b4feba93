import type { KubeClient } from '../../kube/client.js'
import { type KubeObject, listObjects } from '../../kube/read.js'
import { GuardError } from '../../model/guard-error.js'

/** The objects of a cluster from which a migration is planned. */
export interface ClusterObjects {
  readonly objects: readonly KubeObject[]
  /** Why some collections are missing, if they could not be read. */
  readonly unread: readonly string[]
}

/** What runs pods, and the pods: https://kubernetes.io/docs/concepts/workloads/controllers/ */
const collections = [
  ['/apis/apps/v1', 'deployments'],
  ['/apis/apps/v1', 'statefulsets'],
  ['/apis/apps/v1', 'daemonsets'],
  ['/apis/apps/v1', 'replicasets'],
  ['/apis/batch/v1', 'cronjobs'],
  ['/apis/batch/v1', 'jobs'],
  ['/api/v1', 'pods']
] as const

/**
 * Reads the service accounts, workloads and pods of a namespace, or of all namespaces, and the nodes and
 * DaemonSets that show whether the EKS Pod Identity Agent runs. Throws ERR_KUBECONFIG or ERR_INPUT if the
 * service accounts cannot be read.
 */
export async function loadClusterObjects(
  client: KubeClient,
  namespace: string | undefined
): Promise<ClusterObjects> {
  const within = namespace === undefined ? '' : `/namespaces/${namespace}`
  const accounts = await listObjects(client, `/api/v1${within}/serviceaccounts`, { name: 'serviceaccounts' })
  if (accounts.state !== 'known') {
    throw new GuardError(
      accounts.response === undefined ? 'ERR_KUBECONFIG' : 'ERR_INPUT',
      `${accounts.because}: cluster ${client.server}`
    )
  }
  const [lists, nodes, daemonSets] = await Promise.all([
    Promise.all(
      collections.map(async ([group, name]) => listObjects(client, `${group}${within}/${name}`, { name }))
    ),
    listObjects(client, '/api/v1/nodes'),
    listObjects(client, '/apis/apps/v1/namespaces/kube-system/daemonsets')
  ])
  // Nodes or DaemonSets alone would not show whether the agent is missing.
  const ofAgent =
    nodes.state === 'known' && daemonSets.state === 'known' ? [...nodes.value, ...daemonSets.value] : []

  return {
    objects: [
      ...accounts.value,
      ...lists.flatMap((list) => (list.state === 'known' ? list.value : [])),
      ...ofAgent
    ],
    unread: lists.flatMap((list) => (list.state === 'known' ? [] : [list.because]))
  }
}
