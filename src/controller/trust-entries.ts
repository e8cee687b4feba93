import { parseIssuerPartition } from '../model/issuer.js'
import { acceptedTexts } from '../x509/accepted-texts.js'
import { ownWebhooks, type GuardedWebhook } from './guarded-webhooks.js'

/** What is right for the webhooks of one name: an entry of the WebhookTrust, which the policies compare with. */
export interface TrustEntry {
  readonly name: string
  readonly action: 'Deny' | 'Warn'
  readonly accepted: readonly string[]
  readonly complete: readonly string[]
  readonly injectors: readonly string[]
}

/** What the entries follow from. CAs are PEM texts; undefined where nobody could tell. */
export interface TrustQuestion {
  readonly guarded: readonly GuardedWebhook[]
  readonly ownCas: string
  readonly clusterCas: string | undefined
  /** CAs that a reachable webhook showed, by webhook name. */
  readonly shownCas: ReadonlyMap<string, string>
  readonly issuer: string | undefined
  /** Whether the identity webhook mutated the canary at every API server while its bundle was the one in place. */
  readonly canaryPassed: boolean
  /** Names of guarded webhooks whose wrong bundles the configuration wants denied. */
  readonly enforce: readonly string[]
  readonly injectors: Readonly<Record<string, readonly string[]>>
  /** The entries published so far. */
  readonly published: readonly TrustEntry[]
}

/** The entries as they should be published, one for each guarded name. What is not known is not judged: an entry without accepted texts. */
export function trustEntriesOf(question: TrustQuestion): TrustEntry[] {
  const names = new Set(question.guarded.map(({ webhook }) => webhook.name))
  const kept = question.published.filter(({ name }) => !names.has(name)).flatMap((entry) => entryOfGone(entry, question))
  const found = [...names].map((name): TrustEntry => {
    const places = question.guarded.filter(({ webhook }) => webhook.name === name)
    const before = question.published.find((entry) => entry.name === name)
    // Our own certificates could not be read just now: what was right a minute ago still is.
    if (before !== undefined && places.some(({ place }) => place === 'own') && question.ownCas === '') return before

    const cas = casOf(name, places, question)
    const inPlace = places.flatMap(({ webhook }) => webhook.caBundle ?? [])
    const { accepted, complete } = cas === undefined ? { accepted: [], complete: [] } : textsOf(cas, inPlace)

    return { name, action: actionOf(name, places, accepted, question), accepted, complete, injectors: question.injectors[name] ?? [] }
  })

  return [...found, ...kept].sort((one, other) => one.name.localeCompare(other.name))
}

/** One that was denied stays guarded while it is gone, for it may be created again with another bundle: by the CAs of now, where they are known. */
function entryOfGone(entry: TrustEntry, { ownCas, clusterCas, enforce }: TrustQuestion): TrustEntry[] {
  if (entry.action !== 'Deny') return []
  if (ownWebhooks.some((own) => own === entry.name)) return ownCas === '' ? [entry] : [{ ...entry, ...textsOf(ownCas, []) }]
  if (clusterCas === undefined) return []

  // Only the configuration makes one denied that is not beside the API server. What is right for that one, nobody can see now.
  const texts = textsOf(clusterCas, [])
  const isOfCluster = !enforce.includes(entry.name) || entry.accepted.some((text) => texts.accepted.includes(text))

  return isOfCluster ? [{ ...entry, ...texts }] : []
}

/** The CAs that may sign a webhook's certificate now, as far as anybody can tell. */
export function casOf(
  name: string,
  places: readonly Pick<GuardedWebhook, 'place'>[],
  { ownCas, clusterCas, shownCas }: Pick<TrustQuestion, 'ownCas' | 'clusterCas' | 'shownCas'>
): string | undefined {
  if (places.some(({ place }) => place === 'own')) return ownCas
  // In the control plane the cluster's CA signs: https://docs.aws.amazon.com/eks/latest/userguide/certificate-authority-rotation.html
  if (places.some(({ place }) => place === 'control-plane')) return clusterCas

  return shownCas.get(name)
}

function textsOf(cas: string, inPlace: readonly string[]): { accepted: string[]; complete: string[] } {
  const texts = [acceptedTexts(cas), ...inPlace.map((text) => acceptedTexts(cas, { inPlace: text }))]

  return {
    accepted: [...new Set(texts.flatMap(({ accepted }) => accepted))],
    complete: [...new Set(texts.flatMap(({ complete }) => complete))]
  }
}

/** Denied is only what is beyond doubt: ours, what the configuration names, and webhooks of a control plane that has proved us right. */
function actionOf(
  name: string,
  places: readonly GuardedWebhook[],
  accepted: readonly string[],
  { issuer, canaryPassed, enforce, published }: TrustQuestion
): TrustEntry['action'] {
  if (enforce.includes(name) || places.some(({ place }) => place === 'own')) return 'Deny'
  if (!places.every(({ place }) => place === 'control-plane')) return 'Warn'
  if (issuer !== undefined && parseIssuerPartition(issuer) !== undefined) return 'Deny'

  const isProved = canaryPassed && places.every(({ webhook }) => webhook.caBundle !== undefined && accepted.includes(webhook.caBundle))
  // Once proved, it stays so: a wrong bundle in place must not make the next wrong one pass.
  return isProved || published.some((entry) => entry.name === name && entry.action === 'Deny') ? 'Deny' : 'Warn'
}
