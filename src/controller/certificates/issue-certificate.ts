import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  randomBytes,
  sign,
  X509Certificate
} from 'node:crypto'
import { isIP } from 'node:net'
import forge from 'node-forge'

/** A certificate and its key, as PEM (PKCS #8). */
export interface Issued {
  readonly certificate: string
  readonly key: string
}

/** The validity period of a certificate. */
export interface Validity {
  readonly from: Date
  readonly until: Date
}

/**
 * Issues a self-signed CA (P-256) that can sign only certificates and CRLs, and that allows no intermediate CA.
 */
export function issueCa(commonName: string, validity: Validity): Issued {
  const pair = newKey()
  const subject = nameOf(commonName)

  return issue({
    pair,
    issuer: { name: subject, key: pair.privateKey, keyIdentifier: pair.keyIdentifier },
    subject,
    validity,
    extensions: [
      // RFC 5280, sections 4.2.1.9 and 4.2.1.3: basicConstraints { CA, pathLen 0 }, keyUsage keyCertSign and
      // cRLSign
      extension('2.5.29.19', true, sequence(boolean(true), integer('\u0000'))),
      extension('2.5.29.15', true, bitString('\u0001\u0006'))
    ]
  })
}

/** Issues a serving certificate (P-256, serverAuth) for DNS names and IP addresses, signed by a CA. */
export function issueServing(ca: Issued, hosts: readonly string[], validity: Validity): Issued {
  const caKey = createPrivateKey(ca.key)
  const caNode = nodeOf(new X509Certificate(ca.certificate).raw)
  const pair = newKey()

  return issue({
    pair,
    issuer: {
      name: subjectNodeOf(caNode),
      key: caKey,
      keyIdentifier: keyIdentifierOf(createPublicKey(caKey))
    },
    subject: nameOf(hosts[0] ?? ''),
    validity,
    extensions: [
      extension('2.5.29.19', true, sequence()),
      extension('2.5.29.15', true, bitString('\u0007\u0080')), // digitalSignature
      extension('2.5.29.37', false, sequence(oid('1.3.6.1.5.5.7.3.1'))), // serverAuth
      extension('2.5.29.17', false, sequence(...hosts.map(generalNameOf)))
    ]
  })
}

type Node = forge.asn1.Asn1
type KeyObject = ReturnType<typeof createPrivateKey>

interface Request {
  readonly pair: ReturnType<typeof newKey>
  readonly issuer: { readonly name: Node; readonly key: KeyObject; readonly keyIdentifier: string }
  readonly subject: Node
  readonly validity: Validity
  readonly extensions: readonly Node[]
}

function issue({ pair, issuer, subject, validity, extensions }: Request): Issued {
  const algorithm = (): Node => sequence(oid('1.2.840.10045.4.3.2')) // ecdsa-with-SHA256, RFC 5758
  const serial = randomBytes(16)
  serial[0] = ((serial[0] ?? 0) & 0x7f) | 0x40 // positive, and of fixed length: RFC 5280, section 4.1.2.2

  const toBeSigned = sequence(
    context(0, integer('\u0002')),
    integer(serial.toString('latin1')),
    algorithm(),
    issuer.name,
    sequence(time(validity.from), time(validity.until)),
    subject,
    nodeOf(pair.publicKey.export({ type: 'spki', format: 'der' })),
    context(
      3,
      sequence(
        ...extensions,
        // node-forge's own extension would hash a key that it cannot parse, so both identifiers are written
        // here.
        extension('2.5.29.14', false, octets(pair.keyIdentifier)),
        extension('2.5.29.35', false, sequence(contextText(0, issuer.keyIdentifier)))
      )
    )
  )
  const signature = sign('sha256', derOf(toBeSigned), issuer.key)
  const certificate = derOf(
    sequence(toBeSigned, algorithm(), bitString(`\u0000${signature.toString('latin1')}`))
  )

  return {
    certificate: new X509Certificate(certificate).toString(),
    key: pair.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
  }
}

function newKey(): { publicKey: KeyObject; privateKey: KeyObject; keyIdentifier: string } {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' })

  return { publicKey, privateKey, keyIdentifier: keyIdentifierOf(publicKey) }
}

/** SHA-1 of the public key's bits: RFC 5280, section 4.2.1.2, method 1. */
function keyIdentifierOf(key: KeyObject): string {
  const point = key.export({ type: 'spki', format: 'der' }).subarray(-65) // the structure ends with an uncompressed P-256 point

  return createHash('sha1').update(point).digest().toString('latin1')
}

function subjectNodeOf(certificate: Node): Node {
  const [toBeSigned] = certificate.value as Node[] // a certificate that node:crypto has parsed is a sequence of nodes
  const subject = (toBeSigned?.value as Node[])[5]
  if (subject === undefined) throw new Error('the certificate has no subject')

  return subject
}

const { Class, Type } = forge.asn1
const universal = (type: forge.asn1.Type, constructed: boolean, value: string | Node[]): Node =>
  forge.asn1.create(Class.UNIVERSAL, type, constructed, value)
const sequence = (...values: Node[]): Node => universal(Type.SEQUENCE, true, values)
const integer = (bytes: string): Node => universal(Type.INTEGER, false, bytes)
const boolean = (value: boolean): Node => universal(Type.BOOLEAN, false, value ? '\u00ff' : '\u0000')
const octets = (bytes: string): Node => universal(Type.OCTETSTRING, false, bytes)
const bitString = (bytes: string): Node => universal(Type.BITSTRING, false, bytes)
const oid = (text: string): Node => universal(Type.OID, false, forge.asn1.oidToDer(text).getBytes())
const tagged = (tag: number, constructed: boolean, value: string | Node[]): Node =>
  // eslint-disable-next-line @typescript-eslint/no-unsafe-enum-assignment -- the typings know universal types only
  forge.asn1.create(Class.CONTEXT_SPECIFIC, tag, constructed, value)
const context = (tag: number, value: Node): Node => tagged(tag, true, [value])
const contextText = (tag: number, bytes: string): Node => tagged(tag, false, bytes)
const nodeOf = (der: Buffer): Node => forge.asn1.fromDer(der.toString('latin1'))
const derOf = (node: Node): Buffer => Buffer.from(forge.asn1.toDer(node).getBytes(), 'latin1')

// UTCTime until 2049, GeneralizedTime from 2050: RFC 5280, section 4.1.2.5.
const time = (date: Date): Node =>
  date.getUTCFullYear() < 2050
    ? universal(Type.UTCTIME, false, forge.asn1.dateToUtcTime(date))
    : universal(Type.GENERALIZEDTIME, false, forge.asn1.dateToGeneralizedTime(date))

function nameOf(commonName: string): Node {
  const value = universal(Type.UTF8, false, Buffer.from(commonName.slice(0, 64), 'utf8').toString('latin1'))

  return sequence(universal(Type.SET, true, [sequence(oid('2.5.4.3'), value)]))
}

function extension(id: string, critical: boolean, value: Node): Node {
  return sequence(oid(id), ...(critical ? [boolean(true)] : []), octets(derOf(value).toString('latin1')))
}

/** A DNS name [2] or an IP address [7]: RFC 5280, section 4.2.1.6. */
function generalNameOf(host: string): Node {
  return isIP(host) === 0 ? contextText(2, host) : contextText(7, addressOf(host))
}

// node-forge has this function, but its typings lack it.
const addressOf = (ip: string): string =>
  (forge.util as unknown as { bytesFromIP(ip: string): string | null }).bytesFromIP(ip) ?? ''
