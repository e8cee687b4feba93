import type { Logger } from 'pino'
import { type IdentityWebhookSettings, withAnnotationPrefix } from '../identity-webhook/settings.js'
import type { KubeClient } from '../kube/client.js'
import { type IdentityWebhookReading, loadIdentityWebhook } from '../sources/cluster/identity-webhook.js'
import { repeat } from './repeat.js'

// Its flags change with an upgrade; the ConfigMap that kOps writes, with a role.
const interval = 120_000
const timeout = 5000

/** How the cluster's identity webhook is set up, as it was read last. */
export interface FollowedIdentityWebhook {
  /** Undefined until it was read for the first time. */
  settings(): IdentityWebhookSettings | undefined
  /** What could not be read, so that default settings are used instead. */
  because(): string | undefined
  /** Why the last reading failed. */
  trouble(): string | undefined
  /** Resolves when it was read for the first time, or could not be. */
  readonly begun: Promise<void>
  stop(): Promise<void>
}

/**
 * Reads now and then how the cluster's identity webhook is set up; a prefix that is configured wins. The last
 * answer stays.
 */
export function followIdentityWebhook(
  client: KubeClient,
  annotationPrefix: string | undefined,
  log: Logger
): FollowedIdentityWebhook {
  let reading: IdentityWebhookReading | undefined
  const reads = repeat('identityWebhook', interval, log, async () => {
    const { settings, because } = await loadIdentityWebhook(client, AbortSignal.timeout(timeout))
    if (because !== undefined && because !== reading?.because)
      log.info({ because }, 'the settings of the identity webhook are not completely known')
    reading = { settings: withAnnotationPrefix(settings, annotationPrefix), because }
  })

  return {
    settings: () => reading?.settings,
    because: () => reading?.because,
    trouble: () => reads.trouble(),
    begun: reads.begun,
    stop: () => reads.stop()
  }
}
