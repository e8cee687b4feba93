import type { AccountSource, NamespaceSource } from '../facts/facts.js'
import type { WebhookSource } from '../facts/webhooks.js'
import type { IdentityWebhookSettings } from '../identity-webhook/settings.js'
import { type Fact, unknown } from '../model/fact.js'
import type { MaybePromise } from '../model/maybe-promise.js'

/** The sources that are available both from the given objects and from a cluster. */
type Seen = AccountSource & NamespaceSource & WebhookSource

/**
 * Overlays the given objects on a live cluster. A given object wins, because it is what the cluster will
 * contain. Everything else is looked up in the cluster. The webhook configurations of both are combined, each
 * name once.
 */
export function overlay(objects: Seen, cluster: Seen): Seen {
  return {
    readAccount: (...question) =>
      orElse(objects.readAccount(...question), () => cluster.readAccount(...question)),
    readNamespace: (...question) =>
      orElse(objects.readNamespace(...question), () => cluster.readNamespace(...question)),
    readBackend: (...question) =>
      orElse(objects.readBackend(...question), () => cluster.readBackend(...question)),
    readCertificate: (...question) =>
      orElse(objects.readCertificate(...question), () => cluster.readCertificate(...question)),
    allowsInjection: (secret) => objects.allowsInjection?.(secret) ?? unknown('Secrets are not read'),
    readConfigurations: async (signal) => {
      const [given, there] = await Promise.all([
        objects.readConfigurations(signal),
        cluster.readConfigurations(signal)
      ])
      if (given.state !== 'known' || there.state !== 'known') return there

      const isGiven = (kind: string, name: string): boolean =>
        given.value.configurations.some(
          (configuration) => configuration.kind === kind && configuration.name === name
        )
      const others = there.value.configurations.filter(({ kind, name }) => !isGiven(kind, name))
      return {
        state: 'known',
        value: { configurations: [...given.value.configurations, ...others], complete: there.value.complete }
      }
    }
  }
}

/**
 * The settings of the identity webhook: those from the given objects if they include it, otherwise those from
 * the cluster.
 */
export function overlaySettings(
  given: IdentityWebhookSettings | undefined,
  live: IdentityWebhookSettings | undefined
): IdentityWebhookSettings | undefined {
  if (given === undefined || live === undefined) return given ?? live

  return given.configured.state === 'unknown' ? { ...given, configured: live.configured } : given
}

async function orElse<T>(
  first: MaybePromise<Fact<T>>,
  second: () => MaybePromise<Fact<T>>
): Promise<Fact<T>> {
  const fact = await first

  return fact.state === 'known' ? fact : second()
}
