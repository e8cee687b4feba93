import type { ExpectedCas } from '../ca-bundle/expected-cas.js'
import type { GuardedWebhook } from '../ca-bundle/guarded-webhooks.js'
import type { InjectedCasFact } from '../ca-bundle/injection.js'
import { nextStateOf } from '../ca-bundle/next-step.js'
import { assessBundle, type AssessmentQuestion, type BundleAssessment } from '../ca-bundle/state.js'
import { apiServerName } from '../kube/client.js'
import { type Fact, known } from '../model/fact.js'
import type { ApiServerChain } from './ca-sources.js'

/** The assessment of one guarded webhook. */
export interface Assessment extends BundleAssessment {
  readonly guarded: GuardedWebhook
  /**
   * Where the injector's CAs are read from, or why they cannot be read. Undefined if no injector decides the
   * bundle.
   */
  readonly source: Fact<string> | undefined
  /** What will change the state next, and when. Undefined if no rotation step will. */
  readonly next?: string | undefined
}

/** What decides the assessment of a guarded webhook's bundle. */
export interface AssessmentEvidence {
  /** The API servers and the chain that each one serves now. */
  readonly apiServerChains: readonly ApiServerChain[]
  /** The chain that the webhook serves, if the controller could connect to it. */
  readonly served: { readonly chain: string; readonly host: string } | undefined
  /** What the injector writes, if the configuration requests injection. */
  readonly injected: InjectedCasFact | undefined
  /** The expected CAs; undefined if they could not be determined. */
  readonly expected: ExpectedCas | undefined
  /** Why some CAs that a ConfigMap names are not confirmed; undefined if all are. */
  readonly doubt?: string | undefined
  readonly now: Date
}

/** Assesses the bundle of a guarded webhook. */
export function assess(
  one: GuardedWebhook,
  { apiServerChains, served, injected, expected, doubt, now }: AssessmentEvidence
): Assessment {
  const { current = '', source, former, rotation } = expected ?? {}
  const question = {
    caBundle: one.webhook.caBundle,
    currentCas: current,
    source,
    formerCas: former,
    signers: rotation?.signers,
    at: now
  }
  const fact = injected?.fact
  if (one.place !== 'control-plane') {
    const assessment = assessBundle({ ...question, served })
    const because =
      assessment.state === 'unknown' && fact?.state === 'unknown'
        ? `${assessment.because}: ${fact.because}`
        : assessment.because

    return {
      guarded: one,
      source: fact?.state === 'known' ? known(fact.value.source) : fact,
      ...assessment,
      because
    }
  }

  const assessment = withDoubt(assessControlPlaneBundle(apiServerChains, question), doubt)
  const next = rotation && nextStateOf(assessment.state, one.webhook.caBundle, rotation, now)

  return { guarded: one, source: undefined, ...assessment, next }
}

/**
 * While a cluster CA is not confirmed, a bundle is reported as broken only if it is absent or unusable. Such
 * a bundle fails regardless of which CAs are right.
 */
function withDoubt(assessment: BundleAssessment, doubt: string | undefined): BundleAssessment {
  if (doubt === undefined || assessment.state === 'unusable' || assessment.state === 'absent')
    return assessment

  const because = `${doubt}; judged by the confirmed CAs, the bundle is ${assessment.state}: ${assessment.because}`
  return { ...assessment, state: 'unknown', because }
}

/**
 * Assesses a control-plane webhook. Only the API server that runs alongside a control-plane webhook can
 * connect to that webhook. One CA signs the certificates of both, so the API server's certificate shows which
 * CA signs. The worst assessment counts. If no API server could be reached, the bundle is compared only with
 * the expected CAs. The bundle must also contain each CA that, according to EKS or to the certificate of any
 * API server, signs now.
 */
function assessControlPlaneBundle(
  chains: readonly ApiServerChain[],
  question: Omit<AssessmentQuestion, 'served'>
): BundleAssessment {
  const each = chains.flatMap(({ server, chain }) =>
    chain === undefined
      ? []
      : [
          {
            server,
            assessment: assessBundle({
              ...question,
              signers: [], // a missing CA that only another API server uses must not count here
              served: { chain, host: apiServerName, of: 'api-server' }
            })
          }
        ]
  )
  const worst =
    each.find(({ assessment }) => assessment.state === 'stale') ??
    each.find(({ assessment }) => assessment.state !== 'ok') ??
    each[0]
  if (worst === undefined) return assessBundle(question)
  if (worst.assessment.state !== 'stale' && (question.signers ?? []).length > 0) {
    const bySigners = assessBundle(question)
    if (bySigners.state === 'stale') return bySigners
  }

  const { server, assessment } = worst
  return assessment.state === 'stale'
    ? { ...assessment, because: `at API server ${server.address}, ${assessment.because}` }
    : assessment
}
