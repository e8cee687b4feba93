import { constants, generateKeyPairSync, type KeyObject, sign } from 'node:crypto'
import forge from 'node-forge'

/** A DER element with this tag and these contents. */
export function der(tag: number, ...parts: readonly Buffer[]): Buffer {
  const body = Buffer.concat(parts)
  if (body.length < 128) return Buffer.concat([Buffer.from([tag, body.length]), body])

  const length = Buffer.from(body.length.toString(16).padStart(8, '0'), 'hex')
  const octets = length.subarray(length.findIndex((octet) => octet !== 0))

  return Buffer.concat([Buffer.from([tag, 0x80 | octets.length]), octets, body])
}

export const sequence = (...parts: readonly Buffer[]): Buffer => der(0x30, ...parts)
export const oid = (dotted: string): Buffer =>
  der(0x06, Buffer.from(forge.asn1.oidToDer(dotted).getBytes(), 'latin1'))
export const integer = (value: number): Buffer =>
  der(0x02, Buffer.from(forge.asn1.integerToDer(value).getBytes(), 'latin1'))
export const text = (tag: number, value: string): Buffer => der(tag, Buffer.from(value, 'latin1'))
export const boolean = (value: boolean): Buffer => der(0x01, Buffer.from([value ? 0xff : 0]))

export interface Extension {
  readonly id: string
  readonly critical?: boolean
  readonly value: Buffer
}

/**
 * A distinguished name with only a common name; `tag` is the string type (0x0c UTF8String, 0x13
 * PrintableString).
 */
export const name = (commonName: string, tag = 0x0c): Buffer =>
  sequence(der(0x31, sequence(oid('2.5.4.3'), text(tag, commonName))))

const critical = true
/** The extensions of test certificates. */
export const extension = {
  ca: (pathLength?: number): Extension => ({
    id: '2.5.29.19',
    critical,
    value: sequence(boolean(true), ...(pathLength === undefined ? [] : [integer(pathLength)]))
  }),
  notCa: (): Extension => ({ id: '2.5.29.19', critical, value: sequence() }),
  /** Bit 0 is digitalSignature, 5 keyCertSign. */
  keyUsage: (...bits: readonly number[]): Extension => {
    const value = bits.reduce((octets, bit) => octets | (0x8000 >> bit), 0)
    return {
      id: '2.5.29.15',
      critical,
      value: der(
        0x03,
        Buffer.from(bits.some((bit) => bit > 7) ? [7, value >> 8, value & 0xff] : [0, value >> 8])
      )
    }
  },
  usages: (...oids: readonly string[]): Extension => ({ id: '2.5.29.37', value: sequence(...oids.map(oid)) }),
  dns: (...names: readonly string[]): Extension =>
    extension.names(...names.map((value) => text(0x82, value))),
  ip: (...addresses: readonly (readonly number[])[]): Extension =>
    extension.names(...addresses.map((address) => der(0x87, Buffer.from(address)))),
  names: (...names: readonly Buffer[]): Extension => ({ id: '2.5.29.17', value: sequence(...names) }),
  constraints: (
    permitted: readonly Buffer[],
    excluded: readonly Buffer[] = [],
    isCritical = true
  ): Extension => ({
    id: '2.5.29.30',
    critical: isCritical,
    value: sequence(
      ...(permitted.length > 0 ? [der(0xa0, ...permitted.map((base) => sequence(base)))] : []),
      ...(excluded.length > 0 ? [der(0xa1, ...excluded.map((base) => sequence(base)))] : [])
    )
  }),
  subjectKeyId: (bytes: Buffer): Extension => ({ id: '2.5.29.14', value: der(0x04, bytes) }),
  authorityKeyId: (bytes: Buffer): Extension => ({ id: '2.5.29.35', value: sequence(der(0x80, bytes)) }),
  policies: (...policies: readonly string[]): Extension => ({
    id: '2.5.29.32',
    value: sequence(...policies.map((policy) => sequence(oid(policy))))
  }),
  policyConstraints: (requireExplicit?: number, inhibitMapping?: number): Extension => ({
    id: '2.5.29.36',
    critical,
    value: sequence(
      ...(requireExplicit === undefined ? [] : [der(0x80, Buffer.from([requireExplicit]))]),
      ...(inhibitMapping === undefined ? [] : [der(0x81, Buffer.from([inhibitMapping]))])
    )
  }),
  policyMappings: (...pairs: readonly (readonly [string, string])[]): Extension => ({
    id: '2.5.29.33',
    critical,
    value: sequence(...pairs.map(([from, to]) => sequence(oid(from), oid(to))))
  }),
  inhibitAnyPolicy: (skip: number): Extension => ({ id: '2.5.29.54', critical, value: integer(skip) })
}

export const serverAuth = '1.3.6.1.5.5.7.3.1'
export const clientAuth = '1.3.6.1.5.5.7.3.2'
export const anyUsage = '2.5.29.37.0'

export interface KeyPair {
  readonly publicKey: KeyObject
  readonly privateKey: KeyObject
}

/** Generates a key pair; `ec` takes the name of the curve. */
export const makeKey = {
  ec: (namedCurve = 'P-256'): KeyPair => generateKeyPairSync('ec', { namedCurve }),
  rsa: (modulusLength = 2048): KeyPair => generateKeyPairSync('rsa', { modulusLength }),
  rsaPss: (): KeyPair => generateKeyPairSync('rsa-pss', { modulusLength: 2048 }),
  ed25519: (): KeyPair => generateKeyPairSync('ed25519'),
  ed448: (): KeyPair => generateKeyPairSync('ed448')
}

/** The parts of a certificate. With the defaults, Go accepts the certificate as a leaf. */
export interface CertificateSpec {
  readonly key: KeyPair
  readonly subject?: Buffer
  readonly issuer?: Buffer
  readonly signer?: KeyPair
  readonly digest?: 'md5' | 'sha1' | 'sha256' | 'sha384' | 'sha512'
  readonly pss?: boolean
  readonly notBefore?: Date | Buffer
  readonly notAfter?: Date | Buffer
  readonly version?: number
  readonly serial?: Buffer
  readonly extensions?: readonly Extension[]
  /** Replaces the key's own SubjectPublicKeyInfo. */
  readonly keyInfo?: Buffer
  /** Replaces the identifier of the signature algorithm inside and outside the signed part. */
  readonly algorithm?: Buffer
  /** Replaces that identifier only outside the signed part. */
  readonly outerAlgorithm?: Buffer
  /** Changes the signature after signing. */
  readonly spoil?: (signature: Buffer) => Buffer
  readonly trailing?: Buffer
}

export const validFrom = new Date('2026-01-01T00:00:00Z')
export const validUntil = new Date('2036-01-01T00:00:00Z')

/** Makes a certificate as DER, signed with `signer`; self-signed by default. */
export function makeDer(spec: CertificateSpec): Buffer {
  const {
    key,
    subject = name('leaf'),
    signer = key,
    digest = 'sha256',
    pss = false,
    version = 3,
    extensions = []
  } = spec
  const algorithm = spec.algorithm ?? algorithmOf(signer, digest, pss)
  const signedPart = sequence(
    ...(version === 1 ? [] : [der(0xa0, integer(version - 1))]),
    der(0x02, spec.serial ?? Buffer.from([1])),
    algorithm,
    spec.issuer ?? subject,
    sequence(timeOf(spec.notBefore ?? validFrom), timeOf(spec.notAfter ?? validUntil)),
    subject,
    spec.keyInfo ?? key.publicKey.export({ format: 'der', type: 'spki' }),
    ...(version < 3 ? [] : [der(0xa3, sequence(...extensions.map(extensionDer)))])
  )
  const isEdwards = signer.privateKey.asymmetricKeyType?.startsWith('ed') ?? false
  const signature = sign(isEdwards ? null : digest, signedPart, {
    key: signer.privateKey,
    ...(pss && { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST })
  })

  return Buffer.concat([
    sequence(
      signedPart,
      spec.outerAlgorithm ?? algorithm,
      der(0x03, Buffer.from([0]), spec.spoil?.(signature) ?? signature)
    ),
    spec.trailing ?? Buffer.alloc(0)
  ])
}

function extensionDer({ id, critical = false, value }: Extension): Buffer {
  return sequence(oid(id), ...(critical ? [boolean(true)] : []), der(0x04, value))
}

function timeOf(date: Date | Buffer): Buffer {
  if (Buffer.isBuffer(date)) return date

  const digits = date.toISOString().replace(/[-:T]|\.\d+/g, '')

  return date.getUTCFullYear() >= 2050 || date.getUTCFullYear() < 1950
    ? text(0x18, digits)
    : text(0x17, digits.slice(2))
}

const digests = {
  sha256: '2.16.840.1.101.3.4.2.1',
  sha384: '2.16.840.1.101.3.4.2.2',
  sha512: '2.16.840.1.101.3.4.2.3'
} as const
const nothing = Buffer.from([0x05, 0x00])

function algorithmOf(
  { privateKey }: KeyPair,
  digest: NonNullable<CertificateSpec['digest']>,
  pss: boolean
): Buffer {
  const ecdsa = { sha1: '1', sha256: '3.2', sha384: '3.3', sha512: '3.4', md5: '1' } as const
  const rsa = { md5: 4, sha1: 5, sha256: 11, sha384: 12, sha512: 13 } as const
  switch (privateKey.asymmetricKeyType) {
    case 'ec':
      return sequence(oid(`1.2.840.10045.4.${ecdsa[digest]}`))
    case 'ed25519':
      return sequence(oid('1.3.101.112'))
    case 'ed448':
      return sequence(oid('1.3.101.113'))
    default:
      if (!pss || digest === 'md5' || digest === 'sha1')
        return sequence(oid(`1.2.840.113549.1.1.${rsa[digest]}`), nothing)
  }
  const hash = sequence(oid(digests[digest]), nothing)
  const salt = { sha256: 32, sha384: 48, sha512: 64 }[digest]

  return sequence(
    oid('1.2.840.113549.1.1.10'),
    sequence(
      der(0xa0, hash),
      der(0xa1, sequence(oid('1.2.840.113549.1.1.8'), hash)),
      der(0xa2, integer(salt))
    )
  )
}

/** Wraps DER in a PEM block. */
export function pem(bytes: Buffer, label = 'CERTIFICATE', lineEnd = '\n'): string {
  const lines = bytes.toString('base64').match(/.{1,64}/g) ?? []

  return [`-----BEGIN ${label}-----`, ...lines, `-----END ${label}-----`, ''].join(lineEnd)
}

/** A bundle in base64, as in a webhook configuration. */
export const base64 = (bundle: string | Buffer): string => Buffer.from(bundle as string).toString('base64')

/** A CA: its key, its distinguished name and its certificate. */
export interface Authority {
  readonly key: KeyPair
  readonly subject: Buffer
  readonly der: Buffer
}

/** Makes a CA; self-signed unless `by` is given. */
export function makeAuthority(
  commonName = 'kubernetes',
  spec: Partial<CertificateSpec> = {},
  by?: Authority
): Authority {
  const key = spec.key ?? makeKey.ec()
  const subject = spec.subject ?? name(commonName)
  const bytes = makeDer({
    extensions: [extension.ca(), extension.keyUsage(0, 5)],
    ...spec,
    key,
    subject,
    ...(by && { issuer: by.subject, signer: by.key })
  })

  return { key, subject, der: bytes }
}

/** Makes a serving certificate that a CA signed, by default for 127.0.0.1. */
export function issue(by: Authority, spec: Partial<CertificateSpec> = {}): Buffer {
  return makeDer({
    extensions: [extension.ip([127, 0, 0, 1]), extension.usages(serverAuth)],
    ...spec,
    key: spec.key ?? makeKey.ec(),
    issuer: spec.issuer ?? by.subject,
    signer: spec.signer ?? by.key
  })
}
