import type { Logger } from 'pino'
import { type IdentityWebhookSettings, withAnnotationPrefix } from '../identity-webhook/settings.js'
import type { KubeClient } from '../kube/client.js'
import { type IdentityWebhookReading, loadIdentityWebhook } from '../sources/cluster/identity-webhook.js'
import { repeat } from './repeat.js'

// The webhook's flags change with an upgrade. The ConfigMap that kOps writes changes whenever a role does.
const interval = 120_000
const timeout = 5000

/** The settings of the cluster's identity webhook, as last read. */
export interface FollowedIdentityWebhook {
  /** The settings; undefined until they have been read for the first time. */
  settings(): IdentityWebhookSettings | undefined
  /** Why some settings could not be read, so their defaults are used; undefined if all were read. */
  because(): string | undefined
  /** Why the last read failed; undefined if it succeeded. */
  trouble(): string | undefined
  /** Resolves when the first read has succeeded or failed. */
  readonly begun: Promise<void>
  /** Reads the settings again without waiting, for example because the configured prefix changed. */
  now(): void
  stop(): Promise<void>
}

/**
 * Periodically reads the settings of the cluster's identity webhook. The configured annotation prefix, which
 * is queried at each read, takes precedence. The last settings remain in use if a read fails.
 */
export function followIdentityWebhook(
  client: KubeClient,
  annotationPrefix: () => string | undefined,
  log: Logger
): FollowedIdentityWebhook {
  let reading: IdentityWebhookReading | undefined
  const reads = repeat('identityWebhook', interval, log, async () => {
    const { settings, because } = await loadIdentityWebhook(client, AbortSignal.timeout(timeout))
    if (because !== undefined && because !== reading?.because)
      log.info({ because }, 'some identity webhook settings are unknown, so their defaults are used')
    reading = { settings: withAnnotationPrefix(settings, annotationPrefix()), because }
  })

  return {
    settings: () => reading?.settings,
    because: () => reading?.because,
    trouble: () => reads.trouble(),
    begun: reads.begun,
    now: () => reads.now(),
    stop: () => reads.stop()
  }
}
