import { decodeBase64 } from './base64.js'
import { type Certificate, parseCertificate } from './certificate.js'
import { parsePemBlocks, type PemBlock } from './pem.js'

/** The result of parsing one PEM block in a bundle as Go does. */
export type BundleEntry =
  | { readonly block: PemBlock; readonly certificate: Certificate }
  | { readonly block: PemBlock; readonly skipped: 'label' | 'headers' }
  | { readonly block: PemBlock; readonly refusal: string }

/** A bundle as Go reads it. */
export interface Bundle {
  /** The bytes as latin1, one character per byte. */
  readonly text: string
  readonly entries: readonly BundleEntry[]
  /** The certificates that the API server would trust, in order, including duplicates. */
  readonly certificates: readonly Certificate[]
}

/**
 * Reads PEM bytes as Go's `AppendCertsFromPEM` does: only CERTIFICATE blocks without headers count, and
 * blocks that do not parse are skipped.
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
 * Reads the base64 string of a `caBundle`; undefined if the string is not base64. No API server would store
 * such a string.
 */
export function parseCaBundle(caBundle: string, goMinor: number): Bundle | undefined {
  const pem = decodeBase64(caBundle)

  return pem === undefined ? undefined : parseBundle(pem, goMinor)
}

/**
 * The error that the API server's client returns for a bundle without a usable certificate (client-go,
 * transport, createErrorParsingCAData); undefined if the bundle has a usable certificate.
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
