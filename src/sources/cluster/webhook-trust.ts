import type { AcceptedBundles } from '../../ca-bundle/accepted-texts.js'
import { expectedClusterCasOf } from '../../ca-bundle/published-sets.js'
import type { RememberedCa } from '../../ca-bundle/remembered-cas.js'
import type { BundleState } from '../../ca-bundle/state.js'
import type { ExpectedCasSource } from '../../facts/facts.js'
import type { KubeClient } from '../../kube/client.js'
import { loadValue, readObject } from '../../kube/read.js'
import { raceDeadline } from '../../model/deadline.js'
import { recordOf } from '../../text/record.js'

/** The state of a guarded webhook in the WebhookTrust's status. */
export interface StatusEntry {
  /** The kind and name, such as `mutatingwebhookconfiguration/pod-identity-webhook`. */
  readonly configuration: string
  readonly name: string
  readonly state: BundleState
  readonly because: string
  /** What will change the state next, and when; undefined if no rotation step will. */
  readonly next?: string
  /** When the state began, as RFC 3339. */
  readonly since: string
}

/** The WebhookTrust `cluster` as it is stored. */
export interface WebhookTrust {
  readonly confirmedAt: Date
  readonly entries: readonly AcceptedBundles[]
  /** The cluster CAs, and those of the last 30 days. */
  readonly clusterCas: readonly RememberedCa[]
  readonly status: readonly StatusEntry[]
  /**
   * Whether the object is being deleted, has finalizers or owners, or lacks the label that keeps it out of
   * backups. The controller then writes it again.
   */
  readonly isTampered: boolean
}

// A WebhookTrust that is restored into another cluster would approve the wrong CA:
// https://velero.io/docs/main/resource-filtering/
export const notForBackups = { 'velero.io/exclude-from-backup': 'true' }

export const webhookTrusts = '/apis/irsa-guard.io/v1/webhooktrusts'
export const webhookTrustPath = `${webhookTrusts}/cluster`

/**
 * Reads the WebhookTrust. Undefined if there is none or its kind is not installed. Rejects if the API server
 * does not answer.
 */
export async function loadWebhookTrust(client: KubeClient): Promise<WebhookTrust | undefined> {
  const object = loadValue(await readObject(client, webhookTrustPath, { name: 'the WebhookTrust' }))
  if (object === undefined) return undefined

  // The kind's schema applies to every stored object, so these casts only name what the API server has
  // already checked.
  const spec = (object['spec'] ?? {}) as {
    confirmedAt?: string
    webhooks?: readonly AcceptedBundles[]
    clusterCAs?: readonly RememberedCa[]
  }
  const state = (object['status'] ?? {}) as { webhooks?: readonly StatusEntry[] }
  const { finalizers, ownerReferences, deletionTimestamp, labels } = recordOf(object['metadata'])
  const hasLabels = Object.entries(notForBackups).every(([key, value]) => recordOf(labels)[key] === value)

  return {
    confirmedAt: new Date(spec.confirmedAt ?? 0),
    entries: spec.webhooks ?? [],
    clusterCas: spec.clusterCAs ?? [],
    status: state.webhooks ?? [],
    isTampered:
      !hasLabels || [finalizers, ownerReferences, deletionTimestamp].some((value) => value !== undefined)
  }
}

// The controller confirms the object every five minutes.
const freshFor = 15 * 60_000

/** Whether the controller confirmed the published bundles recently. Otherwise, they may be outdated. */
export const isFresh = ({ confirmedAt }: Pick<WebhookTrust, 'confirmedAt'>, at: Date): boolean =>
  Math.abs(at.getTime() - confirmedAt.getTime()) <= freshFor

/**
 * The CAs that the caBundle policy expects, as the controller published them. Without a recent WebhookTrust that
 * the user may read, these are all CAs of the cluster (PEM).
 */
export const buildExpectedCas = (
  client: KubeClient,
  clusterCas: string | undefined,
  now: () => Date = () => new Date()
): ExpectedCasSource => ({
  readExpectedCas: async (name, { signal }) => {
    const trust = await raceDeadline(
      signal,
      loadWebhookTrust(client).catch(() => undefined)
    )

    return expectedClusterCasOf(name, trust && isFresh(trust, now()) ? trust.entries : [], clusterCas)
  }
})
