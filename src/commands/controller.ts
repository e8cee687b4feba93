import { X509Certificate } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Logger, pino } from 'pino'
import type { ClusterCas } from '../ca-bundle/confirm-cas.js'
import type { AcceptedBundles } from '../ca-bundle/entries.js'
import { buildApiServers } from '../controller/api-servers.js'
import { guardCaBundles, loadConfigurations, type Standing } from '../controller/ca-bundle-guard.js'
import { type ApiServerChain, logSourceChanges, readApiServerChains } from '../controller/ca-sources.js'
import { issueCa } from '../controller/certificates/issue-certificate.js'
import {
  keepCaBundle,
  keepCertificates,
  type OwnCertificates
} from '../controller/certificates/own-webhook.js'
import {
  type ConfigurationFinding,
  findConfigurationFaults,
  logChanges
} from '../controller/configuration-findings.js'
import { identityConfigurationOf } from '../controller/event.js'
import {
  canaryFactOf,
  hasNewFailure,
  isCanaryPassed,
  lastKnownOf,
  type Probes,
  proofTroubleOf,
  prove,
  tellProofs
} from '../controller/probes/probes.js'
import { defaultIdentityWebhook } from '../identity-webhook/settings.js'
import { findCluster } from '../kube/connect.js'
import { listAndWatch } from '../kube/list-and-watch.js'
import { GuardError } from '../model/guard-error.js'
import { followIdentityWebhook } from '../process/follow-identity-webhook.js'
import { buildHealthApp } from '../process/health.js'
import { listen, portOf } from '../process/listen.js'
import { buildMetrics } from '../process/metrics.js'
import { repeat } from '../process/repeat.js'
import { readClusterCas } from '../sources/cluster/cluster-cas.js'
import { buildIssuerReader } from '../sources/cluster/cluster-issuer.js'
import { buildLiveWebhooks } from '../sources/cluster/live-webhooks.js'
import { showFindings, showProofs, showStandings } from './controller-metrics.js'
import { type FactsByHand, readConfig, readSources } from './support/sources.js'

export interface ControllerOptions extends FactsByHand {
  readonly config?: string | undefined
  readonly kubeconfig?: string | undefined
}

/** A controller that runs. */
export interface Controlling {
  readonly healthPort: number
  close(): Promise<void>
}

/**
 * How often each work is done, in milliseconds. A wrong bundle must be noticed within a minute, whatever the
 * watch says.
 */
const intervals = { certificates: 30_000, caBundles: 30_000, probes: 60_000 }

/** Starts the controller. Throws ERR_CONFIG, ERR_KUBECONFIG when it cannot. */
export async function controller(
  options: ControllerOptions,
  { environment = process.env, log = pino() }: { environment?: NodeJS.ProcessEnv; log?: Logger } = {}
): Promise<Controlling> {
  const config = await readConfig(options.config)
  const given = await readSources(options, config)
  const client = findCluster(options, environment)
  if (client === undefined) {
    throw new GuardError(
      'ERR_KUBECONFIG',
      'there is no cluster: no --kubeconfig, no $KUBECONFIG, no token of a pod, no ~/.kube/config'
    )
  }
  const namespace = ownNamespace(environment)
  const metrics = buildMetrics()
  const readIssuer = buildIssuerReader(client)
  const identityWebhook = followIdentityWebhook(client, config.annotationPrefix, log)
  const apiServers = buildApiServers(client)
  // A CA that nobody uses: what the policy must deny.
  const wrongCa = issueCa('irsa-guard-self-test', {
    from: new Date(0),
    until: new Date('2100-01-01')
  }).certificate
  const wrongCaBundle = Buffer.from(wrongCa).toString('base64')

  let own: OwnCertificates | undefined
  let configurations: readonly unknown[] = []
  let probes: Probes | undefined
  let knownProbes: Probes | undefined
  let findings: readonly ConfigurationFinding[] = []
  let standings: readonly Standing[] = []
  let published: readonly AcceptedBundles[] | undefined
  let clusterCas: ClusterCas = { confirmed: undefined, unconfirmed: '', doubt: undefined }

  const certificates = repeat('certificates', intervals.certificates, log, async () => {
    own = await keepCertificates(client, { namespace, hosts: config.tls.hosts, now: new Date() })
    metrics.certificateExpiry.set(new X509Certificate(own.serving.certificate).validToDate.getTime() / 1000)
    if (own.changes.length > 0) {
      log.info({ changes: own.changes }, 'certificates written')
      caBundles.now() // the policy must accept our new bundle before it can be written
    }
    const patched = await keepCaBundle(client, own.caBundle)
    if (patched.length > 0) log.info({ webhooks: patched }, 'own caBundle written')
  })

  /** The CAs of the cluster. Where none is confirmed now, those that were confirmed last stay. */
  const readCas = async (chains: readonly ApiServerChain[]): Promise<ClusterCas> => {
    if (given.clusterCa !== undefined)
      return { confirmed: given.clusterCa, unconfirmed: '', doubt: undefined }
    const found = await readClusterCas(client, {
      namespace,
      chains: chains.map(({ chain }) => chain),
      at: new Date()
    })
    if (found.doubt !== undefined && found.doubt !== clusterCas.doubt)
      log.warn({ because: found.doubt }, 'a CA of the cluster is not confirmed')
    if (found.doubt === undefined && clusterCas.doubt !== undefined)
      log.info('all CAs of the cluster are confirmed again')
    metrics.clusterCaUnconfirmed.set(found.doubt === undefined ? 0 : 1)
    clusterCas = { ...found, confirmed: found.confirmed ?? clusterCas.confirmed }

    return clusterCas
  }

  const caBundles = repeat('caBundles', intervals.caBundles, log, async () => {
    await certificates.begun
    const [read, servers] = await Promise.all([loadConfigurations(client), apiServers.read()])
    configurations = read
    const issuer = given.issuer ?? (await readIssuer({ signal: AbortSignal.timeout(5000) }))
    const apiServerChains = await readApiServerChains(servers)
    const { confirmed, doubt } = await readCas(apiServerChains) // read again each time: a rotation changes it
    const round = await guardCaBundles({
      client,
      apiServerChains,
      configurations,
      ownCas: own?.cas.join('') ?? '',
      clusterCas: confirmed,
      doubt,
      published,
      issuer: typeof issuer === 'string' ? issuer : issuer.state === 'known' ? issuer.value : undefined,
      canaryPassed: isCanaryPassed(probes),
      config: config.caBundle,
      now: new Date(),
      log
    })
    published = round.published
    logSourceChanges(log, round.standings, standings)
    standings = round.standings
    showStandings(metrics, standings)

    const sources = {
      ...given,
      clusterCa: confirmed,
      webhooks: buildLiveWebhooks(client, configurations),
      canary: () => canaryFactOf(probes)
    }
    const found = await findConfigurationFaults(configurations, {
      sources,
      severities: config.severities,
      at: new Date()
    })
    logChanges(log, found, findings)
    findings = found
    showFindings(metrics, found)
  })

  const proveEach = async (): Promise<void> => {
    await identityWebhook.begun
    const settings = identityWebhook.settings() ?? given.identityWebhook ?? defaultIdentityWebhook
    let found = await prove(apiServers.known(), { wrongCaBundle, published, settings })
    if (hasNewFailure(found, knownProbes)) {
      // What was written a moment ago reaches an API server a moment later. What still fails then is told.
      await sleep(5000)
      found = await prove(apiServers.known(), { wrongCaBundle, published, settings })
    }
    const before = probes
    probes = found
    showProofs(metrics, found)
    if (isCanaryPassed(found) !== isCanaryPassed(before)) caBundles.now()
    const context = { client, log, now: new Date(), identityWebhook: identityConfigurationOf(configurations) }
    await tellProofs(context, found, { before, known: knownProbes })
    knownProbes = lastKnownOf(found, knownProbes)
  }

  const proofs = repeat('probes', intervals.probes, log, async () => {
    await caBundles.begun // the policy has nothing to compare with before
    try {
      await apiServers.read()
    } finally {
      await proveEach() // at those known so far, where the endpoints cannot be read: no outcome stays that is true no more
    }
  })

  const watches = (['mutating', 'validating'] as const).map((kind) =>
    listAndWatch(client, {
      path: `/apis/admissionregistration.k8s.io/v1/${kind}webhookconfigurations`,
      keep: () => true,
      onChange: () => {
        caBundles.now()
        proofs.now()
      },
      onTrouble: (because) =>
        log.warn({ collection: `${kind}webhookconfigurations`, because }, 'watch changed its state')
    })
  )

  const health = buildHealthApp({ certificates: () => certificates.trouble() }, metrics.registry, {
    caBundles: () => caBundles.trouble(),
    probes: () => proofs.trouble(),
    canary: () => proofTroubleOf(probes, 'canary'),
    selfTest: () => proofTroubleOf(probes, 'webhook', 'policy')
  })
  const close = async (): Promise<void> => {
    for (const watch of watches) watch.stop()
    await Promise.all([certificates.stop(), caBundles.stop(), proofs.stop(), identityWebhook.stop()])
    await health.close()
    apiServers.close()
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

// Kubelets mount it beside the token: https://kubernetes.io/docs/tasks/run-application/access-api-from-pod/
const namespaceFile = '/var/run/secrets/kubernetes.io/serviceaccount/namespace'

function ownNamespace(environment: NodeJS.ProcessEnv): string {
  const { POD_NAMESPACE: given } = environment
  if (given !== undefined && given !== '') return given

  return existsSync(namespaceFile) ? readFileSync(namespaceFile, 'utf8').trim() : 'irsa-guard'
}
