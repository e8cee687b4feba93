import type { Logger } from 'pino'
import { boundedEntries } from '../ca-bundle/bounded-entries.js'
import { entriesOf } from '../ca-bundle/entries.js'
import { expectedCasOf } from '../ca-bundle/expected-cas.js'
import { addressOf, type GuardedWebhook, guardedWebhooksOf } from '../ca-bundle/guarded-webhooks.js'
import type { RememberedCa } from '../ca-bundle/remembered-cas.js'
import type { Rotation } from '../ca-bundle/rotation.js'
import type { KubeClient } from '../kube/client.js'
import { loadWebhookTrust } from '../sources/cluster/webhook-trust.js'
import { assess, type Assessment } from './assessment.js'
import { type ApiServerChain, readChains, readInjected } from './ca-sources.js'
import { reportHealed, reportStates } from './report-states.js'
import { type Publication, publishAcceptedBundles } from './webhook-trust.js'

/** The inputs of one round, besides the cluster itself. */
export interface RoundContext {
  readonly client: KubeClient
  /** The API servers and the chain that each one serves now. */
  readonly apiServerChains: readonly ApiServerChain[]
  readonly configurations: readonly unknown[]
  /** Our own CAs as PEM; empty if they could not be read; undefined if the controller does not issue them. */
  readonly ownCas: string | undefined
  /** The confirmed cluster CAs, as PEM. */
  readonly clusterCas: string | undefined
  /** The rotation of the cluster CA; undefined if the cluster CAs are unknown. */
  readonly rotation: Rotation | undefined
  /** Why some CAs that a ConfigMap names are not confirmed; undefined if all are. */
  readonly doubt?: string | undefined
  /**
   * What this process published in its previous round. Undefined in the first round, which uses the stored
   * WebhookTrust instead.
   */
  readonly published?: Publication | undefined
  /** The current cluster CAs, and those of the last 30 days. */
  readonly remembered: readonly RememberedCa[]
  readonly issuer: string | undefined
  readonly canaryPassed: boolean
  readonly config: {
    readonly guard: readonly string[]
    readonly enforce: readonly string[]
    readonly injectors: Readonly<Record<string, readonly string[]>>
  }
  readonly now: Date
  readonly log: Logger
}

/** The assessments and entries of one round. */
export interface Round {
  readonly assessments: readonly Assessment[]
  readonly published: Publication
}

/**
 * Runs one round: determines and publishes the accepted bundles, and assesses every guarded webhook. Reports
 * each change of a bundle's state once, as an Event on the webhook configuration and as a log line. The last
 * states are stored in the WebhookTrust's status, so a restart does not repeat reports.
 */
export async function guardCaBundles(context: RoundContext): Promise<Round> {
  const { client, configurations, ownCas, config, now, log } = context
  const isOwnManaged = ownCas !== undefined
  const guarded = mostImportant(guardedWebhooksOf(configurations, config.guard, { isOwnManaged }))
  const [chains, injected, found] = await Promise.all([
    readChains(guarded),
    readInjected(guarded, context),
    loadWebhookTrust(client)
  ])
  // The entries that this process published take precedence. Otherwise, any client that can write the
  // WebhookTrust could make us publish its own entries.
  const before = (context.published ?? found)?.entries ?? []
  const servedBy = (one: GuardedWebhook): { chain: string; host: string } | undefined => {
    const [chain, address] = [chains.get(one), addressOf(one.webhook)]
    return chain !== undefined && address ? { chain, host: address.host } : undefined
  }
  const right = new Map(
    guarded.map((one) => {
      const published = before.find(({ name }) => name === one.webhook.name)
      return [
        one,
        expectedCasOf(one, {
          ...context,
          ownCas: ownCas ?? '',
          injected: injected.get(one),
          served: servedBy(one),
          published,
          at: now
        })
      ]
    })
  )

  const entries = boundedEntries(
    entriesOf({
      ...context,
      ...config,
      guarded,
      expectedCas: (one) => right.get(one),
      published: before,
      at: now
    }),
    (name) => {
      const places = guarded.filter(({ webhook }) => webhook.name === name).map(({ place }) => place)
      return places.length === 0 || places.some((place) => place !== 'reachable')
    }
  )
  const published = { entries, clusterCas: context.remembered }
  const outcome = await publishAcceptedBundles(client, published, found, { now, before: context.published })
  if (outcome === 'healed') await reportHealed(context)
  if (outcome === 'changed' || outcome === 'healed') {
    log.info(
      {
        webhooks: entries.map(({ name, action, accepted }) => ({ name, action, accepted: accepted.length }))
      },
      'accepted bundles published'
    )
  }

  const assessments = guarded.map((one) =>
    assess(one, {
      ...context,
      served: servedBy(one),
      injected: injected.get(one),
      expected: right.get(one)
    })
  )

  await reportStates(context, assessments, found?.status ?? [])
  return { assessments, published }
}

// The WebhookTrust's status can store at most this many webhooks. A user who can create webhook configurations
// could create thousands of webhooks with a guarded name.
const maxGuarded = 256
const places = ['own', 'control-plane', 'reachable'] as const

/**
 * As many webhooks as the status can store: first our own, then those in the control plane, then the rest.
 */
const mostImportant = (guarded: readonly GuardedWebhook[]): readonly GuardedWebhook[] =>
  guarded.length <= maxGuarded
    ? guarded
    : guarded
        .toSorted((one, other) => places.indexOf(one.place) - places.indexOf(other.place))
        .slice(0, maxGuarded)
