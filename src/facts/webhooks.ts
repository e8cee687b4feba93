import type { Fact } from '../model/fact.js'
import type { ServiceReference, WebhookConfigurationSubject } from '../model/webhook-configuration.js'

/** The webhook configurations that are in sight. */
export interface WebhooksInSight {
  readonly configurations: readonly WebhookConfigurationSubject[]
  /** Whether these are all that the cluster has; only then can one be missing. */
  readonly complete: boolean
}

/**
 * What stands behind a Service. `ports` is undefined when any will do (an ExternalName, a headless Service),
 * `ready` when nobody looked for endpoints.
 */
export type Backend =
  | { readonly exists: false }
  | {
      readonly exists: true
      readonly ports: readonly number[] | undefined
      readonly ready: boolean | undefined
    }

/**
 * What the canary found: how many API servers were asked with an answer, and where pods came back without a
 * role, and why.
 */
export interface CanaryResult {
  readonly proved: number
  readonly failing: readonly { readonly address: string; readonly because: string }[]
}

/**
 * Where webhook configurations, and what they refer to, come from: a cluster, or the objects given together.
 * Answers before the signal, or says why not; never throws.
 */
export interface WebhookSource {
  readConfigurations(signal: AbortSignal): Promise<Fact<WebhooksInSight>>
  readBackend(service: ServiceReference, signal: AbortSignal): Promise<Fact<Backend>>
  /** Whether a cert-manager Certificate exists. */
  readCertificate(
    reference: { readonly namespace: string; readonly name: string },
    signal: AbortSignal
  ): Promise<Fact<boolean>>
}
