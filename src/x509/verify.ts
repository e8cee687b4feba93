import type { Certificate } from './certificate.js'
import { bigIntOf } from './der.js'
import { goQuote } from './go-quote.js'
import { hostNameRefusal } from './host-name.js'
import { commonNameOf, organizationOf } from './name.js'
import { nameConstraintRefusal } from './name-constraints.js'
import { hasValidPolicies } from './policies.js'
import type { Pool } from './pool.js'
import { type KeyCache, type SignatureRefusal, signatureRefusal } from './signature.js'
import { formatTime } from './time.js'

/** The reason why no chain was accepted: its code, the certificate that causes it, and Go's error. */
export interface ChainRefusal {
  readonly code: ChainReason
  readonly certificate: Certificate
  readonly go: string
  /** For `unknown-authority`: the first certificate with the issuer's name, and why it is not the issuer. */
  readonly candidate?:
    | {
        readonly certificate: Certificate
        readonly code: SignatureRefusal['code'] | ChainReason
        readonly go: string
      }
    | undefined
}

export type ChainReason =
  | 'unhandled-critical-extension'
  | 'not-yet-valid'
  | 'expired'
  | 'host-name'
  | 'unknown-authority'
  | 'intermediate-not-a-ca'
  | 'path-too-long'
  | 'too-many-signature-checks'
  | 'name-constraints'
  | 'key-usage'
  | 'policies'

/** The inputs for verifying a chain. */
export interface VerifyOptions {
  readonly anchors: Pool
  readonly intermediates: Pool
  readonly host: string
  readonly at: Date
  readonly goMinor: number
}

/**
 * Builds chains from a leaf to a trust anchor as Go's `Certificate.Verify` does in a TLS client. Returns the
 * first acceptable chain (leaf first) or Go's error. Any certificate in the pool of anchors counts as a trust
 * anchor, even a leaf or an intermediate.
 */
export function verifyChain(
  leaf: Certificate,
  options: VerifyOptions
): readonly Certificate[] | ChainRefusal {
  const invalid = invalidity(leaf, 'leaf', [], options)
  if (invalid !== undefined) return invalid

  const misnamed = hostNameRefusal(leaf, options.host)
  if (misnamed !== undefined) return { code: 'host-name', certificate: leaf, go: misnamed }

  const built = options.anchors.has(leaf) ? [[leaf]] : new ChainBuilder(options).chainsOf([leaf])
  if ('code' in built) return built

  return firstAcceptable(built, leaf, options.goMinor)
}

function firstAcceptable(
  chains: readonly (readonly Certificate[])[],
  leaf: Certificate,
  goMinor: number
): readonly Certificate[] | ChainRefusal {
  let misnamed: string | undefined
  let misused = 0
  let misguided = 0
  for (const chain of chains) {
    if (goMinor >= 24 && !hasValidPolicies(chain)) misguided++
    else if (!servesTls(chain)) misused++
    else {
      const refusal = nameConstraintRefusal(chain, goMinor)
      if (refusal === undefined) return chain
      misnamed ??= refusal
    }
  }
  if (misnamed !== undefined) {
    const go = `x509: a root or intermediate certificate is not authorized to sign for this name: ${misnamed}`
    return { code: 'name-constraints', certificate: leaf, go }
  }
  if (misguided === 0)
    return {
      code: 'key-usage',
      certificate: leaf,
      go: 'x509: certificate specifies an incompatible key usage'
    }

  const usage = misused > 0 ? `${misused} candidate chains with incompatible key usage, ` : ''

  return {
    code: 'policies',
    certificate: leaf,
    go: `x509: no valid chains built: ${usage}${misguided} candidate chains with invalid policies`
  }
}

const anyUsage = '2.5.29.37.0'
const serverAuth = '1.3.6.1.5.5.7.3.1'

/**
 * Every certificate with extended key usages, including the trust anchor, must list serverAuth or
 * anyExtendedKeyUsage.
 */
const servesTls = (chain: readonly Certificate[]): boolean =>
  chain.every(
    ({ extendedKeyUsages: usages }) =>
      usages.length === 0 || usages.includes(anyUsage) || usages.includes(serverAuth)
  )

type Place = 'leaf' | 'intermediate' | 'anchor'

/**
 * Implements Go's `isValid`: returns the defect that rules out a certificate as the next one above the
 * certificates in `below` (leaf first). Undefined if there is no such defect. Signatures are not checked
 * here.
 */
function invalidity(
  certificate: Certificate,
  place: Place,
  below: readonly Certificate[],
  { at }: VerifyOptions
): ChainRefusal | undefined {
  const refuse = (code: ChainReason, go: string): ChainRefusal => ({ code, certificate, go: `x509: ${go}` })
  const { unhandledCritical, notBefore, notAfter, basicConstraints } = certificate
  if (unhandledCritical.length > 0)
    return refuse('unhandled-critical-extension', 'unhandled critical extension')

  const now = at.getTime()
  const dated = 'certificate has expired or is not yet valid: current time'
  if (now < notBefore)
    return refuse('not-yet-valid', `${dated} ${formatTime(now)} is before ${formatTime(notBefore)}`)
  // written so that an invalid Date (NaN) is rejected
  if (!(now <= notAfter))
    return refuse('expired', `${dated} ${formatTime(now)} is after ${formatTime(notAfter)}`)
  if (place === 'intermediate' && basicConstraints?.isCa !== true) {
    return refuse('intermediate-not-a-ca', 'certificate is not authorized to sign other certificates')
  }
  const limit = basicConstraints?.maxPathLength ?? -1n
  if (limit >= 0n && BigInt(below.length - 1) > limit)
    return refuse('path-too-long', 'too many intermediates for path length constraint')

  return undefined
}

/**
 * The number of candidates that Go checks for one leaf before it gives up: crypto/x509,
 * maxChainSignatureChecks.
 */
const candidateLimit = 100

/**
 * Implements Go's depth-first search, including its limit on candidates and its choice of the error to
 * report.
 */
class ChainBuilder {
  readonly #options: VerifyOptions
  readonly #keys: KeyCache = new Map()
  #candidates = 0

  constructor(options: VerifyOptions) {
    this.#options = options
  }

  /**
   * All chains that continue from this one (leaf first) to a trust anchor, or the reason why there are none.
   */
  chainsOf(below: readonly Certificate[]): (readonly Certificate[])[] | ChainRefusal {
    const { anchors, intermediates, goMinor } = this.#options
    const child = below.at(-1)
    if (child === undefined) return []

    const chains: (readonly Certificate[])[] = []
    let hint: ChainRefusal['candidate']
    let last: ChainRefusal | undefined // Go reports the refusal of the last candidate whose key verified the signature
    const candidates = [
      ...anchors.parentsOf(child).map((certificate) => ({ certificate, place: 'anchor' as const })),
      ...intermediates
        .parentsOf(child)
        .map((certificate) => ({ certificate, place: 'intermediate' as const }))
    ]

    for (const { certificate, place } of candidates) {
      if (++this.#candidates > candidateLimit) {
        last = {
          code: 'too-many-signature-checks',
          certificate: child,
          go: 'x509: signature check attempts limit reached while verifying certificate chain'
        }
        break
      }
      if (certificate.publicKey.kind === 'unknown' || isAmong(certificate, below)) continue

      const unsigned = signatureRefusal(child, certificate, goMinor, this.#keys)
      if (unsigned !== undefined) {
        hint ??= { certificate, ...unsigned }
        continue
      }
      last = invalidity(certificate, place, below, this.#options)
      if (last !== undefined) {
        hint ??= last
        continue
      }
      const found = place === 'anchor' ? [[...below, certificate]] : this.chainsOf([...below, certificate])
      if ('code' in found) {
        last = found
        if (found.code === 'too-many-signature-checks') break
      } else chains.push(...found)
    }

    if (chains.length > 0) return chains

    return (
      last ?? {
        code: 'unknown-authority',
        certificate: child,
        go: unknownAuthorityText(hint),
        candidate: hint
      }
    )
  }
}

/**
 * Whether a chain already contains a certificate with the same subject, key and alternative names. Continuing
 * with such a candidate would loop.
 */
function isAmong(candidate: Certificate, chain: readonly Certificate[]): boolean {
  for (const { subject, keyInfo, alternativeNames } of chain) {
    if (!subject.raw.equals(candidate.subject.raw) || !keyInfo.equals(candidate.keyInfo)) continue
    if (alternativeNames === undefined || candidate.alternativeNames === undefined)
      return alternativeNames === candidate.alternativeNames
    if (alternativeNames.equals(candidate.alternativeNames)) return true
  }

  return false
}

function unknownAuthorityText(hint: ChainRefusal['candidate']): string {
  const text = 'x509: certificate signed by unknown authority'
  if (hint === undefined) return text

  const { subject, serial } = hint.certificate
  const name =
    commonNameOf(subject) ||
    organizationOf(subject) ||
    `serial:${BigInt.asIntN(8 * serial.length, bigIntOf(serial))}`

  return `${text} (possibly because of ${goQuote(hint.go)} while trying to verify candidate authority certificate ${goQuote(name)})`
}
