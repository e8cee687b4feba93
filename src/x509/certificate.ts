import { createHash } from 'node:crypto'
import { DerReader, tag } from './der.js'
import { type Extensions, noExtensions, parseExtensions } from './extensions.js'
import { type Name, parseName } from './name.js'
import { parseAlgorithm, parsePublicKey, type PublicKey, rightAligned } from './public-key.js'
import { Refusal } from './refusal.js'
import { type SignatureAlgorithm, signatureAlgorithmOf } from './signature-algorithm.js'
import { parseGeneralizedTime, parseUtcTime } from './time.js'

/** A certificate that Go's parser accepts, with the fields that Go's verifier uses. */
export interface Certificate extends Extensions {
  readonly raw: Buffer
  /** The bytes that the signature covers. */
  readonly signedPart: Buffer
  readonly version: 1 | 2 | 3
  /** The content octets of the serial number, in two's complement. */
  readonly serial: Buffer
  readonly signatureAlgorithm: SignatureAlgorithm | undefined
  readonly signature: Buffer
  readonly issuer: Name
  readonly subject: Name
  /** Milliseconds since 1970; the certificate is valid at both times. */
  readonly notBefore: number
  readonly notAfter: number
  /** The SubjectPublicKeyInfo. */
  readonly keyInfo: Buffer
  readonly publicKey: PublicKey
}

/**
 * Parses one DER certificate as `x509.ParseCertificate` of the given Go version does. Returns the certificate
 * or Go's error string. Bytes that Go ignores are ignored here, too. Never throws.
 */
export function parseCertificate(der: Buffer, goMinor: number): Certificate | { readonly refusal: string } {
  try {
    return parseCertificateFields(der, goMinor)
  } catch (error) {
    if (error instanceof Refusal) return { refusal: error.message }
    throw error
  }
}

function parseCertificateFields(der: Buffer, goMinor: number): Certificate {
  const { raw, body } = new DerReader(der).element(tag.sequence, 'x509: malformed certificate')
  const outer = new DerReader(body)
  const signedPart = outer.element(tag.sequence, 'x509: malformed tbs certificate')
  const reader = new DerReader(signedPart.body)

  const version = parseVersion(reader)
  const serial = reader.integer('x509: malformed serial number')
  // Go accepted negative serial numbers before 1.23: https://go.dev/doc/godebug#go-123
  if ((serial[0] ?? 0) >= 0x80 && goMinor >= 23) throw new Refusal('x509: negative serial number')

  const algorithm = reader.read(tag.sequence, 'x509: malformed signature algorithm identifier')
  if (!outer.read(tag.sequence, 'x509: malformed algorithm identifier').equals(algorithm)) {
    throw new Refusal("x509: inner and outer signature algorithm identifiers don't match")
  }
  const signatureAlgorithm = signatureAlgorithmOf(parseAlgorithm(algorithm))
  const issuer = parseName(reader.element(tag.sequence, 'x509: malformed issuer').raw)
  const validity = reader.reader(tag.sequence, 'x509: malformed validity')
  const notBefore = parseTime(validity)
  const notAfter = parseTime(validity)
  const subject = parseName(reader.element(tag.sequence, 'x509: malformed issuer').raw) // Go uses the same string for the subject
  const keyInfo = reader.element(tag.sequence, 'x509: malformed spki').raw
  const publicKey = parsePublicKey(keyInfo)
  const extensions = version === 1 ? noExtensions : parseOptionalParts(reader, version, goMinor)
  const signature = rightAligned(outer.bitString('x509: malformed signature'))
  if (raw.length !== der.length) throw new Refusal('x509: trailing data')

  return {
    ...extensions,
    raw,
    signedPart: signedPart.raw,
    version,
    serial,
    signatureAlgorithm,
    signature,
    issuer,
    subject,
    notBefore,
    notAfter,
    keyInfo,
    publicKey
  }
}

function parseVersion(reader: DerReader): 1 | 2 | 3 {
  const malformed = 'x509: malformed version'
  const explicit = reader.optional(tag.constructed(0), malformed)
  if (explicit === undefined) return 1

  const inner = new DerReader(explicit)
  const version = inner.int64(malformed)
  if (!inner.isEmpty || version < 0n) throw new Refusal(malformed)
  if (version > 2n) throw new Refusal('x509: invalid version')

  return version === 0n ? 1 : version === 1n ? 2 : 3
}

function parseTime(reader: DerReader): number {
  const isUtc = reader.startsWith(tag.utcTime)
  if (!isUtc && !reader.startsWith(tag.generalizedTime)) throw new Refusal('x509: unsupported time format')

  const malformed = isUtc ? 'x509: malformed UTCTime' : 'x509: malformed GeneralizedTime'
  const text = reader.read(isUtc ? tag.utcTime : tag.generalizedTime, malformed).toString('latin1')
  const moment = isUtc ? parseUtcTime(text) : parseGeneralizedTime(text)
  if (moment === undefined) throw new Refusal(malformed)

  return moment
}

function parseOptionalParts(reader: DerReader, version: 2 | 3, goMinor: number): Extensions {
  reader.optional(tag.context(1), 'x509: malformed issuerUniqueID')
  reader.optional(tag.context(2), 'x509: malformed subjectUniqueID')
  const extensions =
    version === 3 ? reader.optional(tag.constructed(3), 'x509: malformed extensions') : undefined

  return extensions === undefined ? noExtensions : parseExtensions(extensions, goMinor)
}

/** Whether the issuer of a certificate equals its subject, byte for byte. */
export const isSelfIssued = ({ issuer, subject }: Certificate): boolean => issuer.raw.equals(subject.raw)

/** SHA-256 of the DER, in hexadecimal with colons, as `openssl x509 -fingerprint -sha256` prints it. */
export const fingerprintOf = ({ raw }: { raw: Buffer }): string =>
  colonHex(createHash('sha256').update(raw).digest())

/** Formats bytes in hexadecimal with colons. */
export const colonHex = (bytes: Buffer): string =>
  bytes
    .toString('hex')
    .toUpperCase()
    .replace(/(..)(?=.)/g, '$1:')

/** Whether a time is within a certificate's validity period, both ends included. */
export const isInDate = ({ notBefore, notAfter }: Certificate, at: Date): boolean =>
  notBefore <= at.getTime() && at.getTime() <= notAfter
