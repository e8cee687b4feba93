import {
  identityWebhooksOf,
  type Webhook,
  type WebhookConfigurationSubject
} from '../model/webhook-configuration.js'

/** An identity webhook and the configuration that registers it. */
export interface RegisteredWebhook {
  readonly configuration: string
  readonly webhook: Webhook
}

/**
 * The identity webhooks in these configurations, in the order in which the API server calls them: sorted by
 * the configuration's name, then by position (k8s.io/apiserver,
 * pkg/admission/configuration/mutating_webhook_manager.go).
 */
export function registeredWebhooksOf(
  configurations: readonly WebhookConfigurationSubject[]
): RegisteredWebhook[] {
  return configurations
    .toSorted((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0))
    .flatMap((configuration) =>
      identityWebhooksOf(configuration).map((webhook) => ({ configuration: configuration.name, webhook }))
    )
}

/**
 * Names of mutating configurations that might register an identity webhook under another name, because users
 * often rename the objects in upstream's manifests.
 */
export function lookalikesOf(configurations: readonly WebhookConfigurationSubject[]): string[] {
  return configurations
    .filter(
      ({ kind, name, webhooks }) =>
        kind === 'MutatingWebhookConfiguration' &&
        [
          name,
          ...webhooks.flatMap((webhook) => [webhook.name, webhook.service?.name ?? '', webhook.url ?? ''])
        ].some((text) => lookalike.test(text))
    )
    .map(({ name }) => name)
}

const lookalike = /pod-?identity|identity-?webhook|irsa|aws-?iam|iam-for|127\.0\.0\.1|localhost/i
