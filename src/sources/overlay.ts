import type { AccountSource, NamespaceSource } from '../facts/facts.js'
import type { WebhookSource } from '../facts/webhooks.js'
import type { IdentityWebhookSettings } from '../identity-webhook/settings.js'
import { type Fact, unknown } from '../model/fact.js'
import type { MaybePromise } from '../model/maybe-promise.js'

/** What both the objects given together and a cluster can tell. */
type Seen = AccountSource & NamespaceSource & WebhookSource

/**
 * Lets objects given together stand before what a cluster has: they are what it will have. What is not among
 * them, the cluster tells; so the webhook configurations are those of both, each name once.
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

/** The identity webhook of the given objects, otherwise that of the cluster. */
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
