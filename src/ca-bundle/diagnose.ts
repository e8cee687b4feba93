import { decodeBase64 } from '../x509/base64.js'
import { type Bundle, parseBundle, unusableText } from '../x509/bundle.js'
import { type Certificate, isInDate, parseCertificate } from '../x509/certificate.js'
import { describeCertificate } from '../x509/describe.js'
import { goMinorOf } from '../x509/go-version.js'
import { buildPool } from '../x509/pool.js'
import { formatTime } from '../x509/time.js'
import { findBlockFaults, labelFault } from './block-faults.js'
import { type Fault, type FaultKind, faultOf, FaultTally, placeholderFault } from './faults.js'
import { placeholderIn } from './placeholder.js'

export interface Diagnosis {
  /** The bundle as Go reads it; undefined if the string is not base64. */
  readonly bundle: Bundle | undefined
  readonly faults: readonly Fault[]
  /**
   * The error that the API server's client returns if it can read no certificate in the bundle; undefined if
   * it can, or if the bundle is empty.
   */
  readonly unusable: string | undefined
}

const expiryWarning = 30 * 86_400_000

/** Whether a certificate is valid now and for the next 30 days. */
export const isLasting = (certificate: Certificate, at: Date): boolean =>
  isInDate(certificate, at) && at.getTime() + expiryWarning <= certificate.notAfter

/**
 * Explains why the API server reads fewer certificates from a caBundle (base64) than its author intended, and
 * what is wrong with those that the API server does read. Never throws; runs in linear time.
 */
export function diagnoseBundle(caBundle: string, at: Date, go?: string): Diagnosis {
  const goMinor = goMinorOf(go)
  const decoded = decodeBase64(caBundle)
  if (decoded === undefined) {
    const placeholder = placeholderIn(caBundle)
    const fault =
      placeholder === undefined ? faultOf('not-base64', 1, undefined) : placeholderFault(placeholder)

    return { bundle: undefined, faults: [fault], unusable: 'illegal base64 data' }
  }

  const bundle = parseBundle(decoded, goMinor)
  const found = new FaultTally(bundle.text)
  const whole = wholeTextFault(decoded, bundle, goMinor)
  if (whole !== undefined) found.add(whole)
  else findBlockFaults(bundle.text, found)
  for (const entry of bundle.entries) {
    if ('refusal' in entry) found.add('certificate-refused', entry.block.start, entry.refusal)
    if ('skipped' in entry)
      found.add(
        entry.skipped === 'headers' ? 'headers' : labelFault(entry.block.label),
        entry.block.start,
        entry.block.label
      )
  }
  const isSilent = bundle.text !== '' && bundle.entries.length === 0 && found.isEmpty
  // Some placeholders are valid base64 (CHANGEME), and some were base64-encoded before they got here.
  const placeholder = isSilent ? (placeholderIn(caBundle) ?? placeholderIn(bundle.text)) : undefined
  if (placeholder !== undefined)
    return { bundle, faults: [placeholderFault(placeholder)], unusable: unusableText(bundle) }
  if (isSilent) found.add(/-----begin/i.test(bundle.text) ? 'lower-case' : 'no-pem')
  certificateFaults(bundle, at, found)

  return { bundle, faults: found.faults, unusable: bundle.text === '' ? undefined : unusableText(bundle) }
}

// A PKCS#7 container starts with the OID id-signedData, 1.2.840.113549.1.7.2: RFC 5652, sections 3 and 5.
const signedData = Buffer.from('06092a864886f70d010702', 'hex')

/** The fault of the text as a whole, if no block could be read from it. */
function wholeTextFault(bytes: Buffer, { text, entries }: Bundle, goMinor: number): FaultKind | undefined {
  if (entries.length > 0) return undefined
  if (/^(?:\u00ff\u00fe|\u00fe\u00ff)|\u0000-\u0000-/.test(text)) return 'utf-16'
  if (bytes[0] === 0x30 && !('refusal' in parseCertificate(bytes, goMinor))) return 'der'
  if (bytes[0] === 0x30 && bytes.subarray(0, 32).includes(signedData)) return 'pkcs7-der'
  if (/^[A-Za-z0-9+/]{16}/.test(text) && !/[^A-Za-z0-9+/=\s]/.test(text)) {
    const inner = decodeBase64(text.replace(/\s+/g, ''))
    if (
      inner?.includes('-----BEGIN ') ||
      (inner?.[0] === 0x30 && !('refusal' in parseCertificate(inner, goMinor)))
    )
      return 'base64-twice'
  }

  return undefined
}

// These replace the fixes in faults.ts if the bundle has a certificate that stays valid for more than 30 days.
const spareFixes = {
  expired: 'remove it, because the bundle contains a valid one',
  expiring:
    'remove it once it no longer signs any serving certificate; the bundle already contains the next one'
} as const

function certificateFaults({ certificates }: Bundle, at: Date, found: FaultTally): void {
  const now = at.getTime()
  const { certificates: unique } = buildPool(certificates)
  const isReplaced = unique.some((certificate) => isLasting(certificate, at))
  const spare = isReplaced ? spareFixes : undefined
  for (const certificate of unique) {
    const { notBefore, notAfter, basicConstraints, version } = certificate
    const who = describeCertificate(certificate)
    const until = `${who}, at ${formatTime(notAfter)}`
    if (now > notAfter) found.add('expired', undefined, until, certificate, spare?.expired)
    else if (now < notBefore)
      found.add('not-yet-valid', undefined, `${who}, before ${formatTime(notBefore)}`, certificate)
    else if (now + expiryWarning > notAfter)
      found.add('expiring', undefined, until, certificate, spare?.expiring)
    if (basicConstraints?.isCa !== true && !(basicConstraints === undefined && version < 3))
      found.add('leaf', undefined, who, certificate)
  }
  if (unique.length < certificates.length) found.add('duplicate')
}
