import { existsSync } from 'node:fs'
import type { Server } from 'node:https'
import { dirname } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { FastifyInstance } from 'fastify'
import { type Logger, pino } from 'pino'
import type { Facts, Sources } from '../facts/facts.js'
import { findCluster } from '../kube/connect.js'
import { GuardError } from '../model/guard-error.js'
import { followIdentityWebhook } from '../process/follow-identity-webhook.js'
import { buildHealthApp } from '../process/health.js'
import { listen, portOf } from '../process/listen.js'
import { buildMetrics, type Metrics } from '../process/metrics.js'
import { review } from '../review.js'
import { buildApp, type Reviewed, tlsSettings } from '../server/app.js'
import { buildJudge } from '../server/judge.js'
import { followServingCertificate, type ServingCertificate } from '../server/serving-certificate.js'
import { watchCluster } from '../sources/cluster/cluster.js'
import { buildLiveIam, type FactsByHand, readConfig, readSources } from './support/sources.js'

export interface ServeOptions extends FactsByHand {
  readonly config?: string | undefined
  readonly kubeconfig?: string | undefined
}

/** A server that runs. `port` is that of the reviews, once the certificate is there. */
export interface Serving {
  readonly port: Promise<number>
  readonly healthPort: number
  /** Stops being ready, lets clients go to other replicas, answers what is under way, then stops. */
  close(): Promise<void>
}

// The mounted Secret changes at most every few minutes; a certificate is renewed long before it expires.
const certificateInterval = 5000

// Endpoints of a pod that is no longer ready are gone from an API server's list well within this time.
const drainTime = 5000

/** Starts the admission server. Throws ERR_CONFIG, ERR_SERVING_CERT, ERR_KUBECONFIG when it cannot. */
export async function serve(
  options: ServeOptions,
  {
    environment = process.env,
    log = pino(),
    drain = drainTime
  }: { environment?: NodeJS.ProcessEnv; log?: Logger; drain?: number } = {}
): Promise<Serving> {
  const config = await readConfig(options.config)
  const { certFile, keyFile } = config.tls
  if (!existsSync(dirname(certFile))) {
    throw new GuardError(
      'ERR_SERVING_CERT',
      `tls.certFile is ${JSON.stringify(certFile)}, and there is no folder ${dirname(certFile)}`
    )
  }

  const metrics = buildMetrics(() => cluster?.lastEvents ?? {})
  const client = findCluster(options, environment)
  const cluster =
    client &&
    watchCluster(client, (collection, because) => {
      if (because === undefined) log.info({ collection }, 'watch works again')
      else log.warn({ collection, because }, 'watch does not work')
    })
  const given = await readSources(options, config)
  const iam =
    given.iam ??
    (await buildLiveIam(config, {
      onRequest: (operation, result) => metrics.iamRequests.inc({ operation, result })
    }))
  const identityWebhook = client && followIdentityWebhook(client, config.annotationPrefix, log)
  const sources: Sources = {
    ...given,
    iam,
    cluster,
    accounts: cluster,
    get identityWebhook() {
      return identityWebhook?.settings() ?? given.identityWebhook
    }
  }

  let draining = false
  let app: FastifyInstance | undefined
  const listening = Promise.withResolvers<number>()

  const onFacts = (facts: Facts): void => {
    for (const fact in facts) metrics.facts.count(fact, facts[fact as keyof Facts]?.state ?? '') // facts have no other keys
  }
  const judge = buildJudge(
    (subject, deadline) =>
      review(subject, {
        sources,
        mode: config.mode,
        severities: config.severities,
        at: new Date(),
        deadline,
        onFacts
      }),
    config.exempt
  )

  async function useCertificate({ cert, key, expires }: ServingCertificate): Promise<void> {
    metrics.certificateExpiry.set(expires.getTime() / 1000)
    if (app) {
      // Fastify types its server by how it was built; with `https` it is this one.
      const server = app.server as unknown as Server
      server.setSecureContext({ ...tlsSettings, cert, key })
      log.info({ expires }, 'serving certificate replaced')
      return
    }
    app = buildApp({
      judge,
      timeout: config.server.deadline,
      https: { cert, key },
      onReviewed: (reviewed) => record(metrics, log, reviewed),
      isDraining: () => draining
    })
    await listen(app, config.server.port)
    const port = portOf(app)
    log.info({ port, expires }, 'answering admission reviews')
    listening.resolve(port)
  }

  const health = buildHealthApp(
    {
      draining: () => (draining ? 'shutting down' : undefined),
      certificate: () => (app?.server.listening ? undefined : `no serving certificate in ${certFile} yet`),
      cluster: () =>
        cluster === undefined || cluster.unlisted.length === 0
          ? undefined
          : `${cluster.unlisted.join(', ')}: not listed yet`,
      identityWebhook: () =>
        identityWebhook?.settings() === undefined ? identityWebhook?.trouble() : undefined
    },
    metrics.registry,
    { identityWebhookSettings: () => identityWebhook?.because() }
  )
  const stopWatching = async (): Promise<void> => {
    await health.close()
    cluster?.stop()
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
      draining = true
      certificates.stop()
      log.info('shutting down')
      if (app) await sleep(drain)
      await app?.close()
      await stopWatching()
    }
  }
}

function record(
  metrics: Metrics,
  log: Logger,
  { request, response, error, isOverload, milliseconds }: Reviewed
): void {
  const outcome = isOverload ? 'overloaded' : outcomeOf(response, error)
  // Whoever reaches the port may send any kind; the labels of a metric must stay few.
  const kind = request === undefined ? '' : judgedKinds.has(request.kind) ? request.kind : 'other'
  const operation =
    request === undefined ? '' : operations.has(request.operation) ? request.operation : 'other'
  metrics.reviews.count(kind, operation, outcome)
  metrics.reviewSeconds.observe(milliseconds / 1000)
  if (error) log.error({ err: error }, 'review failed')
  if (response?.auditAnnotations === undefined || request === undefined) return

  // Only what was found is logged: a line for every review would cost more than the review.
  log.info(
    {
      kind: request.kind,
      namespace: request.namespace,
      user: request.user,
      operation: request.operation,
      outcome,
      ...response.auditAnnotations
    },
    'review'
  )
}

// Those of the registration, and webhook configurations, which static webhooks are sent.
const judgedKinds: ReadonlySet<string> = new Set([
  ...['ServiceAccount', 'Pod', 'Deployment', 'StatefulSet', 'DaemonSet', 'ReplicaSet', 'Job', 'CronJob'],
  ...['MutatingWebhookConfiguration', 'ValidatingWebhookConfiguration']
])
const operations: ReadonlySet<string> = new Set(['CREATE', 'UPDATE', 'DELETE', 'CONNECT'])

function outcomeOf(response: Reviewed['response'], error: Reviewed['error']): string {
  if (error) return 'failed'
  if (response === undefined) return 'malformed'
  if (!response.allowed) return 'denied'
  if (response.auditAnnotations?.['exempt'] !== undefined) return 'exempt'

  return response.warnings === undefined ? 'allowed' : 'warned'
}
