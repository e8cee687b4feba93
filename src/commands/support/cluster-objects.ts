import type { KubeClient } from '../../kube/client.js'
import { type KubeObject, listObjects } from '../../kube/read.js'
import { GuardError } from '../../model/guard-error.js'
import { readCollection, runners, serviceAccounts } from '../../sources/cluster/collections.js'

/** The cluster objects that a migration plan is based on. */
export interface ClusterObjects {
  readonly objects: readonly KubeObject[]
  /** Why some collections are missing, if they could not be read. */
  readonly unread: readonly string[]
}

/**
 * Reads the service accounts, workloads and pods of a namespace, or of all namespaces, and the nodes and
 * DaemonSets that show whether the EKS Pod Identity Agent runs. Throws ERR_KUBECONFIG or ERR_INPUT if the
 * service accounts cannot be read.
 */
export async function loadClusterObjects(
  client: KubeClient,
  namespace: string | undefined
): Promise<ClusterObjects> {
  const accounts = await readCollection(client, serviceAccounts, { namespace })
  if (accounts.unread !== undefined) {
    throw new GuardError(
      accounts.unread.status === undefined ? 'ERR_KUBECONFIG' : 'ERR_INPUT',
      `${accounts.unread.because}: cluster ${client.server}`
    )
  }
  const [lists, nodes, daemonSets] = await Promise.all([
    Promise.all(runners.map(async (collection) => readCollection(client, collection, { namespace }))),
    listObjects(client, '/api/v1/nodes'),
    listObjects(client, '/apis/apps/v1/namespaces/kube-system/daemonsets')
  ])
  // Only nodes and DaemonSets together show whether the agent is missing.
  const ofAgent =
    nodes.state === 'known' && daemonSets.state === 'known' ? [...nodes.value, ...daemonSets.value] : []

  return {
    objects: [...accounts.objects, ...lists.flatMap(({ objects }) => objects), ...ofAgent],
    unread: lists.flatMap(({ unread }) => unread?.because ?? [])
  }
}
