import type { PreflightFact } from '../../ca-bundle/preflight/preflight.js'
import type { KubeClient } from '../../kube/client.js'
import type { KubeObject } from '../../kube/read.js'
import { canI } from '../../kube/refusals.js'
import { type Collection, pathOf, readCollection } from '../cluster/collections.js'

/** The cluster to read from, and the kubectl flags that select it (empty, or with a leading space). */
export interface ReadCluster {
  readonly client: KubeClient
  readonly flags: string
}

/**
 * Reads all objects of a collection, page by page. If the user may not list them, the fact includes the command
 * that shows the missing permission. Never rejects.
 */
export async function readAll(
  { client, flags }: ReadCluster,
  collection: Collection
): Promise<PreflightFact<readonly KubeObject[]>> {
  const { objects, unread } = await readCollection(client, collection)
  if (unread === undefined) return { state: 'known', value: objects }

  return {
    state: 'unknown',
    because: unread.because,
    ...(unread.status === 403 && {
      check: `${canI('GET', pathOf(collection, undefined))}${collection.isNamespaced ? ' -A' : ''}${flags}`
    })
  }
}

/** A fact that is derived from a known one. */
export const mapFact = <T, R>(fact: PreflightFact<T>, map: (value: T) => R): PreflightFact<R> =>
  fact.state === 'known' ? { state: 'known', value: map(fact.value) } : fact
