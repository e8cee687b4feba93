import { type Certificate, colonHex, fingerprintOf, isSelfIssued } from './certificate.js'
import { describeName } from './name.js'
import { formatTime } from './time.js'

/** A description of a certificate for output. Times are RFC 3339, in UTC. */
export interface CertificateDescription {
  readonly subject: string
  readonly issuer: string
  /** In hexadecimal with colons; undefined if the certificate has none. */
  readonly subjectKeyId: string | undefined
  readonly sha256: string
  readonly notBefore: string
  readonly notAfter: string
  readonly isCa: boolean
  readonly isSelfIssued: boolean
  readonly key: string
}

/** Describes a certificate that Go accepts. */
export function descriptionOf(certificate: Certificate): CertificateDescription {
  const { subject, issuer, subjectKeyId, notBefore, notAfter, version, basicConstraints, publicKey } =
    certificate

  return {
    subject: describeName(subject),
    issuer: describeName(issuer),
    subjectKeyId: subjectKeyId.length === 0 ? undefined : colonHex(subjectKeyId),
    sha256: fingerprintOf(certificate),
    notBefore: formatTime(notBefore),
    notAfter: formatTime(notAfter),
    // X.509 v1 and v2 have no basic constraints; Go lets them sign
    isCa: basicConstraints?.isCa ?? version < 3,
    isSelfIssued: isSelfIssued(certificate),
    key:
      publicKey.kind === 'rsa'
        ? `RSA ${publicKey.bits}`
        : publicKey.kind === 'ecdsa'
          ? publicKey.curve.name
          : publicKey.kind
  }
}

/**
 * The description of a certificate within a sentence: its subject and the beginning of its key identifier, or
 * of its fingerprint if it has no key identifier.
 */
export function describeCertificate(certificate: Certificate): string {
  const { subject, subjectKeyId } = certificate
  const mark =
    subjectKeyId.length === 0
      ? `SHA-256 ${fingerprintOf(certificate).slice(0, 11)}…`
      : `key ${colonHex(subjectKeyId).slice(0, 11)}…`
  const name = describeName(subject)

  return `${name.length > 80 ? `${name.slice(0, 80)}…` : name} (${mark})`
}
