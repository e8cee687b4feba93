import { parseBundle, parseCaBundle } from '../x509/bundle.js'
import { type Certificate, isInDate } from '../x509/certificate.js'
import { type CertificateDescription, describeCertificate, descriptionOf } from '../x509/describe.js'
import { goMinorOf } from '../x509/go-version.js'
import { judgeTls, type TlsVerdict } from '../x509/judge-tls.js'
import { acceptedTexts, bundleTextOf } from './accepted-texts.js'
import { diagnoseBundle, type FaultKind } from './diagnose.js'
import { recoverCertificates } from './recover.js'
import type { ExpectedSets } from './right-bundle.js'
import { signsServed } from './signs-served.js'
import { assessBundle, assessByExpected, type BundleAssessment, type BundleState } from './state.js'

/** The findings about one bundle, which `ca --output json` prints. */
export interface BundleReport {
  /** Whether the bundle has no errors; it may have warnings. Also false if the state is `unknown`. */
  readonly good: boolean
  /**
   * Present only if a server's chain was given. If `of` is set, that chain came from the API server and
   * stands in for the chain of the control-plane webhook.
   */
  readonly verdict?: {
    readonly accepted: boolean
    readonly host: string
    readonly of?: 'api-server'
    readonly reason?: string
    readonly go?: string
  }
  /** Present only if the expected CA was looked up. */
  readonly state?: BundleState
  readonly because?: string
  /** The source of the injector's CA, for messages. */
  readonly source?: string
  /** Which cluster CA signs now and which one next; present only while the cluster CA is being replaced. */
  readonly rotation?: string
  /**
   * Why a CA in the cluster's ConfigMap `kube-root-ca.crt` is not confirmed; present only if there is such a
   * CA. Possible causes are tampering with the ConfigMap and a CA rotation.
   */
  readonly doubt?: string
  /** When the expected CA was confirmed (RFC 3339). Present only if that CA comes from the WebhookTrust. */
  readonly confirmedAt?: string
  readonly certificates: readonly (CertificateDescription & {
    readonly signs?: boolean
    readonly isClusterCa?: boolean
    readonly isInjectedCa?: boolean
    readonly isPublishedCa?: boolean
  })[]
  /** A fault is an error if it can be the reason why the bundle is not good; otherwise it is a warning. */
  readonly faults: readonly {
    readonly kind: FaultKind
    readonly severity: 'error' | 'warning'
    readonly message: string
    readonly fix: string
  }[]
  /**
   * Present only if the API server can use the bundle but the caBundle policy does not accept it without a
   * warning. States what the policy does when the bundle is written to a guarded webhook, and why.
   */
  readonly policy?: { readonly action: 'denies' | 'warns'; readonly because: string }
  readonly served: readonly CertificateDescription[]
  /** The expected CAs, if they are known. `signs` is present only if a server's chain was given. */
  readonly expected?: readonly (CertificateDescription & { readonly signs?: boolean })[]
  /** The base64 string to write instead; absent if no better one is known. */
  readonly repaired?: string
}

/**
 * The bundles (base64 strings) that the WebhookTrust accepts. `best` is the one to write: it contains all
 * current CAs and nothing else.
 */
export interface PublishedBundles {
  readonly best: string
  readonly accepted: readonly string[]
  readonly complete: readonly string[]
  readonly confirmedAt: Date
}

export interface BundleQuestion {
  readonly caBundle: string
  readonly served?: { readonly chain: string; readonly host: string; readonly of?: 'api-server' } | undefined
  readonly clusterCa?: string | undefined
  /**
   * The cluster CAs by which the policy judges, if the controller published them recently. Without them, a
   * bundle needs all cluster CAs.
   */
  readonly expected?: ExpectedSets | undefined
  /** Which cluster CA signs now and which one next, as the controller published it. */
  readonly rotation?: string | undefined
  /** CAs (PEM) that might also be the cluster's, and why that is uncertain. */
  readonly unconfirmed?: { readonly cas: string; readonly doubt: string } | undefined
  /**
   * The CAs (PEM) that the webhook's injector writes, and their source. Used for webhooks whose bundle is not
   * checked against `clusterCa`.
   */
  readonly injected?:
    | {
        readonly current: string
        readonly former?: string | undefined
        /**
         * Older CAs. They only make a bundle stale instead of foreign; they are never written to a bundle.
         */
        readonly earlier?: string | undefined
        readonly source: string
      }
    | undefined
  /** The bundles that the policy accepts. Used if neither `clusterCa` nor `injected` is known. */
  readonly published?: PublishedBundles | undefined
  /** The accepted bundles (base64 strings), and what the caBundle policy does with any other bundle. */
  readonly policy?:
    | {
        readonly action: 'Deny' | 'Warn'
        readonly accepted: readonly string[]
        readonly complete: readonly string[]
      }
    | undefined
  /** Why the expected CA could not be determined. */
  readonly notKnown?: string | undefined
  readonly at: Date
  readonly go?: string | undefined
}

/** Reports how the API server reads a bundle, and what the bundle should contain. */
export function bundleReportOf(question: BundleQuestion): BundleReport {
  const { caBundle, served, injected, published, at, go } = question
  const { bundle, faults, unusable } = diagnoseBundle(caBundle, at, go)
  const judged = served && { host: served.host, of: served.of, ...judgeTls({ caBundle, ...served, at, go }) }
  const assessment = assessmentBy(question)
  const currentCas = currentCasOf(question)
  const current =
    currentCas === undefined ? [] : parseBundle(Buffer.from(currentCas), goMinorOf(go)).certificates
  const policy = policyRefusalOf(question, assessment, bundle?.certificates ?? [], current)
  // A bundle that the injector merged is left unchanged: an old CA in it might have signed the certificate
  // that is still served.
  const isInjectors =
    injected !== undefined &&
    assessment?.state === 'ok' &&
    faults.every(({ kind }) => kind === 'expiring' || kind === 'expired')
  const repaired = isInjectors ? undefined : repairedText(question, current, policy !== undefined)
  const isUsable =
    unusable === undefined && (bundle?.certificates.some((certificate) => isInDate(certificate, at)) ?? false)
  const isWrong =
    !(judged?.accepted ?? isUsable) ||
    (assessment !== undefined && !['ok', 'unknown'].includes(assessment.state))
  const signs = judged && signsServed(judged.served, go)
  const mark =
    injected !== undefined
      ? 'isInjectedCa'
      : question.clusterCa !== undefined
        ? 'isClusterCa'
        : 'isPublishedCa'

  return {
    good: !isWrong && assessment?.state !== 'unknown',
    ...(judged && { verdict: verdictOf(judged) }),
    ...(assessment && { state: assessment.state, because: assessment.because }),
    ...(injected && { source: injected.source }),
    ...(question.rotation && { rotation: question.rotation }),
    ...(question.unconfirmed && { doubt: question.unconfirmed.doubt }),
    ...(published && { confirmedAt: published.confirmedAt.toISOString() }),
    certificates: (bundle?.certificates ?? []).map((certificate) => {
      const isSigner = signs?.(certificate)
      return {
        ...descriptionOf(certificate),
        ...(isSigner !== undefined && { signs: isSigner }),
        ...(currentCas !== undefined && { [mark]: current.some(({ raw }) => raw.equals(certificate.raw)) })
      }
    }),
    faults: faults.map(({ kind, message, fix }) => {
      const isCause = !isUsable || (isWrong && !harmless.has(kind))
      return { kind, severity: isCause ? 'error' : 'warning', message, fix }
    }),
    ...(policy && { policy }),
    served: (judged?.served ?? []).map(descriptionOf),
    ...(currentCas !== undefined && {
      expected: current.map((certificate) => {
        const isSigner = signs?.(certificate)
        return { ...descriptionOf(certificate), ...(isSigner !== undefined && { signs: isSigner }) }
      })
    }),
    ...(repaired !== undefined && repaired !== caBundle && { repaired })
  }
}

// If there is a usable certificate, these faults do not make calls fail, and the corresponding rules only
// warn.
const harmless: ReadonlySet<FaultKind> = new Set(['private-key', 'expiring', 'duplicate'])

/** The CAs that are known to be expected, as PEM. */
function currentCasOf({ injected, clusterCa, published }: BundleQuestion): string | undefined {
  return injected?.current ?? clusterCa ?? (published && pemTextOf(published.best))
}

const pemTextOf = (base64: string): string => Buffer.from(base64, 'base64').toString('latin1')

/** The assessment of the bundle against the expected CAs; undefined if none were looked up. */
function assessmentBy(question: BundleQuestion): Pick<BundleAssessment, 'state' | 'because'> | undefined {
  const { caBundle, served, unconfirmed, injected, published, expected, notKnown, at, go } = question
  const currentCas = currentCasOf(question)
  if (currentCas === undefined && notKnown === undefined) return undefined

  const formerCas = [injected?.former, injected?.earlier, ...(published?.accepted ?? []).map(pemTextOf)]
  const assessment = expected
    ? assessByExpected(expected, { caBundle, served, at, go })
    : assessBundle({
        caBundle,
        currentCas: currentCas ?? '',
        formerCas: formerCas.filter((pem) => pem !== undefined).join('\n'),
        source: injected?.source,
        served,
        at,
        go
      })
  if (assessment.state === 'unknown' && notKnown !== undefined)
    return { state: 'unknown', because: `the expected CA is unknown: ${notKnown}` }
  // The bundle contains no confirmed CA, but it does contain one that might be the cluster's.
  if (
    unconfirmed !== undefined &&
    (assessment.state === 'foreign' || assessment.state === 'stale') &&
    holdsAny(caBundle, unconfirmed.cas, go)
  )
    return {
      state: 'unknown',
      because: `it is not certain that its CA is the cluster CA: ${unconfirmed.doubt}`
    }
  // An accepted bundle may still work, because the webhook may serve a certificate signed by the previous CA.
  if (assessment.state === 'stale' && published?.accepted.includes(caBundle))
    return { ...assessment, state: 'incomplete' }

  return assessment
}

/** Why the policy refuses a bundle that the API server can use. The policy compares strings. */
function policyRefusalOf(
  { caBundle, policy }: BundleQuestion,
  assessment: Pick<BundleAssessment, 'state'> | undefined,
  certificates: readonly Certificate[],
  current: readonly Certificate[]
): BundleReport['policy'] {
  const isUsable = assessment?.state === 'ok' || assessment?.state === 'incomplete'
  if (policy === undefined || !isUsable || policy.accepted.length === 0) return undefined
  if (policy.accepted.includes(caBundle)) {
    if (policy.complete.length === 0 || policy.complete.includes(caBundle)) return undefined

    return {
      action: 'warns',
      because: 'it lacks a CA that may sign next, or contains one that is no longer trusted'
    }
  }

  const others = certificates.filter(({ raw }) => !current.some((ca) => ca.raw.equals(raw)))
  const list = others.slice(0, 3).map(describeCertificate).join(', ')

  return {
    action: policy.action === 'Deny' ? 'denies' : 'warns',
    because:
      others.length > 0
        ? `it contains ${list}, ${others.length === 1 ? 'which is not an expected CA' : 'which are not expected CAs'}`
        : 'it is not one of the accepted strings, which contain only the PEM blocks of the expected CAs, without comments, in lines of 64 characters'
  }
}

function holdsAny(caBundle: string, cas: string, go: string | undefined): boolean {
  const wanted = parseBundle(Buffer.from(cas), goMinorOf(go)).certificates

  return (
    parseCaBundle(caBundle, goMinorOf(go))?.certificates.some(({ raw }) =>
      wanted.some((ca) => ca.raw.equals(raw))
    ) ?? false
  )
}

function verdictOf(
  judged: TlsVerdict & { host: string; of: 'api-server' | undefined }
): NonNullable<BundleReport['verdict']> {
  const { accepted, host, of } = judged

  return {
    accepted,
    host,
    ...(of && { of }),
    ...(!judged.accepted && { reason: judged.refusal.reason, go: judged.refusal.go })
  }
}

/**
 * The bundle to write: the expected CAs if they are known, otherwise the unexpired certificates that the text
 * was meant to contain.
 */
function repairedText(
  { caBundle, clusterCa, injected, published, policy, at, go }: BundleQuestion,
  current: readonly Certificate[],
  isRefused: boolean
): string | undefined {
  const currentCas = injected?.current ?? clusterCa
  // The policy compares strings, so only a string that it accepts will pass.
  if (currentCas === undefined && published !== undefined)
    return published.complete.includes(caBundle) ? caBundle : published.best
  if (currentCas !== undefined && current.length > 0) {
    if (policy?.complete.includes(caBundle)) return caBundle
    if (
      !isRefused &&
      acceptedTexts(currentCas, {
        acceptedTogether: injected?.former,
        inPlace: caBundle,
        go
      }).complete.includes(caBundle)
    )
      return caBundle
    const former = parseBundle(Buffer.from(injected?.former ?? ''), goMinorOf(go)).certificates
    return bundleTextOf([
      ...current,
      ...former.filter(({ raw }) => !current.some((ca) => ca.raw.equals(raw)))
    ])
  }
  const meant = recoverCertificates(Buffer.from(caBundle, 'base64'), go).filter(
    (certificate) => certificate.notAfter >= at.getTime()
  )

  return meant.length === 0 ? undefined : bundleTextOf(meant)
}
