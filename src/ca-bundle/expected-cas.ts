import { parseBundle, parseCaBundle } from '../x509/bundle.js'
import { goMinorOf } from '../x509/go-version.js'
import { type AcceptedBundles, pemOf, pemsOf } from './accepted-texts.js'
import type { GuardedWebhook } from './guarded-webhooks.js'
import type { InjectedCas, InjectedCasFact } from './injection.js'
import type { Rotation } from './rotation.js'
import { holdsCa } from './same-ca.js'
import { caCertificatesOf } from './signs-served.js'
import { isSignerOf } from './state.js'

/** The CAs expected in the bundle of one guarded webhook, as PEM. */
export interface ExpectedCas {
  /** The CAs that the bundle must contain. */
  readonly current: string
  /** The source of these CAs, if it is an injector. */
  readonly source?: string
  /**
   * CAs that are also accepted alone: they are in the served chain, they verify it, or no chain could be read
   * to compare them with.
   */
  readonly acceptedAlone?: string
  /** CAs that are accepted only together with one from `current` or `acceptedAlone`. */
  readonly acceptedTogether?: string
  /**
   * CAs that were correct until recently. They only distinguish a stale bundle from a foreign one; they are
   * never accepted.
   */
  readonly former?: string
  /** The rotation of the cluster CA, if it decides which bundles are accepted. */
  readonly rotation?: Rotation
}

/** The inputs that determine the expected CAs of a webhook. */
export interface ExpectedCasQuestion {
  readonly ownCas: string
  /** The rotation of the cluster CA; undefined if the cluster CAs are unknown. */
  readonly rotation: Rotation | undefined
  /** The CAs that the injector writes, if an injection is requested. */
  readonly injected?: InjectedCasFact | undefined
  /** The chain that a reachable webhook serves, if a connection was possible. */
  readonly served?: { readonly chain: string; readonly host: string } | undefined
  /** The WebhookTrust entry last published for this webhook. */
  readonly published?: AcceptedBundles | undefined
  readonly at: Date
}

/**
 * The expected CAs of one webhook: for our own webhooks, our own CA; for webhooks in the control plane, the
 * cluster's CAs; for others, the CAs that the injector writes or, if these are unknown, those in the chain
 * that the webhook serves. Undefined if they cannot be determined.
 */
export function expectedCasOf(
  { webhook, place }: GuardedWebhook,
  question: ExpectedCasQuestion
): ExpectedCas | undefined {
  if (place === 'own') return { current: question.ownCas }
  // In the control plane, the cluster's CA signs the certificates:
  // https://docs.aws.amazon.com/eks/latest/userguide/certificate-authority-rotation.html
  if (place === 'control-plane') return question.rotation && expectedByRotation(question.rotation)

  const { served, published, at } = question
  const shown = served === undefined ? '' : caCertificatesOf(served.chain)
  const injected = injectedOf(question)
  const current = injected?.current ?? shown
  if (current === '') return undefined

  // During a rotation, the injector writes the new CA, alone or together with the old one, before the webhook
  // serves a certificate signed by the new CA.
  const older = certificatesOf(
    [injected?.former ?? '', ...rememberedOf(webhook.caBundle, published)].join('\n')
  )
  const isWorking = (pem: string): boolean =>
    served === undefined || certificatesOf(pem).some((ca) => isSignerOf(ca, served, at))
  const olderPems = older.map((certificate) => `${pemOf(certificate)}\n`)

  return {
    current,
    ...(injected && { source: injected.source }),
    acceptedAlone: shown + olderPems.filter(isWorking).join(''),
    acceptedTogether: olderPems.filter((pem) => !isWorking(pem)).join(''),
    former: olderPems.join('') + (injected?.earlier ?? '')
  }
}

/** The CAs expected in the bundle of a control-plane webhook. */
export function expectedByRotation(rotation: Rotation): ExpectedCas {
  const { needed, trusted, former } = rotation
  const others = trusted.filter((ca) => !holdsCa(needed, ca))

  return { current: pemsOf(needed), former: pemsOf([...others, ...former]), rotation }
}

/**
 * The CAs that the injector writes. If the API server cannot be reached, these are the CAs from the last
 * successful read.
 */
function injectedOf({ injected, published }: ExpectedCasQuestion): InjectedCas | undefined {
  if (injected?.fact.state === 'known') return injected.fact.value
  const [last] = published?.complete ?? []

  return injected?.isPassing && last !== undefined
    ? { current: Buffer.from(last, 'base64').toString(), source: 'the last successful read' }
    : undefined
}

/**
 * The certificates in the current bundle that were accepted when the entry was last published. cert-manager
 * does not report which CA it has replaced.
 */
function rememberedOf(caBundle: string | undefined, published: AcceptedBundles | undefined): string[] {
  if (caBundle === undefined || published === undefined) return []
  const blocks = new Set(
    published.accepted.flatMap((text) => certificateBlocks(Buffer.from(text, 'base64').toString('latin1')))
  )
  const inPlace = parseCaBundle(caBundle, goMinorOf(undefined))?.certificates ?? []

  return inPlace
    .map((certificate) => pemOf(certificate))
    .filter((pem) => blocks.has(pem))
    .map((pem) => `${pem}\n`)
}

/**
 * The PEM blocks of a published string, with LF line endings, as we write them. They are not parsed, because
 * a bundle in place and a published one can each contain thousands of certificates.
 */
const certificateBlocks = (text: string): string[] =>
  (text.match(/-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g) ?? []).map((block) =>
    block.replaceAll('\r', '')
  )

const certificatesOf = (pem: string) => parseBundle(Buffer.from(pem), goMinorOf(undefined)).certificates
