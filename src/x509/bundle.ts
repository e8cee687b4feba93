import { decodeBase64 } from './base64.js'
import { type Certificate, parseCertificate } from './certificate.js'
import { parsePemBlocks, type PemBlock } from './pem.js'

/** What Go makes of one PEM block of a bundle. */
export type BundleEntry =
  | { readonly block: PemBlock; readonly certificate: Certificate }
  | { readonly block: PemBlock; readonly skipped: 'label' | 'headers' }
  | { readonly block: PemBlock; readonly refusal: string }

/** A bundle as Go reads it. */
export interface Bundle {
  /** The bytes in latin1: a character for each. */
  readonly text: string
  readonly entries: readonly BundleEntry[]
  /** The certificates that the API server would trust, in order; equal ones are listed each time. */
  readonly certificates: readonly Certificate[]
}

/**
 * Reads PEM bytes as Go's `AppendCertsFromPEM` does: only plain CERTIFICATE blocks count, what does not parse
 * is passed over.
 */
export function parseBundle(pem: Buffer, goMinor: number): Bundle {
  const text = pem.toString('latin1')
  const entries = parsePemBlocks(text).map((block): BundleEntry => {
    if (block.label !== 'CERTIFICATE') return { block, skipped: 'label' }
    if (block.hasHeaders) return { block, skipped: 'headers' }
    const certificate = parseCertificate(block.bytes, goMinor)

    return 'refusal' in certificate ? { block, refusal: certificate.refusal } : { block, certificate }
  })

  return {
    text,
    entries,
    certificates: entries.flatMap((entry) => ('certificate' in entry ? [entry.certificate] : []))
  }
}

/**
 * Reads the base64 text of a `caBundle`; undefined when it is not base64, which no API server would store.
 */
export function parseCaBundle(caBundle: string, goMinor: number): Bundle | undefined {
  const pem = decodeBase64(caBundle)

  return pem === undefined ? undefined : parseBundle(pem, goMinor)
}

/**
 * The error of the API server's client for a bundle without a usable certificate (client-go, transport,
 * createErrorParsingCAData); undefined if there is one.
 */
export function unusableText({ text, entries, certificates }: Bundle): string | undefined {
  if (certificates.length > 0) return undefined

  const prefix = 'unable to load root certificates: '
  const refused = entries.find((entry) => 'refusal' in entry)
  if (refused !== undefined) return `${prefix}failed to parse certificate: ${refused.refusal}`

  return (entries.at(-1)?.block.end ?? 0) < text.length || text === ''
    ? `${prefix}unable to parse bytes as PEM block`
    : `${prefix}no valid certificate authority data seen`
}
