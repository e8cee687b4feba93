import { acceptedTexts, pemOf } from './accepted-texts.js'
import { readBundle } from './bundle.js'
import { standingOf, type BundleState } from './bundle-state.js'
import { isInDate, type Certificate } from './certificate.js'
import { descriptionOf, type CertificateDescription } from './describe.js'
import { diagnoseBundle } from './diagnose.js'
import { goMinorOf } from './go-version.js'
import { judgeTls, type TlsQuestion, type TlsVerdict } from './judge-tls.js'
import { recoverCertificates } from './recover.js'

/** What there is to say about one bundle; also what `ca --output json` prints. */
export interface BundleReport {
  /** Whether nothing has to be done. */
  readonly good: boolean
  /** Only where a server's chain was given. `of`: it is the API server's own, and stands for that of the webhook beside it. */
  readonly verdict?: {
    readonly accepted: boolean
    readonly host: string
    readonly of?: 'api-server'
    readonly reason?: string
    readonly go?: string
  }
  /** Only where the cluster's CA was given. */
  readonly state?: BundleState
  readonly because?: string
  readonly certificates: readonly (CertificateDescription & { readonly signs?: boolean; readonly isClusterCa?: boolean })[]
  readonly faults: readonly { readonly kind: string; readonly message: string; readonly fix: string }[]
  readonly served: readonly CertificateDescription[]
  /** The base64 text that should stand there; left out when nothing better is known. */
  readonly repaired?: string
}

export interface BundleQuestion {
  readonly caBundle: string
  readonly served?: { readonly chain: string; readonly host: string; readonly of?: 'api-server' } | undefined
  readonly clusterCa?: string | undefined
  readonly at: Date
  readonly go?: string | undefined
}

/** Puts together what the API server makes of a bundle, and what would be right. */
export function bundleReportOf(question: BundleQuestion): BundleReport {
  const { caBundle, served, clusterCa, at, go } = question
  const { bundle, faults, unusable } = diagnoseBundle(caBundle, at, go)
  const judged = served && { host: served.host, of: served.of, ...judgeTls({ caBundle, ...served, at, go }) }
  const standing = clusterCa === undefined ? undefined : standingOf({ caBundle, currentCas: clusterCa, served, at, go })
  const current = clusterCa === undefined ? [] : readBundle(Buffer.from(clusterCa), goMinorOf(go)).certificates
  const repaired = repairedText(question, current)
  const isUsable = unusable === undefined && (bundle?.certificates.some((certificate) => isInDate(certificate, at)) ?? false)

  return {
    good: (judged?.accepted ?? isUsable) && (standing === undefined || ['ok', 'unknown'].includes(standing.state)),
    ...(judged && { verdict: verdictOf(judged) }),
    ...(standing && { state: standing.state, because: standing.because }),
    certificates: (bundle?.certificates ?? []).map((certificate) => ({
      ...descriptionOf(certificate),
      ...(served && { signs: signs(certificate, { ...served, at, go }) }),
      ...(clusterCa !== undefined && { isClusterCa: current.some(({ raw }) => raw.equals(certificate.raw)) })
    })),
    faults: faults.map(({ kind, message, fix }) => ({ kind, message, fix })),
    served: (judged?.served ?? []).map(descriptionOf),
    ...(repaired !== undefined && repaired !== caBundle && { repaired })
  }
}

function verdictOf(judged: TlsVerdict & { host: string; of: 'api-server' | undefined }): NonNullable<BundleReport['verdict']> {
  const { accepted, host, of } = judged

  return { accepted, host, ...(of && { of }), ...(!judged.accepted && { reason: judged.refusal.reason, go: judged.refusal.go }) }
}

/** Whether this certificate alone would make the API server accept what is served. */
function signs(certificate: Certificate, question: Omit<TlsQuestion, 'caBundle'>): boolean {
  return judgeTls({ ...question, caBundle: Buffer.from(pemOf(certificate)).toString('base64') }).accepted
}

/** The cluster's CAs where they are known; else the certificates that the text was meant to hold, without those that have expired. */
function repairedText({ caBundle, clusterCa, at, go }: BundleQuestion, current: readonly Certificate[]): string | undefined {
  if (clusterCa !== undefined && current.length > 0) {
    if (acceptedTexts(clusterCa, { inPlace: caBundle, go }).complete.includes(caBundle)) return caBundle
    return bundleText(current)
  }
  const meant = recoverCertificates(Buffer.from(caBundle, 'base64'), go).filter((certificate) => certificate.notAfter >= at.getTime())

  return meant.length === 0 ? undefined : bundleText(meant)
}

const bundleText = (certificates: readonly Certificate[]): string =>
  Buffer.from(certificates.map((certificate) => `${pemOf(certificate)}\n`).join('')).toString('base64')
