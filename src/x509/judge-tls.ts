import { type Bundle, parseCaBundle, unusableText } from './bundle.js'
import { type Certificate, parseCertificate } from './certificate.js'
import { goMinorOf } from './go-version.js'
import { parsePemBlocks } from './pem.js'
import { buildPool } from './pool.js'
import { explain } from './reasons.js'
import { weakRsaText } from './signature.js'
import type { TlsRefusal } from './tls-refusal.js'
import { verifyChain } from './verify.js'

/** The input that the TLS client of an API server would verify. */
export interface TlsQuestion {
  /** The base64 string of `clientConfig.caBundle`. */
  readonly caBundle: string
  /** The certificates that the server sends, as PEM, leaf first. */
  readonly chain: string
  /** DNS name or IP address that the API server calls. */
  readonly host: string
  readonly at: Date
  /**
   * The Go version with which the API server is built, such as `1.23`; the newest known version by default.
   */
  readonly go?: string | undefined
}

/**
 * The result, including the parsed input. `path` is the accepted chain, leaf first and trust anchor last.
 */
export type TlsVerdict = { readonly bundle: Bundle | undefined; readonly served: readonly Certificate[] } & (
  | { readonly accepted: true; readonly path: readonly Certificate[] }
  | { readonly accepted: false; readonly refusal: TlsRefusal }
)

/**
 * Predicts whether the API server's TLS client (Go) would accept this chain for this host with this bundle at
 * this time. Synchronous; never throws, even if the bundle or the chain is malformed.
 */
export function judgeTls({ caBundle, chain, host, at, go }: TlsQuestion): TlsVerdict {
  const goMinor = goMinorOf(go)
  const bundle = parseCaBundle(caBundle, goMinor)
  const served = parseServed(chain, goMinor)
  const certificates = 'certificates' in served ? served.certificates : []
  const refuse = (refusal: Omit<TlsRefusal, 'reason'>): TlsVerdict => ({
    bundle,
    served: certificates,
    accepted: false,
    refusal: { ...refusal, reason: explain(refusal, { bundle, served: certificates, host, at }) }
  })

  const unusable = bundleRefusal(caBundle, bundle)
  if (unusable !== undefined) return refuse(unusable)
  if ('code' in served) return refuse(served)
  const [leaf, ...others] = certificates
  if (bundle === undefined || leaf === undefined)
    return refuse({ code: 'chain-empty', go: 'tls: received empty certificates message' })

  const tooLarge = certificates.find(
    ({ publicKey }) => publicKey.kind === 'rsa' && publicKey.bits > largestRsa
  )
  if (tooLarge !== undefined) {
    const go = `tls: server sent certificate containing RSA key larger than ${largestRsa} bits`
    return refuse({ code: 'server-key-too-large', certificate: tooLarge, go })
  }
  const path = verifyChain(leaf, {
    anchors: buildPool(bundle.certificates),
    intermediates: buildPool(others),
    host,
    at,
    goMinor
  })
  if ('code' in path) return refuse({ ...path, go: `tls: failed to verify certificate: ${path.go}` })

  const handshake = handshakeRefusal(leaf, goMinor)

  return handshake === undefined ? { bundle, served: certificates, accepted: true, path } : refuse(handshake)
}

// crypto/tls: defaultMaxRSAKeySize and maxHandshakeCertificateMsg.
const largestRsa = 8192
const largestMessage = 262_144

type Refused = Omit<TlsRefusal, 'reason'>

function bundleRefusal(caBundle: string, bundle: Bundle | undefined): Refused | undefined {
  if (bundle === undefined) return { code: 'bundle-not-base64', go: 'illegal base64 data' }
  if (caBundle === '' || bundle.text === '') {
    return {
      code: 'bundle-empty',
      go: 'tls: failed to verify certificate: x509: certificate signed by unknown authority'
    }
  }
  const text = unusableText(bundle)

  return text === undefined ? undefined : { code: 'bundle-unusable', go: text }
}

function parseServed(chain: string, goMinor: number): { certificates: readonly Certificate[] } | Refused {
  const blocks = parsePemBlocks(Buffer.from(chain, 'utf8').toString('latin1')).filter(
    ({ label }) => label === 'CERTIFICATE'
  )
  // A three-byte length precedes each certificate. TLS 1.3 adds two bytes per certificate, for the length of
  // its extensions, and four before the list.
  const size = blocks.reduce((sum, { bytes }) => sum + bytes.length + 5, 4)
  if (size > largestMessage) {
    return {
      code: 'chain-too-large',
      go: `tls: handshake message of length ${size} bytes exceeds maximum of ${largestMessage} bytes`
    }
  }
  const certificates: Certificate[] = []
  for (const { bytes } of blocks) {
    const certificate = parseCertificate(bytes, goMinor)
    if ('refusal' in certificate) {
      return {
        code: 'chain-unreadable',
        go: `tls: failed to parse certificate from server: ${certificate.refusal}`
      }
    }
    certificates.push(certificate)
  }

  return { certificates }
}

/** The checks that follow once the chain is accepted, because the leaf's key must also sign the handshake. */
function handshakeRefusal(leaf: Certificate, goMinor: number): Refused | undefined {
  const { publicKey } = leaf
  const kind = publicKey.kind
  if (kind === 'unknown' || kind === 'dsa') {
    const type = kind === 'dsa' ? '*dsa.PublicKey' : '<nil>'
    return {
      code: 'server-key-unsupported',
      certificate: leaf,
      go: `tls: server's certificate contains an unsupported type of public key: ${type}`
    }
  }
  // Go does not offer this curve in its ClientHello, so a server cannot use the key: RFC 8422, section 5.1
  if (kind === 'ecdsa' && publicKey.curve.name === 'P-224') {
    return { code: 'server-key-unsupported', certificate: leaf, go: 'remote error: tls: handshake failure' }
  }
  const weak = kind === 'rsa' ? weakRsaText(publicKey, goMinor) : undefined

  return weak === undefined
    ? undefined
    : {
        code: 'server-key-too-small',
        certificate: leaf,
        go: `tls: invalid signature by the server certificate: ${weak}`
      }
}
