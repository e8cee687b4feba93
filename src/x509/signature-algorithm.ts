import { DerReader, tag } from './der.js'
import { parseAlgorithm } from './public-key.js'
import { Refusal } from './refusal.js'

/** A signature algorithm that Go knows by name. */
export interface SignatureAlgorithm {
  /** The name that Go prints. */
  readonly name: string
  readonly key: 'rsa' | 'dsa' | 'ecdsa' | 'ed25519'
  /** The digest's name in node:crypto; undefined for Ed25519. */
  readonly hash: 'md5' | 'sha1' | 'sha256' | 'sha384' | 'sha512' | undefined
  readonly pss: boolean
}

type Row = readonly [name: string, key: SignatureAlgorithm['key'], hash: SignatureAlgorithm['hash']]
const rsa = '1.2.840.113549.1.1'
const ecdsa = '1.2.840.10045.4'
// RFC 3279, 4055, 5758, 8410; the ISO OID for SHA-1 comes from an old Microsoft tool.
const algorithms: Readonly<Record<string, Row>> = {
  [`${rsa}.4`]: ['MD5-RSA', 'rsa', 'md5'],
  [`${rsa}.5`]: ['SHA1-RSA', 'rsa', 'sha1'],
  '1.3.14.3.2.29': ['SHA1-RSA', 'rsa', 'sha1'],
  [`${rsa}.11`]: ['SHA256-RSA', 'rsa', 'sha256'],
  [`${rsa}.12`]: ['SHA384-RSA', 'rsa', 'sha384'],
  [`${rsa}.13`]: ['SHA512-RSA', 'rsa', 'sha512'],
  '1.2.840.10040.4.3': ['DSA-SHA1', 'dsa', 'sha1'],
  '2.16.840.1.101.3.4.3.2': ['DSA-SHA256', 'dsa', 'sha256'],
  [`${ecdsa}.1`]: ['ECDSA-SHA1', 'ecdsa', 'sha1'],
  [`${ecdsa}.3.2`]: ['ECDSA-SHA256', 'ecdsa', 'sha256'],
  [`${ecdsa}.3.3`]: ['ECDSA-SHA384', 'ecdsa', 'sha384'],
  [`${ecdsa}.3.4`]: ['ECDSA-SHA512', 'ecdsa', 'sha512'],
  '1.3.101.112': ['Ed25519', 'ed25519', undefined]
}
const pssOid = `${rsa}.10`
const mgf1 = `${rsa}.8`
// Digests by OID, with their length in bytes. RSASSA-PSS must use a salt of exactly that length.
const pssHashes: Readonly<Record<string, readonly [hash: 'sha256' | 'sha384' | 'sha512', length: bigint]>> = {
  '2.16.840.1.101.3.4.2.1': ['sha256', 32n],
  '2.16.840.1.101.3.4.2.2': ['sha384', 48n],
  '2.16.840.1.101.3.4.2.3': ['sha512', 64n]
}

/** The algorithm of a certificate's signature; undefined if Go cannot verify it. */
export function signatureAlgorithmOf({
  oid,
  parameters
}: {
  oid: string
  parameters: Buffer
}): SignatureAlgorithm | undefined {
  if (oid === pssOid) return pssOf(parameters)

  const [name, key, hash] = algorithms[oid] ?? []
  if (name === undefined || key === undefined || (key === 'ed25519' && parameters.length > 0))
    return undefined

  return { name, key, hash, pss: false }
}

function pssOf(parameters: Buffer): SignatureAlgorithm | undefined {
  try {
    const reader = new DerReader(parameters).reader(tag.sequence, '')
    const explicit = (number: number): DerReader => reader.reader(tag.constructed(number), '')
    const digest = parseAlgorithm(explicit(0).read(tag.sequence, ''))
    const generator = parseAlgorithm(explicit(1).read(tag.sequence, ''))
    const generatorDigest = parseAlgorithm(new DerReader(generator.parameters).read(tag.sequence, ''))
    const saltLength = explicit(2).int64('')
    const trailer = reader.startsWith(tag.constructed(3)) ? explicit(3).int64('') : 1n
    const [hash, length] = pssHashes[digest.oid] ?? []
    const plain = [digest, generatorDigest].every(
      ({ parameters }) => parameters.length === 0 || parameters.equals(Buffer.from([5, 0]))
    )
    if (hash === undefined || !plain || generator.oid !== mgf1 || generatorDigest.oid !== digest.oid)
      return undefined
    if (saltLength !== length || trailer !== 1n) return undefined

    return { name: `${hash.toUpperCase()}-RSAPSS`, key: 'rsa', hash, pss: true }
  } catch (error) {
    if (error instanceof Refusal) return undefined
    throw error
  }
}
