import { setTimeout as sleep } from 'node:timers/promises'
import type { KubeClient } from '../../kube/client.js'
import { type KubeObject, type ListOptions, readPages } from '../../kube/read.js'

/** A collection of the API server. */
export interface Collection extends Pick<ListOptions, 'metadataOnly' | 'keep' | 'query'> {
  /** The path of its API group, such as `/apis/apps/v1`. */
  readonly group: string
  /** The plural name, as in paths. */
  readonly plural: string
  readonly kind: string
  readonly isNamespaced: boolean
}

const namespaced = (group: string, plural: string, kind: string): Collection => ({
  group,
  plural,
  kind,
  isNamespaced: true
})

export const serviceAccounts = namespaced('/api/v1', 'serviceaccounts', 'ServiceAccount')

/**
 * The workloads that run pods, and the pods themselves:
 * https://kubernetes.io/docs/concepts/workloads/controllers/
 */
export const runners: readonly Collection[] = [
  namespaced('/apis/apps/v1', 'deployments', 'Deployment'),
  namespaced('/apis/apps/v1', 'statefulsets', 'StatefulSet'),
  namespaced('/apis/apps/v1', 'daemonsets', 'DaemonSet'),
  namespaced('/apis/apps/v1', 'replicasets', 'ReplicaSet'),
  namespaced('/apis/batch/v1', 'cronjobs', 'CronJob'),
  namespaced('/apis/batch/v1', 'jobs', 'Job'),
  namespaced('/api/v1', 'pods', 'Pod')
]

/** The path of a collection in one namespace, or in all of them. */
export const pathOf = ({ group, plural, isNamespaced }: Collection, namespace: string | undefined): string =>
  `${group}${isNamespaced && namespace !== undefined ? `/namespaces/${namespace}` : ''}/${plural}`

/** What was read from a collection. */
export interface CollectionRead {
  readonly collection: Collection
  readonly objects: readonly KubeObject[]
  /** Why objects are missing; `status` is the HTTP status of the API server's response, if there was one. */
  readonly unread?: { readonly because: string; readonly status: number | undefined }
}

/** Reads a collection page by page, and returns what was read before a failure. Never rejects. */
export async function readCollection(
  client: KubeClient,
  collection: Collection,
  options: Pick<ListOptions, 'query' | 'signal' | 'onPage'> & { readonly namespace?: string | undefined } = {}
): Promise<CollectionRead> {
  const { group, plural, kind, metadataOnly = false, keep } = collection
  const { objects, unread } = await readPages(client, pathOf(collection, options.namespace), {
    name: plural,
    query: { ...collection.query, ...options.query },
    metadataOnly,
    typed: { apiVersion: group.replace(/^\/apis?\//, ''), kind },
    ...(keep && { keep }),
    ...(options.onPage && { onPage: options.onPage }),
    pause: async (milliseconds, signal) =>
      sleep(milliseconds, undefined, signal && { signal }).catch(() => undefined), // the next request ends at once
    ...(options.signal && { signal: options.signal })
  })

  return {
    collection,
    objects,
    ...(unread && { unread: { because: unread.because, status: unread.response?.status } })
  }
}
