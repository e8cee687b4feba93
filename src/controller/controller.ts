import type { Logger } from 'pino'
import type { Config } from '../config.js'
import type { AssociationSource, Sources } from '../facts/facts.js'
import type { KubeClient } from '../kube/client.js'
import { listAndWatch } from '../kube/list-and-watch.js'
import { followIdentityWebhook } from '../process/follow-identity-webhook.js'
import { buildHealthApp } from '../process/health.js'
import { listen, portOf } from '../process/listen.js'
import { buildMetrics, type Metrics } from '../process/metrics.js'
import { repeat } from '../process/repeat.js'
import { buildIssuerReader } from '../sources/cluster/cluster-issuer.js'
import { buildLiveAuthorities, buildLiveEks } from '../sources/eks/live.js'
import type { RequestResult } from '../sources/iam/accounts.js'
import { buildApiServers } from './api-servers.js'
import { followAuthorities, type FollowedAuthorities } from './eks-authorities.js'
import { proofTroubleOf } from './probes/probes.js'
import { issueUnusedCa } from './probes/unused-ca.js'
import {
  nothingFound,
  type RoundTools,
  runBundleRound,
  runCertificateRound,
  runProbeRound
} from './rounds.js'

/**
 * The settings of a controller. `given` are facts from the user, which take precedence over those from the
 * cluster.
 */
export interface ControllerSettings {
  readonly client: KubeClient
  readonly config: Config
  readonly given: Sources
  /** The namespace that the controller runs in. */
  readonly namespace: string
  readonly log: Logger
}

/** A running controller. */
export interface RunningController {
  readonly healthPort: number
  close(): Promise<void>
}

// All intervals are in milliseconds. An unexpected bundle must be noticed within a minute, even if the watch
// is silent.
const intervals = { certificates: 30_000, caBundles: 30_000, probes: 60_000 }

/**
 * Starts the controller: three kinds of rounds, and watches that trigger rounds early. Throws ERR_CONFIG if
 * the health port is in use or an EKS role is in another account.
 */
export async function startController(settings: ControllerSettings): Promise<RunningController> {
  const { client, config, given, log } = settings
  const metrics = buildMetrics()
  const tools: RoundTools = {
    ...settings,
    given: { ...given, associations: given.associations ?? (await eksFor(settings, metrics)) },
    apiServers: buildApiServers(client),
    authorities: await authoritiesFor(settings, metrics),
    readIssuer: buildIssuerReader(client),
    identityWebhook: followIdentityWebhook(client, config.annotationPrefix, log),
    wrongCaBundle: issueUnusedCa(),
    metrics
  }
  const found = nothingFound()

  const certificates = repeat('certificates', intervals.certificates, log, async () => {
    // The policy must accept our new bundle before it can be written.
    if (await runCertificateRound(tools, found)) caBundles.now()
  })
  const caBundles = repeat('caBundles', intervals.caBundles, log, async () => {
    await certificates.begun
    await runBundleRound(tools, found)
  })
  const probes = repeat('probes', intervals.probes, log, async () => {
    await caBundles.begun // until then, the policy has nothing to compare with
    try {
      await tools.apiServers.read()
    } finally {
      // If the endpoints cannot be read, the known API servers are probed, so that no outcome becomes stale.
      if (await runProbeRound(tools, found)) caBundles.now()
    }
  })
  const watches = (['mutating', 'validating'] as const).map((kind) =>
    listAndWatch(client, {
      path: `/apis/admissionregistration.k8s.io/v1/${kind}webhookconfigurations`,
      keep: () => true,
      onChange: () => {
        caBundles.now()
        probes.now()
      },
      onTrouble: (because) =>
        log.warn({ collection: `${kind}webhookconfigurations`, because }, 'watch state changed')
    })
  )

  const health = buildHealthApp({ certificates: () => certificates.trouble() }, tools.metrics.registry, {
    caBundles: () => caBundles.trouble(),
    probes: () => probes.trouble(),
    canary: () => proofTroubleOf(found.probes, 'canary'),
    selfTest: () => proofTroubleOf(found.probes, 'webhook', 'policy')
  })
  const close = async (): Promise<void> => {
    for (const watch of watches) watch.stop()
    await Promise.all([certificates.stop(), caBundles.stop(), probes.stop(), tools.identityWebhook.stop()])
    await health.close()
    tools.apiServers.close()
    client.close()
  }
  try {
    await listen(health, config.server.healthPort)
  } catch (error) {
    await close()
    throw error
  }

  return { healthPort: portOf(health), close }
}

/** The cluster's EKS Pod Identity associations, read on demand; undefined without `eks.clusterArn`. */
async function eksFor(
  settings: ControllerSettings,
  metrics: Metrics
): Promise<AssociationSource | undefined> {
  const { clusterArn } = settings.config.eks
  if (clusterArn === undefined) return undefined

  return buildLiveEks({
    ...settings.config.eks,
    ...senderOptions(settings, metrics),
    cluster: clusterArn
  })
}

/** The cluster's certificate authorities; undefined without `eks.clusterArn`. */
async function authoritiesFor(
  settings: ControllerSettings,
  metrics: Metrics
): Promise<FollowedAuthorities | undefined> {
  const { clusterArn, endpoint } = settings.config.eks
  if (clusterArn === undefined) return undefined
  const options = { ...senderOptions(settings, metrics), endpoint, cluster: clusterArn, patient: false }

  return followAuthorities(await buildLiveAuthorities(options), settings.log)
}

const senderOptions = ({ config }: ControllerSettings, metrics: Metrics) => ({
  accounts: config.iam.accounts,
  onRequest: (operation: string, result: RequestResult) => metrics.eksRequests.inc({ operation, result }),
  onStsRequest: (operation: string, result: RequestResult) => metrics.iamRequests.inc({ operation, result })
})
