import type { AcceptedBundles } from '../../ca-bundle/accepted-texts.js'
import type { BundleQuestion, PublishedBundles } from '../../ca-bundle/bundle-question.js'
import type { ClusterCas } from '../../ca-bundle/confirm-cas.js'
import { ownWebhooks } from '../../ca-bundle/guarded-webhooks.js'
import type { InjectedCas } from '../../ca-bundle/injection.js'
import { publishedSetsOf } from '../../ca-bundle/published-sets.js'
import { holdsCa } from '../../ca-bundle/same-ca.js'
import type { Fact } from '../../model/fact.js'
import type { Webhook } from '../../model/webhook-configuration.js'
import { isFresh, type WebhookTrust } from '../../sources/cluster/webhook-trust.js'
import { parseBundle } from '../../x509/bundle.js'
import { newestGo } from '../../x509/go-version.js'

/** The sources that determine the expected bundle of a webhook. */
export interface ExpectedBundlesQuestion {
  readonly isOfControlPlane: boolean
  readonly clusterCas: ClusterCas
  readonly injected: Fact<InjectedCas>
  readonly published: Fact<WebhookTrust>
  readonly at: Date
}

/**
 * What a webhook's bundle is judged against. The choice is the same as for the policy's own list: the cluster
 * CAs for a webhook in the control plane, the published bundles for irsa-guard's own webhooks (regardless of
 * annotations), and what the injector writes for any other webhook. If the cluster CAs are unknown, or what
 * the injector writes is unknown, the published list is used, because the policy denies bundles on the basis
 * of that list. If the list is unknown as well, the result contains the reasons.
 */
export function expectedBundlesOf(
  webhook: Webhook,
  { isOfControlPlane, clusterCas, injected, published, at }: ExpectedBundlesQuestion
): Pick<
  BundleQuestion,
  'clusterCa' | 'expected' | 'rotation' | 'unconfirmed' | 'injected' | 'published' | 'notKnown'
> {
  const { confirmed, unconfirmed, doubt } = clusterCas
  if (isOfControlPlane && confirmed !== undefined) {
    return {
      clusterCa: confirmed,
      ...rotationOf(webhook.name, { confirmed, published, at }),
      ...(doubt !== undefined && { unconfirmed: { cas: unconfirmed, doubt } })
    }
  }
  const isOwn = ownWebhooks.some((own) => own === webhook.name)
  const isInjectable = !isOfControlPlane && !isOwn
  if (isInjectable && injected.state === 'known') return { injected: injected.value }

  const found = publishedOf(webhook.name, published)
  if (typeof found !== 'string') return { published: found }
  const reasons = [
    ...(isOfControlPlane
      ? [doubt ?? 'neither the kubeconfig nor ConfigMap default/kube-root-ca.crt contains the cluster CAs']
      : []),
    ...(isInjectable && injected.state !== 'known' ? [injected.because] : []),
    found
  ]

  return { notKnown: reasons.join(', and ') }
}

/**
 * What the controller published about the rotation of the cluster CA. Empty if the publication is too old. A CA
 * that is not confirmed is never required in a bundle.
 */
function rotationOf(
  name: string,
  { confirmed, published, at }: { confirmed: string; published: Fact<WebhookTrust>; at: Date }
): Pick<BundleQuestion, 'expected' | 'rotation'> {
  const entry = entryOf(name, published)
  if (published.state !== 'known' || entry === undefined || !isFresh(published.value, at)) return {}
  const sets = publishedSetsOf(entry)
  if (sets === undefined) return {}

  const cas = parseBundle(Buffer.from(confirmed), newestGo).certificates
  const needed = cas.filter((ca) => holdsCa(sets.needed, ca))
  const mustHold = sets.mustHold.filter((choice) => choice.some((ca) => holdsCa(cas, ca)))

  return {
    ...(needed.length > 0 && { expected: { ...sets, needed, mustHold } }),
    ...(entry.rotation !== undefined && entry.rotation !== '' && { rotation: entry.rotation })
  }
}

/** What the policies compare a webhook's bundle with, if that is known. */
export function entryOf(name: string, published: Fact<WebhookTrust>): AcceptedBundles | undefined {
  return published.state === 'known'
    ? published.value.entries.find((candidate) => candidate.name === name)
    : undefined
}

/** The published bundles of a webhook, or why there are none. */
function publishedOf(name: string, published: Fact<WebhookTrust>): PublishedBundles | string {
  if (published.state !== 'known') return published.because
  const entry = entryOf(name, published)
  if (entry === undefined) return `WebhookTrust "cluster" has no entry for ${name}`
  const { accepted, complete } = entry
  const best = complete[0] ?? accepted[0]
  if (best === undefined)
    return `WebhookTrust "cluster" has no bundle for ${name}, because the controller could not determine the CA either`

  return { best, accepted, complete, confirmedAt: published.value.confirmedAt }
}
