import { parseBundle } from '../x509/bundle.js'
import { type Certificate, isInDate } from '../x509/certificate.js'
import { type CertificateDescription, describeCertificate, descriptionOf } from '../x509/describe.js'
import { goMinorOf } from '../x509/go-version.js'
import { judgeTls, type TlsVerdict } from '../x509/judge-tls.js'
import { assessmentBy } from './assess-question.js'
import { type BundleQuestion, currentCasOf } from './bundle-question.js'
import { repairedText } from './bundle-to-write.js'
import { diagnoseBundle } from './diagnose.js'
import type { FaultKind } from './faults.js'
import { signsServed } from './signs-served.js'
import type { BundleAssessment, BundleState } from './state.js'

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
  /** Which cluster CA signs now and which one signs next; present only while the cluster CA is being replaced. */
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
  // A bundle in which the injector merged new CAs with old ones is left unchanged: an old CA in it might have
  // signed the certificate that is still served.
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
