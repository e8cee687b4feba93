import { existsSync } from 'node:fs'
import type { Server } from 'node:https'
import { dirname } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { FastifyInstance } from 'fastify'
import type { Logger } from 'pino'
import type { Facts } from '../facts/facts.js'
import type { KubeClient } from '../kube/client.js'
import { GuardError } from '../model/guard-error.js'
import { type ConfigSource, followConfig } from '../process/follow-config.js'
import { followIdentityWebhook } from '../process/follow-identity-webhook.js'
import { type Given, warnAboutRestart } from '../process/given.js'
import { buildHealthApp } from '../process/health.js'
import { listen, portOf } from '../process/listen.js'
import { buildMetrics } from '../process/metrics.js'
import { review } from '../review.js'
import { watchCluster } from '../sources/cluster/cluster.js'
import { buildApp, tlsSettings } from './app.js'
import { buildReviewHandler } from './handle-review.js'
import { buildJudging } from './judging.js'
import { recordReview, recordWouldDeny } from './record-review.js'
import { followServingCertificate, type ServingCertificate } from './serving-certificate.js'

/**
 * The settings of a server. `given` holds the facts from the user, which take precedence over those from AWS
 * and the cluster. Only `given.identityWebhook` gives way to the settings that are read from the cluster.
 */
export interface ServerSettings extends Given {
  /**
   * The client for the cluster; undefined without a cluster. Reviews then use only AWS and the given facts.
   */
  readonly client: KubeClient | undefined
  /** The source of `config` and `given`, from which changes are read; undefined if they never change. */
  readonly source?: ConfigSource<Given> | undefined
  readonly log: Logger
  /** For how many milliseconds the server keeps answering after it stops being ready. */
  readonly drain?: number
}

/** A running server. `port` is the port for reviews, once there is a certificate. */
export interface RunningServer {
  readonly port: Promise<number>
  readonly healthPort: number
  /** Stops being ready, lets clients move to other replicas, answers the reviews in progress, then stops. */
  close(): Promise<void>
}

// The mounted Secret changes at most every few minutes, and certificates are renewed long before they expire.
const certificateInterval = 5000

// API servers stop calling an unready pod well within this time.
const drainTime = 5000

/** Starts the admission server. Throws ERR_CONFIG, ERR_SERVING_CERT. */
export async function startServer(settings: ServerSettings): Promise<RunningServer> {
  const { client, config, given, source, log, drain = drainTime } = settings
  const { certFile, keyFile } = config.tls
  if (!existsSync(dirname(certFile))) {
    throw new GuardError(
      'ERR_SERVING_CERT',
      `tls.certFile is ${JSON.stringify(certFile)}, but there is no directory ${dirname(certFile)}`
    )
  }

  const metrics = buildMetrics(() => cluster?.lastEvents ?? {})
  let inUse = config
  const cluster =
    client &&
    watchCluster(client, (collection, because) => {
      if (because === undefined) log.info({ collection }, 'watch works again')
      else log.warn({ collection, because }, 'watch does not work')
    })
  const identityWebhook = client && followIdentityWebhook(client, () => inUse.annotationPrefix, log)
  const tools = { client, cluster, identityWebhook, metrics }
  let judging = await buildJudging({ config, given }, tools)
  const onFacts = (facts: Facts): void => {
    for (const fact in facts) metrics.facts.count(fact, facts[fact as keyof Facts]?.state ?? '') // facts have no other keys
  }
  const handleReview = buildReviewHandler(
    (subject, deadline) =>
      review(subject, {
        sources: judging.sources,
        mode: judging.config.mode,
        ...judging.config.ruleSettings,
        at: new Date(),
        deadline,
        onFacts
      }),
    {
      get users() {
        return judging.config.exempt.users
      },
      get groups() {
        return judging.config.exempt.groups
      }
    },
    (request, subject, verdict) => recordWouldDeny(metrics, log, { request, subject, verdict })
  )

  let isDraining = false
  let app: FastifyInstance | undefined
  const listening = Promise.withResolvers<number>()

  async function useCertificate({ cert, key, expires }: ServingCertificate): Promise<void> {
    metrics.certificateExpiry.set(expires.getTime() / 1000)
    if (app) {
      // Fastify infers the server's type from the options; with `https`, it is this type.
      const server = app.server as unknown as Server
      server.setSecureContext({ ...tlsSettings, cert, key })
      log.info({ expires }, 'serving certificate replaced')
      return
    }
    app = buildApp({
      handleReview,
      timeout: config.server.deadline,
      https: { cert, key },
      onReviewed: (reviewed) => recordReview(metrics, log, reviewed),
      isDraining: () => isDraining
    })
    await listen(app, config.server.port)
    const port = portOf(app)
    log.info({ port, expires }, 'answering admission reviews')
    listening.resolve(port)
  }

  const health = buildHealthApp(
    {
      draining: () => (isDraining ? 'shutting down' : undefined),
      certificate: () => (app?.server.listening ? undefined : `no serving certificate in ${certFile} yet`),
      cluster: () =>
        cluster === undefined || cluster.unlisted.length === 0
          ? undefined
          : `${cluster.unlisted.join(', ')}: not listed yet`,
      identityWebhook: () =>
        identityWebhook?.settings() === undefined ? identityWebhook?.trouble() : undefined
    },
    metrics.registry,
    {
      identityWebhookSettings: () => identityWebhook?.because(),
      eksAssociations: () => judging.eks?.trouble()
    }
  )
  const configuration =
    source &&
    followConfig(
      source,
      async (next) => {
        const before = judging
        judging = await buildJudging(next, tools, before)
        inUse = next.config
        if (before.eks !== judging.eks) before.eks?.stop()
        if (before.config.annotationPrefix !== inUse.annotationPrefix) identityWebhook?.now()
        warnAboutRestart(log, config, inUse)
      },
      { metrics, log }
    )
  const stopWatching = async (): Promise<void> => {
    await configuration?.stop()
    await health.close()
    cluster?.stop()
    judging.eks?.stop()
    await identityWebhook?.stop()
    client?.close()
  }
  try {
    await listen(health, config.server.healthPort)
  } catch (error) {
    await stopWatching()
    throw error
  }

  const certificates = followServingCertificate(
    { certFile, keyFile },
    certificateInterval,
    (certificate) => void useCertificate(certificate).catch(listening.reject),
    (error) => log.warn({ err: error }, 'serving certificate cannot be used')
  )

  return {
    port: listening.promise,
    healthPort: portOf(health),
    close: async () => {
      isDraining = true
      certificates.stop()
      log.info('shutting down')
      if (app) await sleep(drain)
      await app?.close()
      await stopWatching()
    }
  }
}
