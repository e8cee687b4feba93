import type { KubeClient } from '../kube/client.js'
import { type KubeObject, readObject } from '../kube/read.js'
import { identityWebhookConfigMap } from '../model/webhook-configuration.js'
import {
  type Collection,
  type CollectionRead,
  readCollection,
  runners,
  serviceAccounts
} from '../sources/cluster/collections.js'
import { textOf } from '../text/record.js'
import { keepJob, keepMetadata, keepPod, keepReplicaSet, keepWhole, keepWorkload } from './judged-fields.js'

/** The part of a cluster to read. */
export interface ClusterPart {
  /** All namespaces if undefined. */
  readonly namespace?: string | undefined
  /** A label selector for service accounts, workloads and pods. */
  readonly selector?: string | undefined
}

/** A collection of which some or all objects could not be read. */
export interface UnreadCollection {
  readonly collection: Collection
  readonly because: string
  /** The HTTP status of the API server's response; undefined if there was none. */
  readonly status: number | undefined
}

/** What was read from a cluster. */
export interface ClusterObjects {
  /** The objects to judge. */
  readonly objects: readonly KubeObject[]
  /** Objects outside the part that is judged, which only provide facts. */
  readonly others: readonly KubeObject[]
  readonly unread: readonly UnreadCollection[]
  /** Such as `1.35`; undefined if the API server did not say. */
  readonly version: string | undefined
}

/** Options for a read, other than those that select what to read. */
export interface ReadingOptions {
  readonly signal?: AbortSignal | undefined
  /** Called while a collection is being read, with the number of objects so far. */
  readonly onRead?: ((plural: string, count: number) => void) | undefined
}

/**
 * Reads everything that a scan judges, page by page, and keeps only the fields that are judged. A collection
 * that cannot be read does not stop the others. Never rejects.
 */
export async function readCluster(
  client: KubeClient,
  { namespace, selector }: ClusterPart,
  { signal, onRead }: ReadingOptions = {}
): Promise<ClusterObjects> {
  const read = async (
    collection: Collection,
    { within = namespace, isSelected = true } = {}
  ): Promise<CollectionRead> => {
    let count = 0
    return readCollection(client, collection, {
      namespace: within,
      ...(isSelected && selector !== undefined && isSelectable(collection)
        ? { query: { labelSelector: selector } }
        : {}),
      ...(signal && { signal }),
      onPage: (objects) => onRead?.(collection.plural, (count += objects))
    })
  }
  const isPart = namespace !== undefined || selector !== undefined
  const [version, lists, nodes, system] = await Promise.all([
    readVersion(client, signal),
    Promise.all([
      namespace === undefined ? read(namespaces) : readNamespace(client, namespace, signal),
      ...collections.map(async (collection) => read(collection))
    ]),
    read(nodesList),
    isPart ? read(daemonSets, { within: 'kube-system', isSelected: false }) : undefined
  ])
  const agents = system ?? lists.find(({ collection }) => collection.plural === daemonSets.plural)
  // Nodes alone would not show whether the EKS Pod Identity Agent is missing.
  const seenNodes = agents?.unread === undefined && nodes.unread === undefined ? nodes.objects : []

  return {
    objects: lists.flatMap(({ objects }) => objects),
    others: [...seenNodes, ...(system?.objects ?? [])],
    unread: [...lists, nodes].flatMap(({ collection, unread }) =>
      unread === undefined ? [] : [{ collection, ...unread }]
    ),
    version
  }
}

const whole = { keep: keepWhole }
const clusterWide = (
  group: string,
  plural: string,
  kind: string,
  how: Partial<Collection> = {}
): Collection => ({ group, plural, kind, isNamespaced: false, ...how })

export const namespaces = clusterWide('/api/v1', 'namespaces', 'Namespace', {
  metadataOnly: true,
  keep: keepMetadata
})
export const nodesList = clusterWide('/api/v1', 'nodes', 'Node', { metadataOnly: true, keep: keepMetadata })

const keeps: Readonly<Record<string, Collection['keep']>> = {
  pods: keepPod,
  replicasets: keepReplicaSet,
  jobs: keepJob
}
const judgedRunners = runners.map((collection): Collection => ({
  ...collection,
  keep: keeps[collection.plural] ?? keepWorkload,
  // Pods that have ended can outnumber the others. https://kubernetes.io/docs/concepts/overview/working-with-objects/field-selectors/
  ...(collection.plural === 'pods' && {
    query: { fieldSelector: 'status.phase!=Succeeded,status.phase!=Failed' }
  })
}))
const daemonSets = judgedRunners.find(({ plural }) => plural === 'daemonsets') as Collection // `runners` contains it

const admission = '/apis/admissionregistration.k8s.io/v1'

const configMaps: Collection = {
  group: '/api/v1',
  plural: 'configmaps',
  kind: 'ConfigMap',
  isNamespaced: true,
  keep: keepWhole,
  query: { fieldSelector: `metadata.name=${identityWebhookConfigMap}` }
}

/** Whether a label selector applies to a collection. It applies to service accounts, workloads and pods. */
const isSelectable = (collection: Collection): boolean => collection.isNamespaced && collection !== configMaps

/** The collections that a scan judges besides the namespaces, in the order of its report. */
export const collections: readonly Collection[] = [
  clusterWide(admission, 'mutatingwebhookconfigurations', 'MutatingWebhookConfiguration', whole),
  clusterWide(admission, 'validatingwebhookconfigurations', 'ValidatingWebhookConfiguration', whole),
  configMaps,
  { ...serviceAccounts, metadataOnly: true, keep: keepMetadata },
  ...judgedRunners
]

/** Reads one namespace, because a user with access to one namespace may not be permitted to list them all. */
async function readNamespace(
  client: KubeClient,
  name: string,
  signal: AbortSignal | undefined
): Promise<CollectionRead> {
  const read = await readObject(client, `/api/v1/namespaces/${name}`, {
    name: `namespace ${name}`,
    ...(signal && { signal })
  })
  if (read.state === 'unknown')
    return {
      collection: namespaces,
      objects: [],
      unread: { because: read.because, status: read.response?.status }
    }

  return {
    collection: namespaces,
    objects:
      read.value === undefined ? [] : [keepMetadata({ ...read.value, apiVersion: 'v1', kind: 'Namespace' })]
  }
}

/** The version of the API server without its patch level. https://kubernetes.io/releases/version-skew-policy/ */
async function readVersion(client: KubeClient, signal: AbortSignal | undefined): Promise<string | undefined> {
  const read = await readObject(client, '/version', signal ? { signal } : {})
  const text = read.state === 'known' ? textOf(read.value?.['gitVersion']) : undefined

  return /^v(\d+\.\d+)/.exec(text ?? '')?.[1]
}
