import { constants, type KeyObject, verify } from 'node:crypto'
import type { Certificate } from './certificate.js'
import { DerReader, tag } from './der.js'
import { isUsableRsa, keyObjectOf, type PublicKey } from './public-key.js'
import { Refusal } from './refusal.js'

/** Why a certificate is not accepted as signed by its parent. */
export interface SignatureRefusal {
  readonly code: 'not-a-ca' | 'insecure-algorithm' | 'unsupported-algorithm' | 'weak-key' | 'wrong-key'
  readonly go: string
}

/**
 * Checks that a parent may sign this certificate and did sign it, as Go's `CheckSignatureFrom` does. Undefined if
 * both are true.
 */
export function signatureRefusal(
  child: Certificate,
  parent: Certificate,
  goMinor: number,
  keys: KeyCache
): SignatureRefusal | undefined {
  const { basicConstraints, keyUsage, publicKey } = parent
  const isBarred = basicConstraints === undefined ? parent.version === 3 : !basicConstraints.isCa
  if (isBarred || (keyUsage.any && !keyUsage.certSign)) {
    return {
      code: 'not-a-ca',
      go: 'x509: invalid signature: parent certificate cannot sign this kind of certificate'
    }
  }
  const algorithm = child.signatureAlgorithm
  if (algorithm === undefined || publicKey.kind === 'unknown') return unsupported
  if (algorithm.hash === 'md5' || algorithm.hash === 'sha1') {
    return {
      code: 'insecure-algorithm',
      go: `x509: cannot verify signature: insecure algorithm ${algorithm.name}`
    }
  }
  if (publicKey.kind === 'dsa') return unsupported
  if (publicKey.kind !== algorithm.key) {
    return {
      code: 'wrong-key',
      go: `x509: signature algorithm specifies an ${goNames[algorithm.key]} public key, but have public key of type ${goTypes[publicKey.kind]}`
    }
  }
  if (publicKey.kind === 'rsa') {
    const weak = weakRsaText(publicKey, goMinor)
    if (weak !== undefined) return { code: 'weak-key', go: weak }
  }

  return isSignedBy(child, publicKey, keys)
    ? undefined
    : { code: 'wrong-key', go: verificationFailures[publicKey.kind] }
}

const unsupported: SignatureRefusal = {
  code: 'unsupported-algorithm',
  go: 'x509: cannot verify signature: algorithm unimplemented'
}
const goNames = { rsa: 'RSA', dsa: 'DSA', ecdsa: 'ECDSA', ed25519: 'Ed25519' } as const
const goTypes = { rsa: '*rsa.PublicKey', ecdsa: '*ecdsa.PublicKey', ed25519: 'ed25519.PublicKey' } as const
const verificationFailures = {
  rsa: 'crypto/rsa: verification error',
  ecdsa: 'x509: ECDSA verification failure',
  ed25519: 'x509: Ed25519 verification failure'
} as const

/**
 * Go's error for an RSA key that it refuses to use. Since Go 1.24, keys need at least 1,024 bits
 * (https://go.dev/doc/godebug#go-124).
 */
export function weakRsaText(
  { bits }: Extract<PublicKey, { kind: 'rsa' }>,
  goMinor: number
): string | undefined {
  if (bits >= 1024 || goMinor < 24) return undefined

  return `crypto/rsa: ${bits}-bit keys are insecure (see https://go.dev/pkg/crypto/rsa#hdr-Minimum_key_size)`
}

/** Cached key objects, because building one costs more than most checks. */
export type KeyCache = Map<PublicKey, KeyObject | undefined>

function isSignedBy(
  { signatureAlgorithm, signedPart, signature }: Certificate,
  publicKey: PublicKey,
  keys: KeyCache
): boolean {
  if (publicKey.kind === 'rsa' && (signature.length !== publicKey.modulus.length || !isUsableRsa(publicKey)))
    return false
  if (publicKey.kind === 'ecdsa' && !isEcdsaSignature(signature)) return false

  if (!keys.has(publicKey)) keys.set(publicKey, keyObjectOf(publicKey))
  const key = keys.get(publicKey)
  if (key === undefined) return false

  try {
    return verify(
      signatureAlgorithm?.hash ?? null,
      signedPart,
      signatureAlgorithm?.pss ? { key, ...pss } : key,
      signature
    )
  } catch {
    return false // OpenSSL throws if the key does not fit the signature, such as an RSA key that is too short for the digest
  }
}

const pss = { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST }

/** An ECDSA signature is exactly two non-negative integers in DER; OpenSSL is less strict. */
function isEcdsaSignature(signature: Buffer): boolean {
  try {
    const outer = new DerReader(signature)
    const numbers = outer.reader(tag.sequence, '')
    const isNegative = [numbers.integer(''), numbers.integer('')].some(([first = 0]) => first >= 0x80)

    return outer.isEmpty && numbers.isEmpty && !isNegative
  } catch (error) {
    if (error instanceof Refusal) return false
    throw error
  }
}
