import type { Fact } from '../model/fact.js'
import type { ServiceReference, WebhookConfigurationSubject } from '../model/webhook-configuration.js'

/** The webhook configurations that irsa-guard can see. */
export interface WebhooksInSight {
  readonly configurations: readonly WebhookConfigurationSubject[]
  /** Whether these are all configurations in the cluster. If not, none can be reported as missing. */
  readonly complete: boolean
}

/**
 * A Service and its endpoints. `ports` is undefined if any port works (an ExternalName, a headless Service);
 * `ready` is undefined if the endpoints were not read.
 */
export type Backend =
  | { readonly exists: false }
  | {
      readonly exists: true
      readonly ports: readonly number[] | undefined
      readonly ready: boolean | undefined
    }

/**
 * The canary's results: how many API servers answered, which of them returned the pod without a role, and
 * why.
 */
export interface CanaryResult {
  readonly proved: number
  readonly failing: readonly { readonly address: string; readonly because: string }[]
}

/**
 * A source of webhook configurations and the objects that they refer to: a cluster, or the given objects. By
 * the deadline, it returns the answer or the reason why there is none; never throws.
 */
export interface WebhookSource {
  readConfigurations(signal: AbortSignal): Promise<Fact<WebhooksInSight>>
  readBackend(service: ServiceReference, signal: AbortSignal): Promise<Fact<Backend>>
  /** Whether a cert-manager Certificate exists. */
  readCertificate(
    reference: { readonly namespace: string; readonly name: string },
    signal: AbortSignal
  ): Promise<Fact<boolean>>
  /**
   * Whether a Secret allows cert-manager to inject the CA that the Secret contains. This is known only for
   * Secrets among the given objects, because Secrets in a cluster are never read.
   */
  allowsInjection?(secret: { readonly namespace: string; readonly name: string }): Fact<boolean>
}
