import { isDeepStrictEqual } from 'node:util'
import type { Logger } from 'pino'
import type { Config } from '../config.js'
import type { Sources } from '../facts/facts.js'
import type { KubeClient } from '../kube/client.js'
import { listAndWatch } from '../kube/list-and-watch.js'
import { type ConfigSource, followConfig } from '../process/follow-config.js'
import { followIdentityWebhook } from '../process/follow-identity-webhook.js'
import { type Given, warnAboutRestart } from '../process/given.js'
import { buildHealthApp } from '../process/health.js'
import { listen, portOf } from '../process/listen.js'
import { buildMetrics, type Metrics } from '../process/metrics.js'
import { repeat } from '../process/repeat.js'
import { watchHeap } from '../process/watch-heap.js'
import { buildIssuerReader } from '../sources/cluster/cluster-issuer.js'
import { buildLiveAuthorities, buildLiveEks } from '../sources/eks/live.js'
import type { EksReader } from '../sources/eks/reader.js'
import type { RequestResult } from '../sources/iam/accounts.js'
import { buildApiServers } from './api-servers.js'
import { type BackgroundScan, removeReports, startBackgroundScan } from './background-scan/background-scan.js'
import { followAuthorities, type FollowedAuthorities } from './eks-authorities.js'
import { showFindings } from './metrics.js'
import { proofTroubleOf } from './probes/probes.js'
import { issueUnusedCa } from './probes/unused-ca.js'
import {
  expectedCasIn,
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
export interface ControllerSettings extends Given {
  readonly client: KubeClient
  /** The source of `config` and `given`, from which changes are read; undefined if they never change. */
  readonly source?: ConfigSource<Given> | undefined
  /** The namespace that the controller runs in. */
  readonly namespace: string
  /** The fraction of the heap limit at which the background scan is stopped. Tests use a smaller one. */
  readonly heapShare?: number | undefined
  readonly log: Logger
}

/** A running controller. */
export interface RunningController {
  readonly healthPort: number
  close(): Promise<void>
}

// All intervals are in milliseconds. An unexpected bundle must be noticed within a minute, even if the watch
// reports nothing.
const intervals = { certificates: 30_000, caBundles: 30_000, probes: 60_000 }

/**
 * Starts the controller: three kinds of rounds, watches that trigger rounds early, and the background scan.
 * Throws ERR_CONFIG if the health port is in use or an EKS role is in another account.
 */
export async function startController(settings: ControllerSettings): Promise<RunningController> {
  const { client, config, source, log, heapShare = 0.85 } = settings
  let scan: BackgroundScan | undefined
  /** Says that the background scan was stopped for lack of memory. Undefined if it was not. */
  let lackOfMemory: string | undefined
  const metrics = buildMetrics(() => scan?.lastEvents ?? {})
  const noteChange = (namespace: string | undefined): void => scan?.note(namespace)
  let inUse = config
  let eks = await eksFor(settings, metrics, noteChange)
  let tools: RoundTools = {
    ...settings,
    given: withAssociations(settings.given, eks),
    apiServers: buildApiServers(client),
    authorities: await authoritiesFor(settings, metrics, log),
    readIssuer: buildIssuerReader(client),
    identityWebhook: followIdentityWebhook(client, () => inUse.annotationPrefix, log),
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
    await caBundles.begun // before that, the policy has nothing to compare a bundle with
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
        if (kind === 'validating') certificates.now() // our own caBundle may be gone
        caBundles.now()
        probes.now()
      },
      onTrouble: (because) =>
        log.warn({ collection: `${kind}webhookconfigurations`, because }, 'watch state changed')
    })
  )

  const startScan = async (): Promise<void> => {
    lackOfMemory = undefined
    if (!inUse.scan.enabled) return void removeReports(client, log)
    eks?.start()
    scan = await startBackgroundScan({
      ...tools,
      eks,
      identityWebhook: () => tools.identityWebhook.settings(),
      expectedCas: expectedCasIn(found),
      onFindings: () => showFindings(metrics, found.findings, found.scanned())
    })
  }
  const stopScan = async (): Promise<void> => {
    eks?.stop()
    await scan?.stop()
    scan = undefined
  }
  const heap = watchHeap(heapShare, ({ used, limit }) => {
    if (scan === undefined || lackOfMemory !== undefined) return
    lackOfMemory = `stopped for lack of memory (${used.toFixed()} of ${limit.toFixed()} MiB of heap in use); raise the container's memory limit`
    log.error({ because: lackOfMemory }, 'the background scan does not work')
    void stopScan()
  })
  found.scanned = () => scan?.findings() ?? []

  const health = buildHealthApp({ certificates: () => certificates.trouble() }, metrics.registry, {
    caBundles: () => caBundles.trouble(),
    probes: () => probes.trouble(),
    canary: () => proofTroubleOf(found.probes, 'canary'),
    selfTest: () => proofTroubleOf(found.probes, 'webhook', 'policy'),
    backgroundScan: () => lackOfMemory ?? scan?.trouble(),
    eksAssociations: () => eks?.trouble(),
    changeQueue: () => scan?.queueTrouble()
  })
  const configuration =
    source &&
    followConfig(
      source,
      async (next) => {
        const before = inUse
        const nextEks = await eksFor(next, metrics, noteChange)
        const authorities = isDeepStrictEqual(authoritySettingsOf(before), authoritySettingsOf(next.config))
          ? tools.authorities
          : await authoritiesFor(next, metrics, log)
        await stopScan()
        eks = nextEks
        tools = { ...tools, config: next.config, given: withAssociations(next.given, eks), authorities }
        inUse = next.config
        if (before.annotationPrefix !== inUse.annotationPrefix) tools.identityWebhook.now()
        warnAboutRestart(log, config, inUse)
        for (const rounds of [certificates, caBundles, probes]) rounds.now()
        await startScan()
      },
      { metrics, log }
    )
  if (source === undefined) await startScan() // otherwise, the first read of the configuration starts it
  const close = async (): Promise<void> => {
    await configuration?.stop()
    heap.stop()
    for (const watch of watches) watch.stop()
    await Promise.all([
      certificates.stop(),
      caBundles.stop(),
      probes.stop(),
      tools.identityWebhook.stop(),
      stopScan()
    ])
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

/**
 * The cluster's EKS Pod Identity associations, read on demand until the reader is started; undefined without
 * `eks.clusterArn`, or if the user gave the associations.
 */
async function eksFor(
  { config, given }: Given,
  metrics: Metrics,
  onChange: (namespace: string | undefined) => void
): Promise<EksReader | undefined> {
  if (given.associations !== undefined || config.eks.clusterArn === undefined) return undefined

  return buildLiveEks({
    ...config.eks,
    ...senderOptions(config, metrics),
    cluster: config.eks.clusterArn,
    maxAge: config.scan.interval,
    onChange
  })
}

const withAssociations = (given: Sources, eks: EksReader | undefined): Sources =>
  eks === undefined ? given : { ...given, associations: eks }

/**
 * The settings of the reader of certificate authorities. The reader and its answers are kept until these
 * settings change.
 */
const authoritySettingsOf = ({ eks, iam }: Config): unknown => [eks.clusterArn, eks.endpoint, iam.accounts]

/** The cluster's certificate authorities; undefined without `eks.clusterArn`. */
async function authoritiesFor(
  { config }: Given,
  metrics: Metrics,
  log: Logger
): Promise<FollowedAuthorities | undefined> {
  const { clusterArn, endpoint } = config.eks
  if (clusterArn === undefined) return undefined
  const options = { ...senderOptions(config, metrics), endpoint, cluster: clusterArn, patient: false }

  return followAuthorities(await buildLiveAuthorities(options), log)
}

const senderOptions = (config: Config, metrics: Metrics) => ({
  accounts: config.iam.accounts,
  onRequest: (operation: string, result: RequestResult) => metrics.eksRequests.inc({ operation, result }),
  onStsRequest: (operation: string, result: RequestResult) => metrics.iamRequests.inc({ operation, result })
})
