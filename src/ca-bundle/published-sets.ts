import { type Fact, known, unknown } from '../model/fact.js'
import { parseBundle, parseCaBundle } from '../x509/bundle.js'
import type { Certificate } from '../x509/certificate.js'
import { newestGo } from '../x509/go-version.js'
import { buildPool } from '../x509/pool.js'
import type { AcceptedBundles } from './accepted-texts.js'
import type { ExpectedSets, SignerChoice } from './right-bundle.js'
import { holdsCa } from './same-ca.js'

/** The cluster CAs that decide whether the bundle of a control-plane webhook is correct. */
export interface ExpectedClusterCas extends ExpectedSets {
  /**
   * What the caBundle policy does with a bundle that is not correct. Undefined if that is unknown; a bundle
   * may then contain other CAs as well.
   */
  readonly policy: AcceptedBundles['action'] | undefined
}

/**
 * The CAs that the policy expects in a webhook's bundle, from the entries of the WebhookTrust. Without an entry
 * for the webhook, these are all CAs of the cluster (PEM), because it is then unknown which one signs.
 */
export function expectedClusterCasOf(
  name: string,
  entries: readonly AcceptedBundles[],
  clusterCas: string | undefined
): Fact<ExpectedClusterCas> {
  const entry = entries.find((one) => one.name === name)
  const published = entry && publishedSetsOf(entry)
  if (published !== undefined) return known(published)
  if (clusterCas === undefined) return unknown('the cluster CA is unknown')
  const trusted = buildPool(parseBundle(Buffer.from(clusterCas), newestGo).certificates).certificates
  if (trusted.length === 0) return unknown('the cluster CA is not readable PEM')

  return known({ trusted, needed: trusted, mustHold: [], former: [], policy: undefined })
}

/**
 * The CAs from which the controller derived the accepted bundles of an entry. The entry contains every likely
 * combination of these CAs, so the combinations show which CAs are trusted, needed or former, and which ones
 * a bundle must contain. Undefined if the entry accepts nothing.
 */
export function publishedSetsOf({
  accepted,
  complete,
  action
}: Pick<AcceptedBundles, 'accepted' | 'complete' | 'action'>): ExpectedClusterCas | undefined {
  const completeSets = complete.map(certificatesOf)
  const acceptedSets = accepted.map(certificatesOf)
  const trusted = buildPool(completeSets.flat()).certificates
  if (trusted.length === 0) return undefined

  return {
    trusted,
    needed: trusted.filter((ca) => completeSets.every((bundle) => holdsCa(bundle, ca))),
    mustHold: choicesIn(acceptedSets, trusted),
    former: buildPool(acceptedSets.flat()).certificates.filter((ca) => !holdsCa(trusted, ca)),
    policy: action
  }
}

/**
 * The choices (lists of alternative CAs): every accepted bundle contains at least one CA from each of them.
 * Each CA that is in all accepted bundles is a choice of its own. If there is no such CA, the CAs that are
 * accepted alone form a single choice.
 */
function choicesIn(
  accepted: readonly (readonly Certificate[])[],
  trusted: readonly Certificate[]
): readonly SignerChoice[] {
  const common = trusted.filter((ca) => accepted.every((bundle) => holdsCa(bundle, ca)))
  if (common.length > 0) return common.map((ca) => [ca])
  const alone = accepted.filter((bundle) => bundle.length === 1).flat()

  return alone.length === 0 ? [] : [buildPool(alone).certificates]
}

const certificatesOf = (caBundle: string): readonly Certificate[] =>
  parseCaBundle(caBundle, newestGo)?.certificates ?? []
