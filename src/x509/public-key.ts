import { createPublicKey, type KeyObject } from 'node:crypto'
import { type Curve, curveOfOid, isOnCurve } from './curves.js'
import { DerReader, tag } from './der.js'
import { Refusal } from './refusal.js'

/**
 * A subject's public key as represented by Go. A key with an algorithm that Go does not know is `unknown`: it
 * parses, but it verifies nothing.
 */
export type PublicKey =
  | { readonly kind: 'rsa'; readonly modulus: Buffer; readonly exponent: bigint; readonly bits: number }
  | { readonly kind: 'ecdsa'; readonly curve: Curve; readonly point: Buffer }
  | { readonly kind: 'ed25519'; readonly bytes: Buffer }
  | { readonly kind: 'dsa' }
  | { readonly kind: 'unknown' }

const nullParameters = Buffer.from([tag.null, 0])
const oids: Readonly<Partial<Record<string, Exclude<PublicKey['kind'], 'unknown'>>>> = {
  '1.2.840.113549.1.1.1': 'rsa',
  '1.2.840.10040.4.1': 'dsa',
  '1.2.840.10045.2.1': 'ecdsa',
  '1.3.101.112': 'ed25519'
}

/** Parses a SubjectPublicKeyInfo element. Throws a Refusal with the error of Go's parser. */
export function parsePublicKey(raw: Buffer): PublicKey {
  const info = new DerReader(raw).reader(tag.sequence, 'x509: malformed spki')
  const algorithm = parseAlgorithm(info.read(tag.sequence, 'x509: malformed public key algorithm identifier'))
  const key = rightAligned(info.bitString('x509: malformed subjectPublicKey'))
  const kind = oids[algorithm.oid] ?? 'unknown'
  switch (kind) {
    case 'unknown':
      return { kind }
    case 'rsa':
      return parseRsa(algorithm.parameters, key)
    case 'ecdsa':
      return parseEcdsa(algorithm.parameters, key)
    case 'ed25519':
      if (algorithm.parameters.length > 0)
        throw new Refusal('x509: Ed25519 key encoded with illegal parameters')
      if (key.length !== 32) throw new Refusal('x509: wrong Ed25519 public key size')
      return { kind, bytes: key }
    case 'dsa':
      return parseDsa(algorithm.parameters, key)
  }
}

/** The content of an AlgorithmIdentifier: its OID, and its parameters as one element (empty if absent). */
export function parseAlgorithm(body: Buffer): { oid: string; parameters: Buffer } {
  const reader = new DerReader(body)
  const oid = reader.oid('x509: malformed OID')

  return { oid, parameters: reader.isEmpty ? Buffer.alloc(0) : reader.any('x509: malformed parameters').raw }
}

/** The bytes of a bit string, shifted right by the number of padding bits. */
export function rightAligned({ bytes, padding }: { bytes: Buffer; padding: number }): Buffer {
  if (padding === 0) return bytes

  return Buffer.from(
    bytes.map(
      (octet, index) =>
        (octet >> padding) | (((index === 0 ? 0 : (bytes[index - 1] ?? 0)) << (8 - padding)) & 0xff)
    )
  )
}

function parseRsa(parameters: Buffer, key: Buffer): PublicKey {
  if (!parameters.equals(nullParameters)) throw new Refusal('x509: RSA key missing NULL parameters')

  const reader = new DerReader(key).reader(tag.sequence, 'x509: invalid RSA public key')
  const signed = reader.integer('x509: invalid RSA modulus')
  const exponent = reader.int64('x509: invalid RSA public exponent')
  const modulus = signed[0] === 0 ? signed.subarray(1) : signed
  if ((signed[0] ?? 0) >= 0x80 || modulus.length === 0)
    throw new Refusal('x509: RSA modulus is not a positive number')
  if (exponent <= 0n) throw new Refusal('x509: RSA public exponent is not a positive number')

  return { kind: 'rsa', modulus, exponent, bits: modulus.length * 8 - Math.clz32(modulus[0] ?? 0) + 24 }
}

function parseEcdsa(parameters: Buffer, key: Buffer): PublicKey {
  const curve = curveOfOid(new DerReader(parameters).oid('x509: invalid ECDSA parameters'))
  if (curve === undefined) throw new Refusal('x509: unsupported elliptic curve')
  if (key[0] !== 4) throw new Refusal('ecdsa: invalid uncompressed public key')
  if (!isOnCurve(curve, key)) throw new Refusal(`${curve.name.replace('-', '')} point not on curve`)

  return { kind: 'ecdsa', curve, point: key }
}

function parseDsa(parameters: Buffer, key: Buffer): PublicKey {
  const y = new DerReader(key).integer('x509: invalid DSA public key')
  const malformed = 'x509: invalid DSA parameters'
  const reader = new DerReader(parameters).reader(tag.sequence, malformed)
  const numbers = [y, reader.integer(malformed), reader.integer(malformed), reader.integer(malformed)]
  if (numbers.some((number) => (number[0] ?? 0) >= 0x80 || (number.length === 1 && number[0] === 0))) {
    throw new Refusal('x509: zero or negative DSA parameter')
  }

  return { kind: 'dsa' }
}

/**
 * Builds the key for verification with node:crypto; undefined if node:crypto rejects the key's numbers, or if
 * Go cannot verify with this kind of key. The key is built from its numbers, not from the certificate's
 * bytes, because OpenSSL is stricter than Go about the bytes around the numbers.
 */
export function keyObjectOf(key: PublicKey): KeyObject | undefined {
  try {
    switch (key.kind) {
      case 'rsa': {
        const e = key.exponent.toString(16)
        return createPublicKey({
          format: 'jwk',
          key: {
            kty: 'RSA',
            n: key.modulus.toString('base64url'),
            e: Buffer.from(e.padStart(e.length + (e.length % 2), '0'), 'hex').toString('base64url')
          }
        })
      }
      case 'ecdsa':
        return createPublicKey({
          format: 'der',
          type: 'spki',
          key: Buffer.concat([key.curve.spkiPrefix, key.point])
        })
      case 'ed25519':
        return createPublicKey({
          format: 'jwk',
          key: { kty: 'OKP', crv: 'Ed25519', x: key.bytes.toString('base64url') }
        })
      default:
        return undefined
    }
  } catch {
    // node:crypto throws many different errors for invalid key numbers; in Go, such a key verifies no
    // signature
    return undefined
  }
}

/**
 * Whether Go would use this RSA key at all: it needs an odd modulus and an odd exponent from 3 to 2^31-1
 * (crypto/internal/fips140/rsa).
 */
export function isUsableRsa({ modulus, exponent }: Extract<PublicKey, { kind: 'rsa' }>): boolean {
  return ((modulus.at(-1) ?? 0) & 1) === 1 && exponent >= 2n && (exponent & 1n) === 1n && exponent < 2n ** 31n
}
