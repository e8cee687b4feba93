import type { AccountSource, ClusterSource } from '../../facts/facts.js'
import type { KubeClient } from '../../kube/client.js'
import { listAndWatch, objectKeyOf } from '../../kube/list-and-watch.js'
import { readObject } from '../../kube/read.js'
import { type Fact, known, unknown } from '../../model/fact.js'
import { parseNamespaceSettings } from '../../model/namespace.js'
import { isObjectName } from '../../model/object-name.js'
import { type AccountLookup, accountOf } from '../../model/service-account.js'
import { quote } from '../../text/escape.js'
import { buildIssuerReader } from './cluster-issuer.js'
import { readThrough } from './read-through.js'

/** Facts about a live cluster. */
export interface LiveCluster extends ClusterSource, AccountSource {
  /** The watched collections that have not been listed yet; the source is ready once there are none. */
  readonly unlisted: readonly string[]
  readonly lastEvents: Readonly<Record<string, Date | undefined>>
  stop(): void
}

// A bookmark arrives about once a minute. Facts older than this could lead to the denial of an object that is
// valid now.
const accountsMaxAge = 300_000

/**
 * Watches a cluster's namespaces and service accounts (metadata only) and determines its issuer. `onTrouble`
 * is called when a watch starts to fail, and when it works again.
 */
export function watchCluster(
  client: KubeClient,
  onTrouble: (collection: string, because: string | undefined) => void
): LiveCluster {
  const watch = <T>(collection: string, keep: (object: unknown) => T) =>
    listAndWatch(client, {
      path: `/api/v1/${collection}`,
      metadataOnly: true,
      keep,
      onTrouble: (because) => onTrouble(collection, because)
    })
  const namespaces = watch('namespaces', parseNamespaceSettings)
  const serviceaccounts = watch('serviceaccounts', accountOf)
  const namespaceOf = readThrough(namespaces)
  const accountFor = readThrough(serviceaccounts, { maxAge: accountsMaxAge })
  const collections = { namespaces, serviceaccounts }

  return {
    readIssuer: buildIssuerReader(client),
    readNamespace: (name, deadline) =>
      namespaceOf(
        name,
        (signal) => readMetadata(client, 'namespaces', name, signal, parseNamespaceSettings),
        deadline
      ),
    readAccount: (namespace, name, deadline) => {
      if (!isObjectName(namespace) || !isObjectName(name))
        return unknown(`${quote(objectKeyOf(namespace, name))} is not a valid service account name`)

      const read = (signal: AbortSignal): Promise<Fact<AccountLookup>> =>
        readMetadata(client, `namespaces/${namespace}/serviceaccounts`, name, signal, accountOf, {
          exists: false
        })
      return accountFor(objectKeyOf(namespace, name), read, deadline)
    },
    get unlisted() {
      return Object.entries(collections).flatMap(([collection, { synced }]) => (synced ? [] : [collection]))
    },
    get lastEvents() {
      return { namespaces: namespaces.lastEvent, serviceaccounts: serviceaccounts.lastEvent }
    },
    stop: () => {
      for (const watched of Object.values(collections)) watched.stop()
    }
  }
}

/**
 * Reads the metadata of one object. If the object does not exist, the value is `absent`; without `absent`,
 * the fact is unknown.
 */
async function readMetadata<T>(
  client: KubeClient,
  collection: string,
  name: string,
  signal: AbortSignal,
  keep: (object: unknown) => T,
  absent?: T
): Promise<Fact<T>> {
  const path = `${collection}/${encodeURIComponent(name)}`
  const read = await readObject(client, `/api/v1/${path}`, {
    name: path,
    accept: 'application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1',
    signal
  })
  if (read.state !== 'known') return unknown(read.because)
  if (read.value !== undefined) return known(keep(read.value))

  return absent === undefined ? unknown(`${path} does not exist`) : known(absent)
}
