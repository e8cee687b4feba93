import type { KubeClient } from '../kube/client.js'
import { buildTurns, listAndWatch, type Watched } from '../kube/list-and-watch.js'
import type { KubeObject } from '../kube/read.js'
import { type Collection, pathOf } from '../sources/cluster/collections.js'
import { collections, namespaces, nodesList } from './read-cluster.js'

/**
 * The objects of a cluster that a scan judges, kept up to date by watches. Only the judged fields are kept, as
 * JSON: a parsed pod takes six times the memory. Each call therefore returns new objects.
 */
export interface WatchedObjects {
  /** The names of all known namespaces, including those known only from an object in them. */
  namespaceNames(): ReadonlySet<string>
  /** The objects in a namespace, and the namespace itself. */
  objectsIn(namespace: string): readonly KubeObject[]
  find(plural: string, key: string): KubeObject | undefined
  /** The objects of a collection. */
  listed(plural: string): Iterable<KubeObject>
  /** Why a collection is not known; undefined if it has been listed. */
  unreadBecause(plural: string): string | undefined
  /** The collections that have been neither listed nor refused yet. */
  readonly pending: readonly string[]
  /** The collections that have not been listed, with the reason. */
  readonly unread: readonly { readonly collection: Collection; readonly because: string }[]
  readonly lastEvents: Readonly<Record<string, Date | undefined>>
  stop(): void
}

export interface WatchObjectsOptions {
  /**
   * Called when a judged field has changed, with the namespace of the object; undefined for a cluster-scoped
   * object.
   */
  readonly onChange: (namespace: string | undefined) => void
  /** Called when a watch starts to fail, and when it works again. */
  readonly onTrouble: (plural: string, because: string | undefined) => void
}

/** Watches everything that a scan judges. Metadata-only watches are used where no spec is judged. */
export function watchObjects(
  client: KubeClient,
  { onChange, onTrouble }: WatchObjectsOptions
): WatchedObjects {
  const byNamespace = new Map<string, Map<string, string>>()
  const troubles = new Map<string, string>()
  const inTurn = buildTurns()
  const watched = new Map(
    [namespaces, ...collections, nodesList].map((collection) => [
      collection.plural,
      { collection, watch: watchOf(collection) }
    ])
  )

  function watchOf(collection: Collection): Watched<string> {
    const { group, plural, kind, keep = (object: KubeObject) => object } = collection
    const typed = { apiVersion: group.replace(/^\/apis?\//, ''), kind }

    return listAndWatch(client, {
      path: pathOf(collection, undefined),
      ...(collection.query && { query: queryOf(collection) }),
      metadataOnly: collection.metadataOnly === true,
      keep: (object) => {
        const kept = keep({ ...object, ...typed })
        return kept && JSON.stringify(kept)
      },
      inTurn,
      onChange: (key, object) => note(collection, key, object),
      onTrouble: (because) => {
        if (because === undefined) troubles.delete(plural)
        else troubles.set(plural, because)
        onTrouble(plural, because)
      }
    })
  }

  /** Updates `byNamespace`, and calls `onChange` if the object has changed. */
  function note({ plural, isNamespaced }: Collection, key: string, object: string | undefined): void {
    const namespace = isNamespaced ? key.slice(0, key.indexOf('/')) : plural === 'namespaces' ? key : outside
    const objects = byNamespace.get(namespace) ?? new Map<string, string>()
    const id = `${plural}/${key}`
    if (objects.get(id) === object) return
    if (object === undefined) objects.delete(id)
    else objects.set(id, object)
    if (objects.size === 0) byNamespace.delete(namespace)
    else byNamespace.set(namespace, objects)
    onChange(namespace === outside ? undefined : namespace)
  }

  const unreadBecause = (plural: string): string | undefined => {
    const { collection, watch } = watched.get(plural) ?? {}
    if (watch === undefined || collection === undefined || watch.synced) return undefined

    return `${plural} could not be read (${troubles.get(plural) ?? 'the first list is not complete yet'})`
  }

  return {
    namespaceNames: () => new Set([...byNamespace.keys()].filter((name) => name !== outside)),
    objectsIn: (namespace) => Array.from(byNamespace.get(namespace)?.values() ?? [], parse),
    find: (plural, key) => {
      const json = watched.get(plural)?.watch.get(key)
      return json === undefined ? undefined : parse(json)
    },
    *listed(plural) {
      for (const json of watched.get(plural)?.watch.values() ?? []) yield parse(json)
    },
    unreadBecause,
    get pending() {
      return [...watched].flatMap(([plural, { watch }]) =>
        watch.synced || troubles.has(plural) ? [] : [plural]
      )
    },
    get unread() {
      return [...watched.values()].flatMap(({ collection }) => {
        const because = unreadBecause(collection.plural)
        return because === undefined ? [] : [{ collection, because }]
      })
    },
    get lastEvents() {
      return Object.fromEntries([...watched].map(([plural, { watch }]) => [plural, watch.lastEvent]))
    },
    stop: () => {
      for (const { watch } of watched.values()) watch.stop()
    }
  }
}

/** The key for cluster-scoped objects. */
const outside = ''

const parse = (json: string): KubeObject => JSON.parse(json) as KubeObject // written by `keep`

/** The query parameters of a collection, as strings. */
const queryOf = ({ query = {} }: Collection): Record<string, string> =>
  Object.fromEntries(Object.entries(query).map(([key, value]) => [key, String(value)]))
