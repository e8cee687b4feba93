import { isDeepStrictEqual } from 'node:util'
import type { AcceptedBundles } from '../ca-bundle/accepted-texts.js'
import type { KubeClient } from '../kube/client.js'
import { applyObject, statusMessage } from '../kube/read.js'
import type { KubeResponse } from '../kube/response.js'
import {
  notForBackups,
  type StatusEntry,
  type WebhookTrust,
  webhookTrustPath as path,
  webhookTrusts as collection
} from '../sources/cluster/webhook-trust.js'
import { recordOf, textOf } from '../text/record.js'

const head = {
  apiVersion: 'irsa-guard.io/v1',
  kind: 'WebhookTrust',
  metadata: { name: 'cluster', labels: notForBackups }
}

// The object states when it was last confirmed. Updating that time every 30 seconds would only fill etcd's
// history.
const confirmationLifetime = 300_000

/** The parts of a WebhookTrust that the controller publishes. */
export type Publication = Pick<WebhookTrust, 'entries' | 'clusterCas'>

/**
 * Whether two publications describe the rotation in the same way. The comparison is with the previous round
 * and not with the stored object, because the stored object lacks these fields if its CRD is older than the
 * controller.
 */
const describesSame = (one: Publication, other: Publication): boolean =>
  isDeepStrictEqual(one.clusterCas, other.clusterCas) &&
  isDeepStrictEqual(
    ...([one, other].map(({ entries }) => entries.map(({ rotation = '' }) => rotation)) as [
      string[],
      string[]
    ])
  )

/** Whether the stored entries equal the published ones. */
export const isPublished = (
  { entries, isTampered }: WebhookTrust,
  published: readonly AcceptedBundles[]
): boolean =>
  !isTampered && JSON.stringify(entries.map(contentOf)) === JSON.stringify(published.map(contentOf))

/**
 * Publishes the entries if they differ from the stored ones, or if the stored ones were confirmed more than
 * five minutes ago. Changes by other clients do not survive: arrays are replaced as a whole, and an object
 * that cannot be updated is recreated.
 */
export async function publishAcceptedBundles(
  client: KubeClient,
  { entries, clusterCas }: Publication,
  found: WebhookTrust | undefined,
  { now, before }: { now: Date; before: Publication | undefined }
): Promise<'unchanged' | 'confirmed' | 'changed' | 'healed'> {
  const isSame =
    found !== undefined &&
    isPublished(found, entries) &&
    describesSame(before ?? found, { entries, clusterCas })
  const age = found === undefined ? Infinity : now.getTime() - found.confirmedAt.getTime()
  if (isSame && age >= 0 && age < confirmationLifetime) return 'unchanged' // a time in the future comes from another client or from a different clock

  await write(client, { confirmedAt: now.toISOString(), webhooks: entries, clusterCAs: clusterCas }, found)
  if (isSame) return 'confirmed'

  return before !== undefined && found !== undefined && !isPublished(found, before.entries)
    ? 'healed'
    : 'changed'
}

/** Writes the status of the WebhookTrust. */
export async function publishStatus(client: KubeClient, webhooks: readonly StatusEntry[]): Promise<void> {
  await applyObject(client, 'the status of the WebhookTrust', {
    method: 'PATCH',
    path: `${path}/status`,
    contentType: mergePatch,
    body: { status: { webhooks } }
  })
}

// A merge patch replaces each array as a whole, whichever client wrote its entries: RFC 7386. Server-side
// apply would keep the entries of other field managers.
const mergePatch = 'application/merge-patch+json'

const retried = [401, 403, 409, 429, 502, 503, 504]

async function write(client: KubeClient, spec: unknown, found: WebhookTrust | undefined): Promise<void> {
  const metadata = { labels: notForBackups, finalizers: null, ownerReferences: null }
  if (found !== undefined) {
    const patched = await client.request({
      method: 'PATCH',
      path,
      contentType: mergePatch,
      body: { metadata, spec }
    })
    if (
      patched.status === 200 &&
      recordOf(recordOf(patched.body)['metadata'])['deletionTimestamp'] === undefined
    )
      return
    if (patched.status === 200) return create(client, spec) // it was being deleted, so it disappears once its finalizers are removed
    // Recreating the object does not help if permissions, a conflict, a rate limit or an etcd timeout caused
    // the refusal. For any other refusal, the stored object is assumed to be the cause.
    if (retried.includes(patched.status) || /Timeout$/.test(textOf(recordOf(patched.body)['reason']) ?? ''))
      throw notWritten(patched)
    const deleted = await client.request({ method: 'DELETE', path })
    if (deleted.status !== 200 && deleted.status !== 202 && deleted.status !== 404) throw notWritten(patched)
  }
  return create(client, spec)
}

async function create(client: KubeClient, spec: unknown): Promise<void> {
  const created = await client.request({ method: 'POST', path: collection, body: { ...head, spec } })
  if (created.status === 404)
    throw new Error('the kind WebhookTrust is not installed: apply manifests/ again')
  if (created.status !== 201) throw notWritten(created)
}

const notWritten = (response: KubeResponse): Error =>
  new Error(`the WebhookTrust was not written: ${statusMessage(response)}`)

const contentOf = ({ name, action, accepted, complete, injectors }: AcceptedBundles): unknown => [
  name,
  action,
  accepted,
  complete,
  injectors
]
