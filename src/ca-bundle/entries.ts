import { parseIssuerPartition } from '../model/issuer.js'
import {
  type AcceptedBundles,
  acceptedInRotation,
  type AcceptedTexts,
  acceptedTexts
} from './accepted-texts.js'
import { expectedByRotation, type ExpectedCas } from './expected-cas.js'
import { guardedNamesOf, type GuardedWebhook, ownWebhooks } from './guarded-webhooks.js'
import { describeRotation } from './next-step.js'
import type { Rotation } from './rotation.js'

/** The inputs from which the entries are derived. */
export interface EntriesQuestion {
  readonly guarded: readonly GuardedWebhook[]
  /** Our own CAs as PEM; empty if they could not be read; undefined if the controller does not issue them. */
  readonly ownCas: string | undefined
  /** The rotation of the cluster CA; undefined if the cluster CAs are unknown. */
  readonly rotation: Rotation | undefined
  /** The expected CAs of a webhook; undefined if they could not be determined. */
  readonly expectedCas: (guarded: GuardedWebhook) => ExpectedCas | undefined
  readonly issuer: string | undefined
  /**
   * Whether the identity webhook mutated the canary at every API server while the current bundle was in
   * place.
   */
  readonly canaryPassed: boolean
  /** Names of additional webhooks to guard, from the configuration. */
  readonly guard: readonly string[]
  /** Names of guarded webhooks for which the configuration says to deny unexpected bundles. */
  readonly enforce: readonly string[]
  /**
   * The users that may write any bundle to a webhook, by webhook name. By default, these are the injectors
   * that the webhook's configuration requests.
   */
  readonly injectors: Readonly<Record<string, readonly string[]>>
  /** The entries published so far. */
  readonly published: readonly AcceptedBundles[]
  readonly at: Date
}

/**
 * The entries to publish: one for each name of the guarded webhooks, and those kept for webhooks that no
 * longer exist. If the expected CAs are unknown, the entry has no accepted strings, so that the policies do
 * not compare any bundle with it.
 */
export function entriesOf(question: EntriesQuestion): AcceptedBundles[] {
  const names = new Set(question.guarded.map(({ webhook }) => webhook.name))
  const guardedNames = guardedNamesOf(question.guard)
  const kept = question.published
    .filter(({ name }) => guardedNames.has(name) && !names.has(name))
    .flatMap((entry) => entryOfGone(entry, question))
  const found = [...names].map((name): AcceptedBundles => {
    const all = question.guarded.filter(({ webhook }) => webhook.name === name)
    // If a control-plane webhook has this name, only control-plane webhooks decide which bundles are
    // accepted. A webhook with the same name elsewhere cannot add its own CA.
    const beside = all.filter(({ place }) => place === 'control-plane')
    const places = beside.length > 0 ? beside : all
    const before = question.published.find((entry) => entry.name === name)
    // If our own certificates cannot be read now, the previous entry stays valid.
    if (before !== undefined && places.some(({ place }) => place === 'own') && question.ownCas === '')
      return before

    const expected = places.map((one) => question.expectedCas(one))
    const texts = expected.map((one) => textsOf(one, places))
    const [accepted, complete] = (['accepted', 'complete'] as const).map((key) => [
      ...new Set(texts.flatMap((each) => each[key]))
    ]) as [string[], string[]]

    return {
      name,
      action: actionOf(name, places, accepted, question),
      accepted,
      complete,
      injectors: question.injectors[name] ?? usualInjectorsOf(all),
      rotation: rotationText(
        expected.find((one) => one?.rotation !== undefined),
        question.at
      )
    }
  })

  return [...found, ...kept].sort((one, other) => one.name.localeCompare(other.name))
}

/**
 * Keeps an entry with action Deny while its webhook does not exist, because the webhook might be recreated
 * with a different bundle. The entry is updated to the current CAs. If the cluster CAs are unknown, only an
 * entry for our own webhooks is kept.
 */
function entryOfGone(
  entry: AcceptedBundles,
  { ownCas, rotation, enforce, at }: EntriesQuestion
): AcceptedBundles[] {
  if (entry.action !== 'Deny') return []
  if (ownWebhooks.some((own) => own === entry.name)) {
    if (ownCas === undefined) return []
    return ownCas === '' ? [entry] : [{ ...entry, ...textsOf({ current: ownCas }, []) }]
  }
  if (rotation === undefined) return []

  // Outside the control plane, only the configuration can make a webhook's action Deny. Its expected CA
  // cannot be determined while the webhook does not exist.
  const expected = expectedByRotation(rotation)
  const texts = textsOf(expected, [])
  const isOfCluster =
    !enforce.includes(entry.name) || entry.accepted.some((text) => texts.accepted.includes(text))

  return isOfCluster ? [{ ...entry, ...texts, rotation: rotationText(expected, at) }] : []
}

function textsOf(right: ExpectedCas | undefined, places: readonly GuardedWebhook[]): AcceptedTexts {
  if (right === undefined) return { accepted: [], complete: [] }
  const texts = [undefined, ...places.flatMap(({ webhook }) => webhook.caBundle ?? [])].map((inPlace) =>
    right.rotation === undefined
      ? acceptedTexts(right.current, { ...right, inPlace })
      : acceptedInRotation(right.rotation, { pem: right.rotation.published, inPlace })
  )

  return {
    accepted: [...new Set(texts.flatMap(({ accepted }) => accepted))],
    complete: [...new Set(texts.flatMap(({ complete }) => complete))]
  }
}

const rotationText = (expected: ExpectedCas | undefined, at: Date): string =>
  (expected?.rotation && describeRotation(expected.rotation, at)) ?? ''

/**
 * The injectors that the webhooks' configurations request. An injector can write a new CA before we publish
 * that CA as accepted, so its writes are never denied.
 */
function usualInjectorsOf(places: readonly GuardedWebhook[]): string[] {
  const injections = places.flatMap(({ webhook, place, injections }) =>
    place === 'reachable' && webhook.service ? injections : []
  )

  return [...new Set(injections.map(({ username }) => username))]
}

/**
 * Denies only where there is no doubt: for our own webhooks, for those listed in `enforce`, and for
 * control-plane webhooks if the cluster is on EKS or the canary has proved the accepted bundles correct.
 */
function actionOf(
  name: string,
  places: readonly GuardedWebhook[],
  accepted: readonly string[],
  { issuer, canaryPassed, enforce, published }: EntriesQuestion
): AcceptedBundles['action'] {
  if (enforce.includes(name) || places.some(({ place }) => place === 'own')) return 'Deny'
  if (!places.every(({ place }) => place === 'control-plane')) return 'Warn'
  if (issuer !== undefined && parseIssuerPartition(issuer) !== undefined) return 'Deny'

  const isProved =
    canaryPassed &&
    places.every(({ webhook }) => webhook.caBundle !== undefined && accepted.includes(webhook.caBundle))
  // Once the action is Deny, it stays Deny. Otherwise, once an unexpected bundle is in place, the next one
  // would be accepted, too.
  return isProved || published.some((entry) => entry.name === name && entry.action === 'Deny')
    ? 'Deny'
    : 'Warn'
}
