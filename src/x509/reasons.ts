import type { Bundle } from './bundle.js'
import type { Certificate } from './certificate.js'
import { describeCertificate } from './describe.js'
import { formatIp } from './ip.js'
import { commonNameOf, describeName } from './name.js'
import { formatTime } from './time.js'
import type { RefusalCode, TlsRefusal } from './tls-refusal.js'

interface Context {
  readonly bundle: Bundle | undefined
  readonly served: readonly Certificate[]
  readonly host: string
  readonly at: Date
}

type Refused = Omit<TlsRefusal, 'reason'>

/** Explains a refusal on one line and names the certificate. */
export function explain(refusal: Refused, context: Context): string {
  return texts[refusal.code](refusal, context)
}

const named = ({ certificate }: Refused, { bundle, served }: Context): string => {
  if (certificate === undefined) return 'a certificate'
  const place =
    certificate === served[0]
      ? "the server's certificate"
      : served.includes(certificate)
        ? 'the intermediate certificate'
        : bundle?.certificates.includes(certificate)
          ? 'the caBundle certificate'
          : 'the certificate'

  return `${place} ${describeCertificate(certificate)}`
}

const texts = {
  'bundle-empty': () =>
    'the caBundle is empty, so the API server trusts only the root CAs of its own system, and the cluster CA is not among them',
  'bundle-not-base64': () => 'the caBundle is not base64, so the API server cannot decode the object',
  'bundle-unusable': ({ go }) => `the API server cannot use any certificate in the caBundle (${go})`,
  'chain-empty': () => 'the server sends no certificate: the chain contains no CERTIFICATE block',
  'chain-too-large': () => 'the server sends more than 256 KiB of certificates, so Go aborts the handshake',
  'chain-unreadable': ({ go }) => `Go cannot parse a certificate that the server sends (${go})`,
  'server-key-too-large': (refusal, context) =>
    `${named(refusal, context)} has an RSA key larger than 8,192 bits, which Go does not accept from a server`,
  'server-key-too-small': (refusal, context) =>
    `${named(refusal, context)} has an RSA key smaller than 1,024 bits, which Go 1.24 and later do not accept in a handshake`,
  'server-key-unsupported': (refusal, context) =>
    `${named(refusal, context)} has a key type that Go's TLS client does not support (it supports RSA, P-256, P-384, P-521 and Ed25519)`,
  'unhandled-critical-extension': (refusal, context) =>
    `${named(refusal, context)} has a critical extension that Go does not support: ${refusal.certificate?.unhandledCritical.slice(0, 5).join(', ') ?? ''}`,
  'not-yet-valid': (refusal, context) =>
    `${named(refusal, context)} is not valid before ${formatTime(refusal.certificate?.notBefore ?? NaN)}`,
  expired: (refusal, context) =>
    `${named(refusal, context)} expired at ${formatTime(refusal.certificate?.notAfter ?? NaN)}`,
  'host-name': (refusal, context) =>
    `${named(refusal, context)} is not valid for ${context.host}: it ${namesOf(refusal.certificate)}`,
  'unknown-authority': unknownAuthority,
  'intermediate-not-a-ca': (refusal, context) =>
    `${named(refusal, context)} signed a certificate in the chain but is not a CA (basic constraints)`,
  'path-too-long': (refusal, context) =>
    `${named(refusal, context)} allows fewer intermediate certificates than this chain has (path length)`,
  'too-many-signature-checks': () =>
    'Go gives up after 100 candidate issuers, because too many certificates have the same name',
  'name-constraints': ({ go }) =>
    `a CA in the chain is not allowed to issue certificates for a name in the server's certificate (${go.replace(/^.*for this name: /, '')})`,
  'key-usage': (refusal, context) =>
    `${named(refusal, context)}, its trust anchor or a certificate between them has extended key usages, but not server authentication`,
  policies: () => 'a CA in the chain requires a certificate policy that the certificates below it do not have'
} satisfies Record<RefusalCode, (refusal: Refused, context: Context) => string>

function namesOf(certificate: Certificate | undefined): string {
  if (certificate === undefined) return 'is missing'

  const { dnsNames, ips, alternativeNames, subject } = certificate
  const names = [...dnsNames, ...ips.map(formatIp)]
  if (names.length > 0)
    return `is for ${names.slice(0, 5).join(', ')}${names.length > 5 ? ` and ${names.length - 5} more` : ''}`
  if (alternativeNames === undefined && commonNameOf(subject) !== '')
    return 'has only a common name, and Go checks only subject alternative names'

  return 'has no DNS name and no IP address'
}

function unknownAuthority(refusal: Refused, context: Context): string {
  const { certificate, candidate } = refusal
  const issuer = certificate === undefined ? 'its issuer' : describeName(certificate.issuer)
  const who = named(refusal, context)
  if (candidate === undefined) {
    const unused = [...(context.bundle?.certificates ?? []), ...context.served].find(
      (other) => certificate?.issuer.raw.equals(other.subject.raw) && !other.raw.equals(certificate.raw)
    )
    if (unused !== undefined) {
      return `${who} is signed by ${issuer}; ${describeCertificate(unused)} has that name, but Go cannot use it: its key type is not supported, or the chain already contains it`
    }

    return `${who} is signed by ${issuer}, but neither the caBundle nor the server's chain contains a certificate with that name`
  }
  const other = describeCertificate(candidate.certificate)
  switch (candidate.code) {
    case 'wrong-key':
      return `${who} is signed by a different key: ${placeOf(candidate.certificate, context)} contains ${other}, which has the issuer's name but not the issuer's key`
    case 'not-a-ca':
      return `${who} names ${other} as its issuer, but that certificate is not allowed to sign others (basic constraints or key usage)`
    case 'insecure-algorithm':
      return `${who} is signed with SHA-1 or MD5, which Go rejects`
    case 'unsupported-algorithm':
      return `${who} is signed with an algorithm that Go cannot verify`
    case 'weak-key':
      return `${other} has an RSA key smaller than 1,024 bits, which Go 1.24 and later reject`
    default:
      return `${who} is signed by ${other}, which Go rejects (${candidate.go})`
  }
}

/** Where the issuer of a certificate was found: Go searches the bundle first, then what the server sent. */
const placeOf = (certificate: Certificate, { bundle }: Context): string =>
  bundle?.certificates.includes(certificate) ? 'the caBundle' : "the server's chain"
