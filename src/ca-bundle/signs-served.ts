import { parseBundle } from '../x509/bundle.js'
import { type Certificate, isSelfIssued } from '../x509/certificate.js'
import { goMinorOf } from '../x509/go-version.js'
import { buildPool } from '../x509/pool.js'
import { type KeyCache, signatureRefusal } from '../x509/signature.js'
import { pemOf } from './accepted-texts.js'

// Go checks at most this many signatures for one leaf: crypto/x509, maxChainSignatureChecks.
const maxChecks = 100

/**
 * Whether a certificate is the served leaf, or signed it directly or through other served certificates.
 * `served` starts with the leaf. Host names, dates and key usages are ignored, so that a problem with them is
 * not reported as an unexpected CA. Undefined if this cannot be determined, for example because Go does not
 * support the signature's algorithm. Never throws.
 */
export function signsServed(
  served: readonly Certificate[],
  go?: string
): (certificate: Certificate) => boolean | undefined {
  const goMinor = goMinorOf(go)
  const keys: KeyCache = new Map()
  const intermediates = buildPool(served.slice(1))
  let checks = 0
  const isSigned = (child: Certificate, parent: Certificate): boolean | undefined => {
    if (!child.issuer.raw.equals(parent.subject.raw)) return false
    if (++checks > maxChecks) return undefined
    const refusal = signatureRefusal(child, parent, goMinor, keys)
    if (refusal === undefined) return true

    return refusal.code === 'wrong-key' ? false : undefined
  }
  const below = new Set(served.slice(0, 1)) // grows during the loop
  for (const child of below) {
    for (const parent of intermediates.parentsOf(child))
      if (isSigned(child, parent) === true) below.add(parent)
  }

  return (certificate) => {
    let answer: boolean | undefined = false
    for (const child of below) {
      const isSigner = child.raw.equals(certificate.raw) || isSigned(child, certificate)
      if (isSigner === true) return true
      if (isSigner === undefined) answer = undefined
    }
    return answer
  }
}

/**
 * The CAs in a served chain (PEM in, PEM out): the certificates above the leaf that are CA certificates, and
 * the leaf if it is self-issued. Empty if the server sends only its leaf, as most servers do.
 */
export function caCertificatesOf(chain: string): string {
  const { certificates } = parseBundle(Buffer.from(chain), goMinorOf(undefined))
  const cas = certificates.filter((certificate, index) =>
    index === 0 ? isSelfIssued(certificate) : (certificate.basicConstraints?.isCa ?? certificate.version < 3)
  )

  return cas.map((certificate) => `${pemOf(certificate)}\n`).join('')
}
