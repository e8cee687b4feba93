import { parseBundle, parseCaBundle } from '../x509/bundle.js'
import { type Certificate, isInDate } from '../x509/certificate.js'
import { describeCertificate } from '../x509/describe.js'
import { goMinorOf } from '../x509/go-version.js'
import { judgeTls } from '../x509/judge-tls.js'
import { buildPool } from '../x509/pool.js'
import { formatTime } from '../x509/time.js'
import { pemOf, pemsOf } from './accepted-texts.js'
import { diagnoseBundle } from './diagnose.js'
import type { ExpectedSets, SignerChoice } from './right-bundle.js'
import { holdsCa, isSameCa } from './same-ca.js'

/** The state of a guarded webhook's bundle, compared with the expected CAs. */
export type BundleState = 'ok' | 'incomplete' | 'stale' | 'foreign' | 'unusable' | 'absent' | 'unknown'

export interface BundleAssessment {
  readonly state: BundleState
  /** The reason for the state, on one line. */
  readonly because: string
  /**
   * Certificates of the bundle that are not current CAs. They break no calls, but their keys are trusted,
   * too.
   */
  readonly extra: readonly Certificate[]
}

/** The inputs for assessing a bundle. */
export interface AssessmentQuestion {
  /** The base64 string of `clientConfig.caBundle`; undefined or empty if there is none. */
  readonly caBundle: string | undefined
  /** The CAs that may sign the webhook's certificate now, as PEM. */
  readonly currentCas: string
  /**
   * The source of these CAs, for messages; undefined if they are the cluster's or come from the served chain.
   */
  readonly source?: string | undefined
  /** CAs that were current until recently, as PEM. */
  readonly formerCas?: string | undefined
  /**
   * The chain that the webhook serves now (PEM, leaf first), if a connection was possible, and the host name
   * at which the webhook is called. If `of` is set, the chain is that of the API server next to the webhook,
   * and shows only which CA signs certificates in the control plane.
   */
  readonly served?:
    { readonly chain: string; readonly host: string; readonly of?: 'api-server' | undefined } | undefined
  /** The CAs that sign now, if a source other than the served chain shows them. */
  readonly signers?: readonly SignerChoice[] | undefined
  readonly at: Date
  readonly go?: string | undefined
}

/**
 * Classifies a bundle. A bundle is `stale` only if it contains a CA that is current or was current until
 * recently, and if the bundle is not known to accept the certificate served now. The order of two CAs never
 * shows which one signs. Never throws.
 */
export function assessBundle({
  caBundle,
  currentCas,
  source,
  formerCas = '',
  served,
  signers = [],
  at,
  go
}: AssessmentQuestion): BundleAssessment {
  const poolOf = (pem: string): readonly Certificate[] =>
    buildPool(parseBundle(Buffer.from(pem), goMinorOf(go)).certificates).certificates
  const current = poolOf(currentCas)
  if (caBundle === undefined || caBundle === '') {
    return {
      state: 'absent',
      because: 'there is no caBundle, so the API server trusts only the root CAs of its own system',
      extra: []
    }
  }
  const { bundle, unusable, faults } = diagnoseBundle(caBundle, at, go)
  if (bundle === undefined || bundle.certificates.length === 0) {
    return {
      state: 'unusable',
      because: [unusable, ...faults.map(({ message }) => message)].join('; '),
      extra: []
    }
  }
  const valid = bundle.certificates.filter((certificate) => isInDate(certificate, at))
  if (valid.length === 0) {
    const latest = bundle.certificates.reduce((latest, { notAfter }) => Math.max(latest, notAfter), -Infinity)
    return {
      state: 'unusable',
      because: `none of its certificates is currently valid; the latest expiry is ${formatTime(latest)}`,
      extra: []
    }
  }
  if (current.length === 0) return { state: 'unknown', because: 'the current CAs are unknown', extra: [] }

  const extra = bundle.certificates.filter((certificate) => !current.some((ca) => isSameCa(ca, certificate)))
  const verdict = served && judgeTls({ caBundle, chain: served.chain, host: served.host, at, go })
  const held = current.filter((ca) => valid.some((certificate) => isSameCa(ca, certificate)))
  const missing = current.filter((ca) => !held.includes(ca))
  const list = (certificates: readonly Certificate[]): string =>
    certificates.map(describeCertificate).join(', ')
  const by = source === undefined ? '' : ` according to ${source}`
  if (held.length === 0) {
    const holds = list(bundle.certificates.slice(0, 3))
    const isAbove =
      verdict?.accepted === true && verdict.path.some((link) => current.some((ca) => isSameCa(ca, link)))
    // An anchor above the current CAs also works, and so does the serving certificate itself.
    if (verdict?.accepted && (source === undefined || isAbove))
      return {
        state: 'ok',
        because: `it contains no current CA, only ${holds}, but it accepts the certificate served now`,
        extra
      }
    if (verdict?.accepted) {
      const because = `it accepts the certificate served now, but${by} the current CA is ${list(current.slice(0, 3))}, and the bundle contains ${holds}`
      return { state: 'incomplete', because, extra }
    }
    const isFormer = poolOf(formerCas).some((ca) => valid.some((certificate) => isSameCa(ca, certificate)))

    return {
      state: isFormer ? 'stale' : 'foreign',
      because: `it contains ${holds}${isFormer ? ', which was correct until recently' : ''}, but${by} the current CA is ${list(current.slice(0, 3))}`,
      extra
    }
  }
  const signer = missing.find((ca) => served && isSignerOf(ca, served, at, go))
  if (verdict?.accepted === false && signer !== undefined) {
    return {
      state: 'stale',
      because: `the certificate served now is signed by ${describeCertificate(signer)}, which the bundle lacks; it contains ${list(held)}`,
      extra
    }
  }
  const lacking = signers.find((choice) => !choice.some((ca) => holdsCa(valid, ca)))
  if (lacking !== undefined) {
    return {
      state: 'stale',
      because: `${list(lacking.slice(0, 3))} signs the webhook's certificate now, and the bundle lacks it; it contains ${list(held)}`,
      extra
    }
  }
  // The chain that the webhook itself serves is decisive: if the bundle does not accept it, calls fail, even
  // if the bundle contains the current CAs.
  if (verdict?.accepted === false && served?.of === undefined) {
    const current = source === undefined ? '' : `, current according to ${source}`
    const because = `it contains ${list(held)}${current}, but does not accept the certificate served now: ${verdict.refusal.reason}`
    return { state: 'stale', because, extra }
  }
  if (missing.length > 0)
    return { state: 'incomplete', because: `it contains ${list(held)} and lacks ${list(missing)}`, extra }

  const more = extra.length === 0 ? '' : `, and also ${list(extra.slice(0, 3))}`

  return { state: 'ok', because: `it contains ${list(held)}${more}`, extra }
}

/**
 * Classifies the bundle of a control-plane webhook by the CAs that the policy expects. A bundle that lacks a CA
 * is `stale` or `foreign` if the policy refuses it for that reason, and `incomplete` if the policy only warns.
 * Never throws.
 */
export function assessByExpected(
  { needed, trusted, former, mustHold }: ExpectedSets,
  question: Omit<AssessmentQuestion, 'currentCas' | 'formerCas' | 'signers'>
): BundleAssessment {
  const assessment = assessBundle({
    ...question,
    currentCas: pemsOf(needed),
    formerCas: pemsOf([...trusted, ...former])
  })
  if (assessment.state !== 'ok' && assessment.state !== 'incomplete') return assessment

  const { certificates = [] } = parseCaBundle(question.caBundle ?? '', goMinorOf(question.go)) ?? {}
  const valid = certificates.filter((certificate) => isInDate(certificate, question.at))
  const lacking = mustHold.find((choice) => !choice.some((ca) => holdsCa(valid, ca)))
  if (lacking === undefined) return assessment
  const names = lacking.slice(0, 3).map(describeCertificate).join(' or ')

  return {
    ...assessment,
    state: 'stale',
    because: `it lacks ${names}, which signs now or may sign at any moment; it contains ${valid.slice(0, 3).map(describeCertificate).join(', ')}`
  }
}

/** Whether a bundle with only this CA would accept the served chain. */
export function isSignerOf(
  ca: Certificate,
  { chain, host }: { chain: string; host: string },
  at: Date,
  go?: string
): boolean {
  return judgeTls({ caBundle: Buffer.from(pemOf(ca)).toString('base64'), chain, host, at, go }).accepted
}
