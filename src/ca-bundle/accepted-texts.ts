import { parseBundle } from '../x509/bundle.js'
import type { Certificate } from '../x509/certificate.js'
import { goMinorOf } from '../x509/go-version.js'
import { buildPool } from '../x509/pool.js'
import { diagnoseBundle } from './diagnose.js'

/** The base64 texts that are accepted as a `caBundle`. */
export interface AcceptedTexts {
  readonly accepted: readonly string[]
  /** Those of them that hold every current CA. */
  readonly complete: readonly string[]
}

/**
 * The bundles accepted for the webhooks of one name: an entry of the WebhookTrust, which the policies read.
 */
export interface AcceptedBundles extends AcceptedTexts {
  readonly name: string
  readonly action: 'Deny' | 'Warn'
  /** The users that may write other bundles: the injectors of these webhooks. */
  readonly injectors: readonly string[]
}

/** What else counts when bundles are written, besides the CAs that have to be in one. */
export interface AcceptedOptions {
  /** CAs that are right alone, too, and may be missing (PEM). */
  readonly acceptedAlone?: string | undefined
  /**
   * CAs that are accepted only together with one of the others, as an injector leaves them in the bundle
   * after a rotation (PEM).
   */
  readonly acceptedTogether?: string | undefined
  /** The base64 text in place. */
  readonly inPlace?: string | undefined
  readonly go?: string | undefined
}

/**
 * Every way to write the current CAs (PEM) that someone is likely to choose, as the exact base64 texts that a
 * policy can compare: each choice of up to three CAs in each order (of more: each alone, each pair, and all
 * as published), with LF and CRLF, with and without the last line end; besides, the published texts, the text
 * in place, and that one with the current CAs appended, when every certificate of it is such a CA and Go
 * reads all of them. Complete is what holds every one of `currentCas`.
 */
export function acceptedTexts(currentCas: string, options: AcceptedOptions = {}): AcceptedTexts {
  const goMinor = goMinorOf(options.go)
  const poolOf = (...pems: readonly (string | undefined)[]): readonly Certificate[] =>
    buildPool(parseBundle(Buffer.from(pems.join('\n')), goMinor).certificates).certificates
  const current = poolOf(currentCas)
  const sufficient = poolOf(currentCas, options.acceptedAlone)
  const right = poolOf(currentCas, options.acceptedAlone, options.acceptedTogether)
  const accepted = new Set<string>()
  const complete = new Set<string>()
  const add = (text: string, certificates: readonly Certificate[]): void => {
    if (!certificates.some((certificate) => isAmong(sufficient, certificate))) return

    accepted.add(text)
    if (current.every((certificate) => isAmong(certificates, certificate))) complete.add(text)
  }

  const inPlace = expectedCertificatesOf(options.inPlace, right, options.go)
  // In this order cert-manager's cainjector merges:
  // https://cert-manager.io/docs/releases/release-notes/release-notes-1.19/
  const merged =
    inPlace === undefined
      ? []
      : [[...inPlace, ...current.filter((certificate) => !isAmong(inPlace, certificate))]]
  for (const choice of [...choicesOf(right), ...merged]) {
    for (const lineEnd of ['\n', '\r\n']) {
      const blocks = choice.map((certificate) => pemOf(certificate, lineEnd)).join(lineEnd)
      for (const last of [lineEnd, '']) add(Buffer.from(blocks + last).toString('base64'), choice)
    }
  }
  for (const text of [currentCas, options.acceptedAlone ?? '']
    .map((pem) => Buffer.from(pem).toString('base64'))
    .concat(options.inPlace ?? [])) {
    const certificates = expectedCertificatesOf(text, right, options.go)
    if (certificates !== undefined) add(text, certificates)
  }

  return { accepted: [...accepted], complete: [...complete] }
}

const isAmong = (certificates: readonly Certificate[], { raw }: Certificate): boolean =>
  certificates.some((certificate) => certificate.raw.equals(raw))

// The WebhookTrust takes 256 texts for a webhook; with eight CAs the pairs, in four ways each, would leave no
// room for the whole set.
const maxForPairs = 7

function choicesOf(current: readonly Certificate[]): (readonly Certificate[])[] {
  if (current.length === 0) return []

  const alone = current.map((certificate) => [certificate])
  const pairs =
    current.length > maxForPairs
      ? []
      : current.flatMap((one) => current.filter((other) => other !== one).map((other) => [one, other]))
  if (current.length === 1) return alone
  if (current.length === 2) return [...alone, ...pairs]
  if (current.length > 3) return [...alone, ...pairs, current]

  const triples = pairs.flatMap((pair) =>
    current.filter((third) => !pair.includes(third)).map((third) => [...pair, third])
  )

  return [...alone, ...pairs, ...triples]
}

/** A certificate as a PEM block without a trailing newline. */
export function pemOf({ raw }: Certificate, lineEnd = '\n'): string {
  return [
    '-----BEGIN CERTIFICATE-----',
    ...(raw.toString('base64').match(/.{1,64}/g) ?? []),
    '-----END CERTIFICATE-----'
  ].join(lineEnd)
}

/** The certificates of a bundle that contains only such CAs and that Go can read completely. */
function expectedCertificatesOf(
  text: string | undefined,
  right: readonly Certificate[],
  go: string | undefined
): readonly Certificate[] | undefined {
  if (text === undefined) return undefined
  const { bundle, faults } = diagnoseBundle(text, new Date(0), go)
  if (
    bundle === undefined ||
    bundle.certificates.length === 0 ||
    bundle.certificates.length < bundle.entries.length
  )
    return undefined

  // the moment does not matter here: only faults that lose a block do
  const isWhole = faults.every(({ kind }) =>
    ['expired', 'not-yet-valid', 'expiring', 'leaf', 'duplicate'].includes(kind)
  )

  return isWhole && bundle.certificates.every((certificate) => isAmong(right, certificate))
    ? bundle.certificates
    : undefined
}
