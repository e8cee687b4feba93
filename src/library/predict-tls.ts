import type { Facts } from '../facts/facts.js'
import { defaultIdentityWebhook } from '../identity-webhook/settings.js'
import { known, moot } from '../model/fact.js'
import type { Finding } from '../model/finding.js'
import { parseWebhookConfiguration } from '../model/webhook-configuration.js'
import { caBundleUntrusted } from '../rules/ca-bundle-untrusted.js'
import { type BundleNeed, bundleRules } from '../rules/index.js'
import { recordOf, textOf } from '../text/record.js'
import { evaluate } from '../verdict/evaluate.js'
import { buildPlanner } from '../verdict/plan.js'
import { judgeTls, type TlsQuestion } from '../x509/judge-tls.js'
import type { RefusalCode } from '../x509/tls-refusal.js'

/** Whether the API server would connect to the server; if not, `reason` explains why. */
export interface TlsPrediction {
  readonly accepted: boolean
  readonly reason?: string
  readonly findings: readonly Finding[]
}

/** The input for `predictTls`; `caBundle` and `at` are optional. */
export type TlsPredictionQuestion = Omit<TlsQuestion, 'caBundle' | 'at'> &
  Partial<Pick<TlsQuestion, 'caBundle' | 'at'>>

/**
 * Predicts whether a Kubernetes API server, as a TLS client, accepts a webhook's certificate chain with a
 * `caBundle`. `caBundle` is the base64 string of `clientConfig.caBundle`; if it is omitted, the webhook has
 * no bundle. `chain` is PEM as the server sends it, leaf first. `host` is a DNS name or IP address. `go` is
 * the Go version that the API server is built with, such as `1.23` (by default the newest that irsa-guard
 * knows). `at` is the current time by default. Never throws, whatever the input is.
 *
 * @example
 * predictTls({ caBundle, chain, host: 'webhook.default.svc', at: new Date() }).accepted
 */
export function predictTls(given: TlsPredictionQuestion): TlsPrediction {
  const question = questionOf(given)
  const verdict = judgeTls(question)
  const findings = bundleFindings(question)
  if (verdict.accepted) return { accepted: true, findings }

  const { code, reason } = verdict.refusal
  const isSaid = findings.some(({ severity }) => severity === 'error')
  const untrusted: Finding = {
    rule: caBundleUntrusted.id,
    severity: 'error',
    field: 'clientConfig.caBundle',
    message: reason,
    fix: 'replace it with the certificate of the CA that signs the serving certificate',
    docs: caBundleUntrusted.docs
  }

  return {
    accepted: false,
    reason,
    findings: isSaid || !aboutTrust.has(code) ? findings : [...findings, untrusted]
  }
}

// Untyped callers can omit anything or pass something else. Base64 never contains this character.
const notBase64 = '\0'

function questionOf(given: unknown): TlsQuestion {
  const { caBundle, chain, host, at, go } = recordOf(given)
  const isAbsent = caBundle === undefined || caBundle === null

  return {
    caBundle: typeof caBundle === 'string' ? caBundle : isAbsent ? '' : notBase64,
    chain: textOf(chain) ?? '',
    host: textOf(host) ?? '',
    at: at instanceof Date ? at : at === undefined ? new Date() : new Date(NaN),
    go: textOf(go)
  }
}

/**
 * Refusals that a different bundle would resolve. The bundle rules report bundles that Go cannot read; all
 * other refusals are defects of the served chain.
 */
const aboutTrust: ReadonlySet<RefusalCode> = new Set<RefusalCode>([
  'bundle-empty',
  'unknown-authority',
  'too-many-signature-checks'
])

/** The findings of the bundle rules about this bundle, as if it were in a webhook configuration. */
function bundleFindings({ caBundle, at }: TlsQuestion): Finding[] {
  const subject = parseWebhookConfiguration(
    { kind: 'ValidatingWebhookConfiguration', webhooks: [{ name: '', clientConfig: { caBundle } }] },
    { stage: 'source' }
  )
  if (subject === undefined) return []

  const facts: Pick<Required<Facts>, BundleNeed> = {
    clusterCa: moot('the served chain is known'),
    now: known(at)
  }
  const { findings } = evaluate(planFor(subject, defaultIdentityWebhook), subject, facts, { at })

  return findings.map((finding) => ({ ...finding, field: 'clientConfig.caBundle' }))
}

const planFor = buildPlanner(bundleRules)
