import type { AcceptedBundles } from '../ca-bundle/accepted-texts.js'
import type { BundleState } from '../ca-bundle/state.js'
import type { KubeClient, KubeResponse } from '../kube/client.js'
import { applyObject, loadValue, readObject, statusMessage } from '../kube/read.js'
import { recordOf } from '../text/record.js'

/** The state of a guarded webhook in the WebhookTrust's status. */
export interface StatusEntry {
  /** Such as `mutatingwebhookconfiguration/pod-identity-webhook`. */
  readonly configuration: string
  readonly name: string
  readonly state: BundleState
  readonly because: string
  /** RFC 3339. */
  readonly since: string
}

/** The WebhookTrust `cluster` as it was found. */
export interface WebhookTrust {
  readonly confirmedAt: Date
  readonly entries: readonly AcceptedBundles[]
  readonly status: readonly StatusEntry[]
  /**
   * Whether it is being deleted, or has finalizers, owners or labels that are not ours: they can keep it from
   * being what was published.
   */
  readonly isTampered: boolean
}

// Restored into another cluster, it would approve the wrong CA:
// https://velero.io/docs/main/resource-filtering/
export const notForBackups = { 'velero.io/exclude-from-backup': 'true' }

const collection = '/apis/irsa-guard.io/v1/webhooktrusts'
const path = `${collection}/cluster`
const head = {
  apiVersion: 'irsa-guard.io/v1',
  kind: 'WebhookTrust',
  metadata: { name: 'cluster', labels: notForBackups }
}

// The object shows when it was last confirmed. Writing it every half minute would only fill etcd's history.
const confirmationLifetime = 300_000

/**
 * Reads the WebhookTrust; undefined when there is none, or its kind is not installed. Rejects when the API
 * server does not answer.
 */
export async function loadWebhookTrust(client: KubeClient): Promise<WebhookTrust | undefined> {
  const object = loadValue(await readObject(client, path, { name: 'the WebhookTrust' }))
  if (object === undefined) return undefined

  // The schema of the kind holds for whatever is stored, so these casts only name what the API server has
  // checked.
  const spec = (object['spec'] ?? {}) as { confirmedAt?: string; webhooks?: readonly AcceptedBundles[] }
  const state = (object['status'] ?? {}) as { webhooks?: readonly StatusEntry[] }
  const { finalizers, ownerReferences, deletionTimestamp, labels } = recordOf(object['metadata'])
  const hasLabels = Object.entries(notForBackups).every(([key, value]) => recordOf(labels)[key] === value)

  return {
    confirmedAt: new Date(spec.confirmedAt ?? 0),
    entries: spec.webhooks ?? [],
    status: state.webhooks ?? [],
    isTampered:
      !hasLabels || [finalizers, ownerReferences, deletionTimestamp].some((value) => value !== undefined)
  }
}

/** Whether what is stored is what was published, entry by entry. */
export const isPublished = (
  { entries, isTampered }: WebhookTrust,
  published: readonly AcceptedBundles[]
): boolean =>
  !isTampered && JSON.stringify(entries.map(contentOf)) === JSON.stringify(published.map(contentOf))

/**
 * Publishes the entries if they differ from what is stored, or were confirmed some minutes ago. Changes by
 * other clients do not survive: arrays are replaced as a whole, and an object that cannot be updated is
 * recreated.
 */
export async function publishAcceptedBundles(
  client: KubeClient,
  entries: readonly AcceptedBundles[],
  found: WebhookTrust | undefined,
  { now, before }: { now: Date; before: readonly AcceptedBundles[] | undefined }
): Promise<'unchanged' | 'confirmed' | 'changed' | 'healed'> {
  const isSame = found !== undefined && isPublished(found, entries)
  const age = found === undefined ? Infinity : now.getTime() - found.confirmedAt.getTime()
  if (isSame && age >= 0 && age < confirmationLifetime) return 'unchanged' // one from the future was not written by us, or by another clock

  await write(client, { confirmedAt: now.toISOString(), webhooks: entries }, found)
  if (isSame) return 'confirmed'

  return before !== undefined && found !== undefined && !isPublished(found, before) ? 'healed' : 'changed'
}

/** Writes the status. */
export async function publishStatus(client: KubeClient, webhooks: readonly StatusEntry[]): Promise<void> {
  await applyObject(client, 'the status of the WebhookTrust', {
    method: 'PATCH',
    path: `${path}/status`,
    contentType: mergePatch,
    body: { status: { webhooks } }
  })
}

// A merge patch replaces each array as a whole, whichever client wrote its entries: RFC 7386. Server-side
// apply would keep those of other field managers.
const mergePatch = 'application/merge-patch+json'

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
    if (patched.status === 200) return create(client, spec) // without its finalizers it is gone
    // Refused by rights or by load, it would be refused again. Anything else lies in what is stored.
    if ([401, 403, 409, 429].includes(patched.status)) throw notWritten(patched)
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
