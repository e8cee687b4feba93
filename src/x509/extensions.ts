import { DerReader, tag } from './der.js'
import { isDomain, parseMailbox } from './domain.js'
import { type GoUrl, parseGoUrl } from './go-url.js'
import { parseIp } from './ip.js'
import { Refusal } from './refusal.js'

/** Names of one kind that a CA permits or excludes: RFC 5280, section 4.2.1.10. */
export interface Subtrees {
  readonly dns: readonly string[]
  readonly ips: readonly { readonly ip: Buffer; readonly mask: Buffer }[]
  readonly emails: readonly string[]
  readonly uriDomains: readonly string[]
}

/** The extensions of a certificate that Go's verifier uses. */
export interface Extensions {
  readonly keyUsage: { readonly certSign: boolean; readonly any: boolean }
  readonly basicConstraints:
    { readonly isCa: boolean; /** -1 if there is no limit. */ readonly maxPathLength: bigint } | undefined
  /** The bytes of the subject alternative names; undefined if the extension is missing. */
  readonly alternativeNames: Buffer | undefined
  readonly dnsNames: readonly string[]
  readonly emails: readonly string[]
  readonly ips: readonly Buffer[]
  readonly uris: readonly GoUrl[]
  readonly nameConstraints: { readonly permitted: Subtrees; readonly excluded: Subtrees } | undefined
  readonly subjectKeyId: Buffer
  readonly authorityKeyId: Buffer
  /** Extended key usages as OIDs; empty if the extension is missing. */
  readonly extendedKeyUsages: readonly string[]
  /** Certificate policies: the bytes of their OIDs as latin1. */
  readonly policies: readonly string[]
  readonly policyMappings: readonly { readonly issuer: string; readonly subject: string }[]
  readonly requireExplicitPolicy: bigint | undefined
  readonly inhibitPolicyMapping: bigint | undefined
  readonly inhibitAnyPolicy: bigint | undefined
  readonly unhandledCritical: readonly string[]
}

type Mutable = { -readonly [K in keyof Extensions]: Extensions[K] }

const emptySubtrees: Subtrees = { dns: [], ips: [], emails: [], uriDomains: [] }
const none = Buffer.alloc(0)

export const noExtensions: Extensions = {
  keyUsage: { certSign: false, any: false },
  basicConstraints: undefined,
  alternativeNames: undefined,
  dnsNames: [],
  emails: [],
  ips: [],
  uris: [],
  nameConstraints: undefined,
  subjectKeyId: none,
  authorityKeyId: none,
  extendedKeyUsages: [],
  policies: [],
  policyMappings: [],
  requireExplicitPolicy: undefined,
  inhibitPolicyMapping: undefined,
  inhibitAnyPolicy: undefined,
  unhandledCritical: []
}

interface Extension {
  readonly oid: string
  readonly critical: boolean
  readonly value: Buffer
}

/**
 * Parses the content of the certificate's `[3]` element, which contains the extensions. Throws a Refusal with
 * the error that Go's parser would return.
 */
export function parseExtensions(body: Buffer, goMinor: number): Extensions {
  const list = new DerReader(body).reader(tag.sequence, 'x509: malformed extensions')
  const extensions: Extension[] = []
  const seen = new Set<string>()
  while (!list.isEmpty) {
    const extension = parseExtension(list.reader(tag.sequence, 'x509: malformed extension'))
    if (seen.has(extension.oid))
      throw new Refusal(`x509: certificate contains duplicate extension with OID "${extension.oid}"`)
    seen.add(extension.oid)
    extensions.push(extension)
  }

  const out: Mutable = { ...noExtensions }
  const unhandledCritical: string[] = []
  for (const extension of extensions) {
    const isHandled = readerOf(extension.oid, goMinor)?.(extension, out, goMinor) ?? false
    if (extension.critical && !isHandled) unhandledCritical.push(extension.oid)
  }

  return { ...out, unhandledCritical }
}

function parseExtension(reader: DerReader): Extension {
  const oid = reader.oid('x509: malformed extension OID field')
  const critical =
    reader.startsWith(tag.boolean) && reader.boolean('x509: malformed extension critical field')

  return { oid, critical, value: reader.read(tag.octetString, 'x509: malformed extension value field') }
}

/**
 * Reads one extension into `out`. Returns false if it leaves the extension unhandled, which matters only if
 * the extension is critical.
 */
type ReadExtension = (extension: Extension, out: Mutable, goMinor: number) => boolean

function readerOf(oid: string, goMinor: number): ReadExtension | undefined {
  // Go has checked policies (RFC 9618) since 1.24. Earlier versions do not know these extensions.
  return readers[oid] ?? (goMinor >= 24 ? policyReaders[oid] : undefined)
}

const readers: Readonly<Record<string, ReadExtension>> = {
  '2.5.29.15': parseKeyUsage,
  '2.5.29.19': parseBasicConstraints,
  '2.5.29.17': parseAlternativeNames,
  '2.5.29.30': parseNameConstraints,
  '2.5.29.31': parseDistributionPoints,
  '2.5.29.35': parseAuthorityKeyId,
  '2.5.29.37': parseExtendedKeyUsages,
  '2.5.29.14': parseSubjectKeyId,
  '2.5.29.32': parsePolicies,
  '1.3.6.1.5.5.7.1.1': parseAuthorityInformation
}

const policyReaders: Readonly<Record<string, ReadExtension>> = {
  '2.5.29.36': parsePolicyConstraints,
  '2.5.29.33': parsePolicyMappings,
  '2.5.29.54': parseInhibitAnyPolicy
}

function parseKeyUsage({ value }: Extension, out: Mutable): true {
  const { bytes, padding } = new DerReader(value).bitString('x509: invalid key usage')
  const bits = bytes.length * 8 - padding
  const isSet = (bit: number): boolean => bit < bits && ((bytes[bit >> 3] ?? 0) & (0x80 >> (bit & 7))) !== 0
  out.keyUsage = { certSign: isSet(5), any: [0, 1, 2, 3, 4, 5, 6, 7, 8].some(isSet) }

  return true
}

function parseBasicConstraints({ value }: Extension, out: Mutable): true {
  const malformed = 'x509: invalid basic constraints'
  const reader = new DerReader(value).reader(tag.sequence, malformed)
  const isCa = reader.startsWith(tag.boolean) && reader.boolean(malformed)
  let maxPathLength = -1n
  if (reader.startsWith(tag.integer)) {
    const octets = reader.integer(malformed)
    // unsigned and at most 2^63-1
    if ((octets[0] ?? 0) >= 0x80 || octets.length > 8) throw new Refusal(malformed)
    maxPathLength = BigInt(`0x${octets.toString('hex')}`)
  }
  out.basicConstraints = { isCa, maxPathLength }

  return true
}

function parseAlternativeNames({ value }: Extension, out: Mutable, goMinor: number): boolean {
  const dnsNames: string[] = []
  const emails: string[] = []
  const ips: Buffer[] = []
  const uris: GoUrl[] = []
  const names = new DerReader(value).reader(tag.sequence, 'x509: invalid subject alternative names')
  while (!names.isEmpty) {
    const { tag: kind, body } = names.any('x509: invalid subject alternative name')
    if (kind === tag.context(1)) emails.push(ascii(body, 'x509: SAN rfc822Name is malformed'))
    if (kind === tag.context(2)) dnsNames.push(ascii(body, 'x509: SAN dNSName is malformed'))
    if (kind === tag.context(6))
      uris.push(parseUri(ascii(body, 'x509: SAN uniformResourceIdentifier is malformed'), goMinor))
    if (kind === tag.context(7)) {
      if (body.length !== 4 && body.length !== 16)
        throw new Refusal(`x509: cannot parse IP address of length ${body.length}`)
      ips.push(body)
    }
  }
  Object.assign(out, { alternativeNames: value, dnsNames, emails, ips, uris })

  return dnsNames.length + emails.length + ips.length + uris.length > 0
}

function parseUri(text: string, goMinor: number): GoUrl {
  const url = parseGoUrl(text, goMinor)
  if (url === undefined) throw new Refusal(`x509: cannot parse URI ${JSON.stringify(text)}`)
  if (!isDomain(url.host, false))
    throw new Refusal(`x509: cannot parse URI ${JSON.stringify(text)}: invalid domain`)

  return url
}

function ascii(body: Buffer, refusal: string): string {
  const text = body.toString('latin1')
  if (/[\u0080-\u00ff]/.test(text)) throw new Refusal(refusal)

  return text
}

function parseNameConstraints({ value }: Extension, out: Mutable): boolean {
  const malformed = 'x509: invalid NameConstraints extension'
  const outer = new DerReader(value)
  const top = outer.reader(tag.sequence, malformed)
  const permitted = top.optional(tag.constructed(0), malformed)
  const excluded = top.optional(tag.constructed(1), malformed)
  if (!outer.isEmpty || !top.isEmpty) throw new Refusal(malformed)
  if ((permitted?.length ?? 0) === 0 && (excluded?.length ?? 0) === 0)
    throw new Refusal('x509: empty name constraints extension')

  const first =
    permitted === undefined ? { subtrees: emptySubtrees, isHandled: true } : parseSubtrees(permitted)
  const second =
    excluded === undefined ? { subtrees: emptySubtrees, isHandled: true } : parseSubtrees(excluded)
  out.nameConstraints = { permitted: first.subtrees, excluded: second.subtrees }

  return first.isHandled && second.isHandled
}

function parseSubtrees(body: Buffer): { subtrees: Subtrees; isHandled: boolean } {
  const malformed = 'x509: invalid NameConstraints extension'
  const dns: string[] = []
  const ips: { ip: Buffer; mask: Buffer }[] = []
  const emails: string[] = []
  const uriDomains: string[] = []
  let isHandled = true
  const trees = new DerReader(body)
  while (!trees.isEmpty) {
    const { tag: kind, body } = trees.reader(tag.sequence, malformed).any(malformed)
    switch (kind) {
      case tag.context(2):
        dns.push(constraint(body, 'dnsName', (text) => isDomain(text, true)))
        break
      case tag.context(7):
        ips.push(ipConstraint(body))
        break
      case tag.context(1):
        emails.push(
          constraint(body, 'rfc822Name', (text) =>
            text.includes('@') ? parseMailbox(text) !== undefined : isDomain(text, true)
          )
        )
        break
      case tag.context(6):
        uriDomains.push(uriConstraint(body))
        break
      default:
        isHandled = false
    }
  }

  return { subtrees: { dns, ips, emails, uriDomains }, isHandled }
}

function constraint(body: Buffer, kind: string, isValid: (text: string) => boolean): string {
  const text = ascii(body, 'x509: invalid constraint value')
  if (!isValid(text)) throw new Refusal(`x509: failed to parse ${kind} constraint ${JSON.stringify(text)}`)

  return text
}

function uriConstraint(body: Buffer): string {
  const text = constraint(body, 'URI', () => true)
  const refusal = `x509: failed to parse URI constraint ${JSON.stringify(text)}`
  if (parseIp(text)?.zone === '') throw new Refusal(`${refusal}: cannot be IP address`)
  if (!isDomain(text, true)) throw new Refusal(refusal)

  return text
}

function ipConstraint(body: Buffer): { ip: Buffer; mask: Buffer } {
  if (body.length !== 8 && body.length !== 32)
    throw new Refusal(`x509: IP constraint contained value of length ${body.length}`)

  const mask = body.subarray(body.length / 2)
  const bits = [...mask].map((octet) => octet.toString(2).padStart(8, '0')).join('')
  if (bits.includes('01'))
    throw new Refusal(`x509: IP constraint contained invalid mask ${mask.toString('hex')}`)

  return { ip: body.subarray(0, body.length / 2), mask }
}

function parseDistributionPoints({ value }: Extension): true {
  const malformed = 'x509: invalid CRL distribution point'
  const points = new DerReader(value).reader(tag.sequence, `${malformed}s`)
  while (!points.isEmpty) {
    const name = points.reader(tag.sequence, malformed).optional(tag.constructed(0), malformed)
    if (name === undefined) continue
    const names = new DerReader(name).reader(tag.constructed(0), malformed)
    while (names.startsWith(tag.context(6))) names.read(tag.context(6), malformed)
  }

  return true
}

function parseAuthorityKeyId({ critical, value }: Extension, out: Mutable): true {
  if (critical) throw new Refusal('x509: authority key identifier incorrectly marked critical')

  const malformed = 'x509: invalid authority key identifier'
  out.authorityKeyId =
    new DerReader(value).reader(tag.sequence, malformed).optional(tag.context(0), malformed) ?? none

  return true
}

function parseSubjectKeyId({ critical, value }: Extension, out: Mutable): true {
  if (critical) throw new Refusal('x509: subject key identifier incorrectly marked critical')
  out.subjectKeyId = new DerReader(value).read(tag.octetString, 'x509: invalid subject key identifier')

  return true
}

function parseExtendedKeyUsages({ value }: Extension, out: Mutable): true {
  const malformed = 'x509: invalid extended key usages'
  const usages: string[] = []
  const list = new DerReader(value).reader(tag.sequence, malformed)
  while (!list.isEmpty) usages.push(list.oid(malformed))
  out.extendedKeyUsages = usages

  return true
}

function parseAuthorityInformation({ critical, value }: Extension): true {
  if (critical) throw new Refusal('x509: authority info access incorrectly marked critical')

  const malformed = 'x509: invalid authority info access'
  const list = new DerReader(value).reader(tag.sequence, malformed)
  while (!list.isEmpty) {
    const access = list.reader(tag.sequence, malformed)
    access.oid(malformed)
    access.optional(tag.context(6), malformed)
  }

  return true
}

function parsePolicies({ value }: Extension, out: Mutable, goMinor: number): true {
  const malformed = 'x509: invalid certificate policies'
  const policies = new Set<string>()
  const list = new DerReader(value).reader(tag.sequence, malformed)
  while (!list.isEmpty) {
    const oid = list.reader(tag.sequence, malformed).read(tag.oid, malformed)
    const text = oid.toString('latin1')
    if ((policies.has(text) && goMinor >= 24) || !isOidOfAnySize(oid)) throw new Refusal(malformed)
    policies.add(text)
  }
  out.policies = [...policies]

  return true
}

/** Policies are the only place where Go accepts OIDs with components of any size. */
function isOidOfAnySize(body: Buffer): boolean {
  const ends = body.length > 0 && (body[body.length - 1] ?? 0) < 0x80

  return ends && body.every((octet, index) => octet !== 0x80 || (index > 0 && (body[index - 1] ?? 0) >= 0x80))
}

function parsePolicyConstraints({ value }: Extension, out: Mutable): true {
  const malformed = 'x509: invalid policy constraints extension'
  const reader = new DerReader(value).reader(tag.sequence, malformed)
  if (reader.startsWith(tag.context(0))) out.requireExplicitPolicy = reader.int64(malformed, tag.context(0))
  if (reader.startsWith(tag.context(1))) out.inhibitPolicyMapping = reader.int64(malformed, tag.context(1))

  return true
}

function parsePolicyMappings({ value }: Extension, out: Mutable): true {
  const malformed = 'x509: invalid policy mappings extension'
  const mappings: { issuer: string; subject: string }[] = []
  const list = new DerReader(value).reader(tag.sequence, malformed)
  while (!list.isEmpty) {
    const mapping = list.reader(tag.sequence, malformed)
    const issuer = mapping.read(tag.oid, malformed).toString('latin1')
    mappings.push({ issuer, subject: mapping.read(tag.oid, malformed).toString('latin1') })
  }
  out.policyMappings = mappings

  return true
}

function parseInhibitAnyPolicy({ value }: Extension, out: Mutable): true {
  out.inhibitAnyPolicy = new DerReader(value).int64('x509: invalid inhibit any policy extension')

  return true
}
