import type { KubeClient } from '../kube/client.js'
import { isRecord } from '../model/subject.js'
import type { BundleState } from '../x509/bundle-state.js'

/** What is right for the webhooks of one name: an entry of the WebhookTrust, which the policies compare with. */
export interface TrustEntry {
  readonly name: string
  readonly action: 'Deny' | 'Warn'
  readonly accepted: readonly string[]
  readonly complete: readonly string[]
  readonly injectors: readonly string[]
}

/** How a guarded webhook stands, as the WebhookTrust's status tells it. */
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
  readonly entries: readonly TrustEntry[]
  readonly status: readonly StatusEntry[]
}

// Restored into another cluster, it would approve the wrong CA: https://velero.io/docs/main/resource-filtering/
export const notForBackups = { 'velero.io/exclude-from-backup': 'true' }

const path = '/apis/irsa-guard.io/v1/webhooktrusts/cluster'
const head = { apiVersion: 'irsa-guard.io/v1', kind: 'WebhookTrust', metadata: { name: 'cluster', labels: notForBackups } }

// The object says when it was last confirmed; every half minute would only fill etcd's history.
const confirmationLifetime = 300_000

/** Reads the WebhookTrust; undefined when there is none, or its kind is not installed. Rejects when the API server does not answer. */
export async function readWebhookTrust(client: KubeClient): Promise<WebhookTrust | undefined> {
  const { status, body } = await client.request({ path })
  if (status === 404) return undefined
  if (status !== 200 || !isRecord(body)) throw new Error(`the WebhookTrust was not read: the API server answered ${status}`)

  // The schema of the kind holds for whatever is stored, so these casts only name what the API server has checked.
  const spec = (body['spec'] ?? {}) as { confirmedAt?: string; webhooks?: readonly TrustEntry[] }
  const state = (body['status'] ?? {}) as { webhooks?: readonly StatusEntry[] }

  return { confirmedAt: new Date(spec.confirmedAt ?? 0), entries: spec.webhooks ?? [], status: state.webhooks ?? [] }
}

/** Publishes the entries where they differ from what is there, or were confirmed some minutes ago. Returns whether it wrote. */
export async function publishTrust(
  client: KubeClient,
  entries: readonly TrustEntry[],
  found: WebhookTrust | undefined,
  now: Date
): Promise<'unchanged' | 'confirmed' | 'changed'> {
  const isSame = found !== undefined && JSON.stringify(entries.map(keyOf)) === JSON.stringify(found.entries.map(keyOf))
  if (isSame && now.getTime() - found.confirmedAt.getTime() < confirmationLifetime) return 'unchanged'

  const body = { ...head, spec: { confirmedAt: now.toISOString(), webhooks: entries } }
  await apply(client, path, body)
  return isSame ? 'confirmed' : 'changed'
}

/** Writes the status. */
export async function publishStatus(client: KubeClient, webhooks: readonly StatusEntry[]): Promise<void> {
  await apply(client, `${path}/status`, { ...head, status: { webhooks } })
}

// Server-side apply creates what is not there and removes what is no longer listed: https://kubernetes.io/docs/reference/using-api/server-side-apply/
async function apply(client: KubeClient, at: string, body: unknown): Promise<void> {
  const { status, body: answer } = await client.request({
    method: 'PATCH',
    path: at,
    query: { fieldManager: 'irsa-guard', force: true },
    contentType: 'application/apply-patch+yaml',
    body
  })
  if (status === 404) throw new Error('the kind WebhookTrust is not installed: apply manifests/ again')
  if (status !== 200 && status !== 201) throw new Error(`the WebhookTrust was not written: ${messageOf(answer, status)}`)
}

const messageOf = (body: unknown, status: number): string =>
  isRecord(body) && typeof body['message'] === 'string' ? body['message'] : `the API server answered ${status}`

const keyOf = ({ name, action, accepted, complete, injectors }: TrustEntry): unknown => [name, action, accepted, complete, injectors]
