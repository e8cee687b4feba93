import { existsSync } from 'node:fs'
import type { Server } from 'node:https'
import { dirname } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { FastifyInstance } from 'fastify'
import type { Logger } from 'pino'
import type { Config } from '../config.js'
import type { Facts, Sources } from '../facts/facts.js'
import type { KubeClient } from '../kube/client.js'
import { GuardError } from '../model/guard-error.js'
import { followIdentityWebhook } from '../process/follow-identity-webhook.js'
import { buildHealthApp } from '../process/health.js'
import { listen, portOf } from '../process/listen.js'
import { buildMetrics } from '../process/metrics.js'
import { review } from '../review.js'
import { watchCluster } from '../sources/cluster/cluster.js'
import { buildLiveEks } from '../sources/eks/live.js'
import { buildLiveIam } from '../sources/iam/live.js'
import { buildApp, tlsSettings } from './app.js'
import { buildReviewHandler } from './handle-review.js'
import { recordReview, recordWouldDeny } from './record-review.js'
import { followServingCertificate, type ServingCertificate } from './serving-certificate.js'

/**
 * The settings of a server. `given` are facts from the user, which take precedence over those from AWS and
 * the cluster. Only `given.identityWebhook` gives way to the settings that are read from the cluster.
 */
export interface ServerSettings {
  /**
   * The client for the cluster; undefined without a cluster. Reviews then use only AWS and the given facts.
   */
  readonly client: KubeClient | undefined
  readonly config: Config
  readonly given: Sources
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
  const { client, config, given, log, drain = drainTime } = settings
  const { certFile, keyFile } = config.tls
  if (!existsSync(dirname(certFile))) {
    throw new GuardError(
      'ERR_SERVING_CERT',
      `tls.certFile is ${JSON.stringify(certFile)}, but there is no directory ${dirname(certFile)}`
    )
  }

  const metrics = buildMetrics(() => cluster?.lastEvents ?? {})
  const cluster =
    client &&
    watchCluster(client, (collection, because) => {
      if (because === undefined) log.info({ collection }, 'watch works again')
      else log.warn({ collection, because }, 'watch does not work')
    })
  const identityWebhook = client && followIdentityWebhook(client, config.annotationPrefix, log)
  const onRequest = (operation: string, result: string): void =>
    metrics.iamRequests.inc({ operation, result })
  const iam = given.iam ?? (await buildLiveIam({ ...config.iam, onRequest }))
  const eks =
    given.associations === undefined && config.eks.clusterArn !== undefined
      ? await buildLiveEks({
          ...config.eks,
          accounts: config.iam.accounts,
          cluster: config.eks.clusterArn,
          onRequest: (operation, result) => metrics.eksRequests.inc({ operation, result }),
          onStsRequest: onRequest
        })
      : undefined
  eks?.start()
  const sources: Sources = {
    ...given,
    iam,
    associations: given.associations ?? eks,
    cluster,
    accounts: cluster,
    get identityWebhook() {
      return identityWebhook?.settings() ?? given.identityWebhook
    }
  }
  const onFacts = (facts: Facts): void => {
    for (const fact in facts) metrics.facts.count(fact, facts[fact as keyof Facts]?.state ?? '') // facts have no other keys
  }
  const handleReview = buildReviewHandler(
    (subject, deadline) =>
      review(subject, {
        sources,
        mode: config.mode,
        severities: config.severities,
        exceptions: config.exceptions,
        at: new Date(),
        deadline,
        onFacts
      }),
    config.exempt,
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
      eksAssociations: () => eks?.trouble()
    }
  )
  const stopWatching = async (): Promise<void> => {
    await health.close()
    cluster?.stop()
    eks?.stop()
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
