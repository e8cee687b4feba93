import { isDeepStrictEqual } from 'node:util'
import type { Logger } from 'pino'
import { boundedEntries } from '../ca-bundle/bounded-entries.js'
import { entriesOf } from '../ca-bundle/entries.js'
import { expectedCasOf } from '../ca-bundle/expected-cas.js'
import { addressOf, type GuardedWebhook, guardedWebhooksOf } from '../ca-bundle/guarded-webhooks.js'
import { nextStateOf } from '../ca-bundle/next-step.js'
import type { RememberedCa } from '../ca-bundle/remembered-cas.js'
import type { Rotation } from '../ca-bundle/rotation.js'
import { assessBundle, type AssessmentQuestion, type BundleAssessment } from '../ca-bundle/state.js'
import { apiServerName, type KubeClient } from '../kube/client.js'
import { listObjects, loadValue } from '../kube/read.js'
import { type Fact, known } from '../model/fact.js'
import { loadWebhookTrust, type StatusEntry } from '../sources/cluster/webhook-trust.js'
import { afterwards } from './afterwards.js'
import { type ApiServerChain, readChains, readInjected } from './ca-sources.js'
import { writeEvent } from './event.js'
import { type Publication, publishAcceptedBundles, publishStatus } from './webhook-trust.js'

/** The inputs of one round, besides the cluster itself. */
export interface RoundContext {
  readonly client: KubeClient
  /** The API servers and the chain that each one serves now. */
  readonly apiServerChains: readonly ApiServerChain[]
  readonly configurations: readonly unknown[]
  /** Our own CAs, as PEM. */
  readonly ownCas: string
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
  /** The cluster CAs, and those of the last 30 days. */
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

/** The assessment of one guarded webhook. */
export interface Assessment extends BundleAssessment {
  readonly guarded: GuardedWebhook
  /**
   * Where the injector's CAs are read, or why they cannot be read; undefined if no injector decides the
   * bundle.
   */
  readonly source: Fact<string> | undefined
  /** What changes the state next, and when; undefined if no step of a rotation does. */
  readonly next?: string | undefined
}

/** The assessments and entries of one round. */
export interface Round {
  readonly assessments: readonly Assessment[]
  readonly published: Publication
}

/**
 * Runs one round. It determines and publishes the accepted bundles and assesses every guarded webhook. It
 * reports each change of a bundle's state once, as an Event on the webhook configuration and as a log line.
 * The last states are stored in the WebhookTrust's status, so a restart does not repeat reports.
 */
export async function guardCaBundles(context: RoundContext): Promise<Round> {
  const { client, configurations, config, now, log } = context
  const guarded = mostImportant(guardedWebhooksOf(configurations, config.guard))
  const [chains, injected, found] = await Promise.all([
    readChains(guarded),
    readInjected(guarded, context),
    loadWebhookTrust(client)
  ])
  // The entries that this process published take precedence. Otherwise, any client that can write the
  // WebhookTrust could make us publish that client's entries.
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

  const assessments = guarded.map((one): Assessment => {
    const { current = '', source, former, rotation } = right.get(one) ?? {}
    const question = {
      caBundle: one.webhook.caBundle,
      currentCas: current,
      source,
      formerCas: former,
      signers: rotation?.signers,
      at: now
    }
    const fact = injected.get(one)?.fact
    if (one.place !== 'control-plane') {
      const assessment = assessBundle({ ...question, served: servedBy(one) })
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

    const assessment = withDoubt(assessControlPlaneBundle(context.apiServerChains, question), context.doubt)
    const next = rotation && nextStateOf(assessment.state, one.webhook.caBundle, rotation, now)

    return { guarded: one, source: undefined, ...assessment, next }
  })

  await reportChanges(context, assessments, found?.status ?? [])
  return { assessments, published }
}

async function reportHealed({ client, log, now }: RoundContext): Promise<void> {
  const message =
    'another client changed WebhookTrust "cluster"; the controller restored the bundles that the caBundle policies accept'
  log.warn({ webhookTrust: 'cluster' }, message)
  const about = { apiVersion: 'irsa-guard.io/v1', kind: 'WebhookTrust', name: 'cluster' }
  await writeEvent(client, { about, type: 'Warning', reason: 'WebhookTrustCorrected', message }, now)
}

/** While a cluster CA is not confirmed, a bundle is reported as broken only if no CA could make it work. */
function withDoubt(assessment: BundleAssessment, doubt: string | undefined): BundleAssessment {
  if (doubt === undefined || assessment.state === 'unusable' || assessment.state === 'absent')
    return assessment

  const because = `${doubt}; judged by the confirmed CAs, the bundle is ${assessment.state}: ${assessment.because}`
  return { ...assessment, state: 'unknown', because }
}

// The WebhookTrust's status can store at most this many webhooks. A user who can create webhook
// configurations could create thousands under a guarded name.
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

/**
 * Assesses a control-plane webhook. Only the API server next to it can connect to it, but one CA signs the
 * certificates of both, so the API server's certificate shows which CA signs. The worst assessment counts. If
 * no API server could be reached, the bundle is compared only with the CAs. A CA that signs according to EKS
 * must be in the bundle, too.
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
              signers: [], // a CA that only another API server uses is missing there
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

async function reportChanges(
  context: RoundContext,
  assessments: readonly Assessment[],
  before: readonly StatusEntry[]
): Promise<void> {
  const { client, now, log } = context
  const status = assessments.map(({ guarded, state, because, next }): StatusEntry => {
    const key = {
      configuration: `${guarded.configuration.kind.toLowerCase()}/${guarded.configuration.name}`,
      name: guarded.webhook.name
    }
    const last = before.find(
      ({ configuration, name }) => configuration === key.configuration && name === key.name
    )
    const because1024 = because.slice(0, 1024)

    return {
      ...key,
      state,
      because: because1024,
      ...(next !== undefined && { next: next.slice(0, 1024) }),
      since: last?.state === state ? last.since : now.toISOString()
    }
  })
  const changed = status.flatMap((entry, index) => {
    const last = before.find(
      ({ configuration, name }) => configuration === entry.configuration && name === entry.name
    )
    const assessment = assessments[index]

    return assessment && last?.state !== entry.state ? [{ entry, last, assessment }] : []
  })

  for (const { entry, last, assessment } of changed) {
    const { kind, name, uid } = assessment.guarded.configuration
    const isGood = entry.state === 'ok'
    log[isGood ? 'info' : 'warn'](
      {
        configuration: entry.configuration,
        webhook: entry.name,
        state: entry.state,
        before: last?.state,
        because: entry.because,
        next: entry.next
      },
      'caBundle state changed'
    )
    if (isGood && last === undefined) continue // the bundle was ok when it was first seen: nothing to report
    await writeEvent(
      client,
      {
        about: { apiVersion: 'admissionregistration.k8s.io/v1', kind, name, uid },
        type: isGood ? 'Normal' : 'Warning',
        reason: `CABundle${entry.state.charAt(0).toUpperCase()}${entry.state.slice(1)}`,
        message: `caBundle of webhook ${entry.name} is ${entry.state}: ${entry.because}${afterwards(assessment, last, context.rotation)}${entry.next === undefined ? '' : `; next: ${entry.next}`}${isGood ? '' : `; see: irsa-guard ca ${entry.configuration} --fix`}`
      },
      now
    )
  }
  // The status is written last, so that the next round reports the change again if an Event fails.
  if (!isDeepStrictEqual(status, before)) await publishStatus(client, status)
}

/** Reads all webhook configurations. Rejects if they cannot be read. */
export async function loadConfigurations(client: KubeClient): Promise<readonly unknown[]> {
  const lists = await Promise.all(
    ['mutating', 'validating'].map(async (kind) =>
      loadValue(
        await listObjects(client, `/apis/admissionregistration.k8s.io/v1/${kind}webhookconfigurations`, {
          name: `the ${kind}webhookconfigurations`
        })
      )
    )
  )

  return lists.flat()
}
