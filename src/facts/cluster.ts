import { listAndWatch, type Watched } from '../kube/list-and-watch.js'
import type { KubeClient } from '../kube/client.js'
import { known, unknown, type Fact } from '../model/fact.js'
import { parseNamespaceSettings, type NamespaceSettings } from '../model/namespace.js'
import { before, reasonOf } from './before.js'
import { buildIssuerReader } from './cluster-issuer.js'
import type { ClusterSource } from './facts.js'

/** Facts about a live cluster; `ready` once everything that is watched has been listed. */
export interface LiveCluster extends ClusterSource {
  readonly ready: boolean
  readonly lastEvents: Readonly<Record<string, Date | undefined>>
  stop(): void
}

/** Watches a cluster's namespaces (labels and annotations only) and finds out its issuer. `onTrouble` hears of each change for the worse or better. */
export function watchCluster(client: KubeClient, onTrouble: (collection: string, because: string | undefined) => void): LiveCluster {
  const namespaces = listAndWatch(client, {
    path: '/api/v1/namespaces',
    metadataOnly: true,
    keep: parseNamespaceSettings,
    onTrouble: (because) => onTrouble('namespaces', because)
  })
  const issuer = buildIssuerReader(client)

  return {
    readIssuer: issuer,
    readNamespace: buildReader(namespaces, (name, signal) => readNamespaceSettings(client, name, signal)),
    get ready() {
      return namespaces.synced
    },
    get lastEvents() {
      return { namespaces: namespaces.lastEvent }
    },
    stop: () => namespaces.stop()
  }
}

/** Answers from a watch; what the watch has not seen yet is read once for everybody who waits for it. */
function buildReader<T>(watched: Watched<T>, read: (key: string, signal: AbortSignal) => Promise<Fact<T>>) {
  const reading = new Map<string, Promise<Fact<T>>>()

  return async (key: string, signal: AbortSignal): Promise<Fact<T>> => {
    const seen = watched.get(key)
    if (seen !== undefined) return known(seen)

    const pending = reading.get(key) ?? read(key, AbortSignal.timeout(readTimeout)).finally(() => reading.delete(key))
    reading.set(key, pending)
    return before(signal, pending, `${key} was not read in time`)
  }
}

// Others may wait for the same read, so it does not end with the first one's deadline.
const readTimeout = 5000

async function readNamespaceSettings(client: KubeClient, name: string, signal: AbortSignal): Promise<Fact<NamespaceSettings>> {
  try {
    const { status, body } = await client.request({
      path: `/api/v1/namespaces/${encodeURIComponent(name)}`,
      accept: 'application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1',
      signal
    })
    if (status === 200) return known(parseNamespaceSettings(body))

    return unknown(`namespace ${name} could not be read (the API server answered ${status})`)
  } catch (error) {
    return unknown(`namespace ${name} could not be read (${reasonOf(error)})`)
  }
}
