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
  /** Only where the cluster's CA was given, or the injector's is known. */
  readonly state?: BundleState
  readonly because?: string
  /** Who tells the injector's CA, in words. */
  readonly source?: string
  readonly certificates: readonly (CertificateDescription & {
    readonly signs?: boolean
    readonly isClusterCa?: boolean
    readonly isInjectedCa?: boolean
  })[]
  readonly faults: readonly { readonly kind: string; readonly message: string; readonly fix: string }[]
  readonly served: readonly CertificateDescription[]
  /** The base64 text that should stand there; left out when nothing better is known. */
  readonly repaired?: string
}

export interface BundleQuestion {
  readonly caBundle: string
  readonly served?: { readonly chain: string; readonly host: string; readonly of?: 'api-server' } | undefined
  readonly clusterCa?: string | undefined
  /** What the injector of the webhook writes, as PEM, and who says so; it is meant for webhooks that `clusterCa` does not judge. */
  readonly injected?:
    | {
        readonly current: string
        readonly former?: string | undefined
        /** Told apart from what is foreign, and never written into a bundle. */
        readonly earlier?: string | undefined
        readonly source: string
      }
    | undefined
  /** Why nobody could tell what its injector writes. */
  readonly notInjected?: string | undefined
  readonly at: Date
  readonly go?: string | undefined
}

/** Puts together what the API server makes of a bundle, and what would be right. */
export function bundleReportOf(question: BundleQuestion): BundleReport {
  const { caBundle, served, clusterCa, injected, notInjected, at, go } = question
  const { bundle, faults, unusable } = diagnoseBundle(caBundle, at, go)
  const judged = served && { host: served.host, of: served.of, ...judgeTls({ caBundle, ...served, at, go }) }
  const currentCas = injected?.current ?? clusterCa
  const standing =
    currentCas === undefined
      ? undefined
      : standingOf({
          caBundle,
          currentCas,
          formerCas: [injected?.former ?? '', injected?.earlier ?? ''].join('\n'),
          source: injected?.source,
          served,
          at,
          go
        })
  const current = currentCas === undefined ? [] : readBundle(Buffer.from(currentCas), goMinorOf(go)).certificates
  // What an injector merged is its own: what it left in may still sign what is served.
  const isInjectors =
    injected !== undefined && standing?.state === 'ok' && faults.every(({ kind }) => kind === 'expiring' || kind === 'expired')
  const repaired = isInjectors ? undefined : repairedText(question, current)
  const isUsable = unusable === undefined && (bundle?.certificates.some((certificate) => isInDate(certificate, at)) ?? false)

  return {
    good: (judged?.accepted ?? isUsable) && (standing === undefined || ['ok', 'unknown'].includes(standing.state)),
    ...(judged && { verdict: verdictOf(judged) }),
    ...(standing && { state: standing.state, because: standing.because }),
    ...(standing === undefined &&
      isUsable &&
      notInjected !== undefined && { state: 'unknown' as const, because: `which CA is right is not known: ${notInjected}` }),
    ...(injected && { source: injected.source }),
    certificates: (bundle?.certificates ?? []).map((certificate) => ({
      ...descriptionOf(certificate),
      ...(served && { signs: signs(certificate, { ...served, at, go }) }),
      ...(currentCas !== undefined && {
        [injected === undefined ? 'isClusterCa' : 'isInjectedCa']: current.some(({ raw }) => raw.equals(certificate.raw))
      })
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

/** The CAs that are known to be right; else the certificates that the text was meant to hold, without those that have expired. */
function repairedText({ caBundle, clusterCa, injected, at, go }: BundleQuestion, current: readonly Certificate[]): string | undefined {
  const currentCas = injected?.current ?? clusterCa
  if (currentCas !== undefined && current.length > 0) {
    if (acceptedTexts(currentCas, { besides: injected?.former, inPlace: caBundle, go }).complete.includes(caBundle)) return caBundle
    const former = readBundle(Buffer.from(injected?.former ?? ''), goMinorOf(go)).certificates
    return bundleText([...current, ...former.filter(({ raw }) => !current.some((ca) => ca.raw.equals(raw)))])
  }
  const meant = recoverCertificates(Buffer.from(caBundle, 'base64'), go).filter((certificate) => certificate.notAfter >= at.getTime())

  return meant.length === 0 ? undefined : bundleText(meant)
}

const bundleText = (certificates: readonly Certificate[]): string =>
  Buffer.from(certificates.map((certificate) => `${pemOf(certificate)}\n`).join('')).toString('base64')
