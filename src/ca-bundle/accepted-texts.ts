import { parseBundle } from '../x509/bundle.js'
import type { Certificate } from '../x509/certificate.js'
import { goMinorOf } from '../x509/go-version.js'
import { buildPool } from '../x509/pool.js'
import { diagnoseBundle } from './diagnose.js'
import { type ExpectedSets, isComplete, isRight } from './right-bundle.js'

/** The base64 strings that are accepted as a `caBundle`. */
export interface AcceptedTexts {
  readonly accepted: readonly string[]
  /** The accepted strings that contain every current CA. */
  readonly complete: readonly string[]
}

/**
 * The bundles accepted for all webhooks that share a name. This is an entry of the WebhookTrust, which the
 * policies read.
 */
export interface AcceptedBundles extends AcceptedTexts {
  readonly name: string
  readonly action: 'Deny' | 'Warn'
  /** The users that may write other bundles: the injectors of these webhooks. */
  readonly injectors: readonly string[]
  /** Which cluster CA signs now and which one signs next, for messages; empty if no rotation is in progress. */
  readonly rotation?: string | undefined
}

/** Further inputs for the accepted strings, in addition to the CAs that a bundle must contain. */
export interface AcceptedOptions {
  /** CAs (PEM) that are also accepted alone. A bundle need not contain them. */
  readonly acceptedAlone?: string | undefined
  /**
   * CAs (PEM) that are accepted only together with a current CA or one that is accepted alone. An injector
   * leaves such CAs in the bundle after a rotation.
   */
  readonly acceptedTogether?: string | undefined
  /** The base64 string of the existing bundle. */
  readonly inPlace?: string | undefined
  readonly go?: string | undefined
}

/**
 * Lists the ways in which someone is likely to write the current CAs (PEM), as the exact base64 strings that
 * a policy can compare. If there are at most three CAs, the list covers every combination of them in every
 * order, with LF and CRLF line endings, with and without a trailing newline. If there are more, it covers
 * each CA alone, each ordered pair (for up to seven CAs), and all of them in the given order. It also covers
 * `currentCas` and `acceptedAlone` exactly as given, the string of the existing bundle, and the certificates
 * of the existing bundle followed by the current CAs that it lacks. A string is included only if Go can read
 * every certificate in it and every certificate is an accepted CA. A string is complete if it contains all of
 * `currentCas`.
 */
export function acceptedTexts(currentCas: string, options: AcceptedOptions = {}): AcceptedTexts {
  const goMinor = goMinorOf(options.go)
  const poolOf = (...pems: readonly (string | undefined)[]): readonly Certificate[] =>
    buildPool(parseBundle(Buffer.from(pems.join('\n')), goMinor).certificates).certificates
  const current = poolOf(currentCas)
  const sufficient = poolOf(currentCas, options.acceptedAlone)
  const right = poolOf(currentCas, options.acceptedAlone, options.acceptedTogether)

  return textsOf({
    choices: choicesOf(right),
    known: right,
    wanted: current,
    pems: [currentCas, options.acceptedAlone ?? ''],
    inPlace: options.inPlace,
    go: options.go,
    isAccepted: (certificates) => certificates.some((certificate) => isAmong(sufficient, certificate)),
    isComplete: (certificates) => current.every((certificate) => isAmong(certificates, certificate))
  })
}

/**
 * Lists the ways in which someone is likely to write the cluster CAs, as `acceptedTexts` does. A string is
 * accepted if it contains a CA from each choice in `mustHold` and contains only known CAs. It is complete if
 * it also contains every needed CA and no former one. `pem` is the published list of the CAs.
 */
export function acceptedInRotation(
  sets: ExpectedSets,
  { pem, inPlace }: { readonly pem: string; readonly inPlace?: string | undefined }
): AcceptedTexts {
  // A former CA is accepted only alongside trusted ones, so only a few of the likely bundles contain one.
  const withFormer = sets.former.flatMap((ca) => choicesOf([...sets.trusted, ca]))

  return textsOf({
    choices: [...choicesOf(sets.trusted), ...withFormer],
    known: [...sets.trusted, ...sets.former],
    wanted: sets.needed,
    pems: [pem],
    inPlace,
    go: undefined,
    isAccepted: (certificates) => isRight(sets, certificates),
    isComplete: (certificates) => isComplete(sets, certificates)
  })
}

function textsOf({
  choices,
  known,
  wanted,
  pems,
  inPlace: placed,
  go,
  isAccepted,
  isComplete
}: {
  readonly choices: readonly (readonly Certificate[])[]
  /** The CAs that a string may contain. */
  readonly known: readonly Certificate[]
  /** The CAs that are appended to the existing bundle if it lacks them. */
  readonly wanted: readonly Certificate[]
  readonly pems: readonly string[]
  readonly inPlace: string | undefined
  readonly go: string | undefined
  readonly isAccepted: (certificates: readonly Certificate[]) => boolean
  readonly isComplete: (certificates: readonly Certificate[]) => boolean
}): AcceptedTexts {
  const accepted = new Set<string>()
  const complete = new Set<string>()
  const add = (text: string, certificates: readonly Certificate[]): void => {
    if (!isAccepted(certificates)) return

    accepted.add(text)
    if (isComplete(certificates)) complete.add(text)
  }

  const inPlace = expectedCertificatesOf(placed, known, go)
  // cert-manager's cainjector merges in this order:
  // https://cert-manager.io/docs/releases/release-notes/release-notes-1.19/
  const merged =
    inPlace === undefined
      ? []
      : [[...inPlace, ...wanted.filter((certificate) => !isAmong(inPlace, certificate))]]
  for (const choice of [...choices, ...merged]) {
    for (const lineEnd of ['\n', '\r\n']) {
      const blocks = choice.map((certificate) => pemOf(certificate, lineEnd)).join(lineEnd)
      for (const last of [lineEnd, '']) add(Buffer.from(blocks + last).toString('base64'), choice)
    }
  }
  for (const text of pems.map((pem) => Buffer.from(pem).toString('base64')).concat(placed ?? [])) {
    const certificates = expectedCertificatesOf(text, known, go)
    if (certificates !== undefined) add(text, certificates)
  }

  return { accepted: [...accepted], complete: [...complete] }
}

const isAmong = (certificates: readonly Certificate[], { raw }: Certificate): boolean =>
  certificates.some((certificate) => certificate.raw.equals(raw))

// The WebhookTrust stores at most 256 strings for a webhook. With eight CAs, the pairs (four variants each)
// would leave no room for the full set.
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

/** Certificates as PEM, each with a trailing newline. */
export const pemsOf = (certificates: readonly Certificate[]): string =>
  certificates.map((certificate) => `${pemOf(certificate)}\n`).join('')
/** The base64 string of a bundle with these certificates, in this order. */
export const bundleTextOf = (certificates: readonly Certificate[]): string =>
  Buffer.from(pemsOf(certificates)).toString('base64')

/**
 * The certificates of a bundle if it contains only CAs in `right` and Go reads all of it; otherwise
 * undefined.
 */
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

  // The time does not matter here: only faults that make Go skip a block are relevant.
  const isWhole = faults.every(({ kind }) =>
    ['expired', 'not-yet-valid', 'expiring', 'leaf', 'duplicate'].includes(kind)
  )

  return isWhole && bundle.certificates.every((certificate) => isAmong(right, certificate))
    ? bundle.certificates
    : undefined
}
