import { X509Certificate } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Logger } from 'pino'
import type { AcceptedBundles } from '../ca-bundle/accepted-texts.js'
import type { ClusterCas } from '../ca-bundle/confirm-cas.js'
import type { Config } from '../config.js'
import type { ClusterSource, Sources } from '../facts/facts.js'
import { defaultIdentityWebhook } from '../identity-webhook/settings.js'
import type { KubeClient } from '../kube/client.js'
import type { AssociationLookup } from '../model/association.js'
import { type Fact, moot } from '../model/fact.js'
import type { Finding } from '../model/finding.js'
import type { FollowedIdentityWebhook } from '../process/follow-identity-webhook.js'
import type { Metrics } from '../process/metrics.js'
import { loadClusterCas } from '../sources/cluster/cluster-cas.js'
import { buildLiveWebhooks } from '../sources/cluster/live-webhooks.js'
import type { ApiServers } from './api-servers.js'
import { type Assessment, guardCaBundles, loadConfigurations } from './ca-bundle-guard.js'
import { type ApiServerChain, logSourceChanges, readApiServerChains } from './ca-sources.js'
import { keepCaBundle, keepCertificates, type OwnCertificates } from './certificates/own-webhook.js'
import {
  type ConfigurationFinding,
  findConfigurationFaults,
  reportFindings
} from './configuration-findings.js'
import { identityConfigurationOf } from './event.js'
import { showAssessments, showClusterCas, showFindings, showProofs } from './metrics.js'
import { canaryAccount, canaryNamespace } from './own-names.js'
import { canaryCauseOf } from './probes/canary-cause.js'
import {
  canaryFactOf,
  hasNewFailure,
  isCanaryPassed,
  lastKnownOf,
  type Probes,
  prove,
  reportProofs
} from './probes/probes.js'

/** The tools and settings that every round uses. */
export interface RoundTools {
  readonly client: KubeClient
  readonly config: Config
  /** Facts from the user, which take precedence over those from the cluster. */
  readonly given: Sources
  /** The namespace that the controller runs in. */
  readonly namespace: string
  readonly apiServers: ApiServers
  readonly readIssuer: ClusterSource['readIssuer']
  readonly identityWebhook: FollowedIdentityWebhook
  /** The base64 `caBundle` of a CA that nothing uses: the policy must deny it. */
  readonly wrongCaBundle: string
  readonly metrics: Metrics
  readonly log: Logger
}

/** The results of the last rounds. Each round reads them and replaces its own part. */
export interface Findings {
  own?: OwnCertificates
  clusterCas: ClusterCas
  configurations: readonly unknown[]
  published?: readonly AcceptedBundles[]
  assessments: readonly Assessment[]
  findings: readonly ConfigurationFinding[]
  /** The findings of the background scan. */
  scanned: () => Iterable<Pick<Finding, 'rule' | 'severity'>>
  probes?: Probes
  /** The last outcome of each check that could be run. */
  knownProbes?: Probes
}

export const nothingFound = (): Findings => ({
  clusterCas: { confirmed: undefined, unconfirmed: '', doubt: undefined },
  configurations: [],
  assessments: [],
  findings: [],
  scanned: () => []
})

/** Renews our certificates and writes our own caBundle. Returns whether a certificate was written. */
export async function runCertificateRound(
  { client, config, namespace, metrics, log }: RoundTools,
  found: Findings
): Promise<boolean> {
  const own = await keepCertificates(client, { namespace, hosts: config.tls.hosts, now: new Date() })
  found.own = own
  metrics.certificateExpiry.set(new X509Certificate(own.serving.certificate).validToDate.getTime() / 1000)
  if (own.changes.length > 0) log.info({ changes: own.changes }, 'certificates written')
  const patched = await keepCaBundle(client, own.caBundle)
  if (patched.length > 0) log.info({ webhooks: patched }, 'own caBundle written')

  return own.changes.length > 0
}

/** Publishes the accepted bundles, assesses every guarded webhook and checks all webhook configurations. */
export async function runBundleRound(tools: RoundTools, found: Findings): Promise<void> {
  const { client, config, given, apiServers, metrics, log } = tools
  const [configurations, servers] = await Promise.all([loadConfigurations(client), apiServers.read()])
  found.configurations = configurations
  const issuer = given.issuer ?? (await tools.readIssuer({ signal: AbortSignal.timeout(5000) }))
  const apiServerChains = await readApiServerChains(servers)
  found.clusterCas = await readConfirmedCas(tools, found.clusterCas, apiServerChains)
  showClusterCas(metrics, found.clusterCas)
  const { confirmed, doubt } = found.clusterCas
  const round = await guardCaBundles({
    client,
    apiServerChains,
    configurations,
    ownCas: found.own?.cas.join('') ?? '',
    clusterCas: confirmed,
    doubt,
    published: found.published,
    issuer: typeof issuer === 'string' ? issuer : issuer.state === 'known' ? issuer.value : undefined,
    canaryPassed: isCanaryPassed(found.probes),
    config: config.caBundle,
    now: new Date(),
    log
  })
  found.published = round.published
  logSourceChanges(log, round.assessments, found.assessments)
  found.assessments = round.assessments
  showAssessments(metrics, round.assessments)

  const sources = {
    ...given,
    clusterCa: confirmed,
    webhooks: buildLiveWebhooks(client, configurations),
    canary: () => canaryFactOf(found.probes)
  }
  const faults = await findConfigurationFaults(configurations, {
    sources,
    severities: config.severities,
    exceptions: config.exceptions,
    guard: config.caBundle.guard,
    at: new Date()
  })
  await reportFindings({ client, log, now: new Date() }, faults, found.findings)
  found.findings = faults
  showFindings(metrics, faults, found.scanned())
}

/**
 * Reads the cluster's CAs. They are read again in each round, because a rotation changes them. If none can be
 * confirmed now, the CAs that were confirmed last remain in use.
 */
async function readConfirmedCas(
  { client, given, namespace, log }: RoundTools,
  before: ClusterCas,
  apiServerChains: readonly ApiServerChain[]
): Promise<ClusterCas> {
  if (given.clusterCa !== undefined) return { confirmed: given.clusterCa, unconfirmed: '', doubt: undefined }

  const chains = apiServerChains.map(({ chain }) => chain)
  const cas = await loadClusterCas(client, { namespace, chains, at: new Date() })
  if (cas.doubt !== undefined && cas.doubt !== before.doubt)
    log.warn({ because: cas.doubt }, 'a cluster CA is not confirmed')
  if (cas.doubt === undefined && before.doubt !== undefined) log.info('all cluster CAs are confirmed again')

  return { ...cas, confirmed: cas.confirmed ?? before.confirmed }
}

async function readCanaryAssociation({ associations }: Sources): Promise<Fact<AssociationLookup>> {
  const account = { namespace: canaryNamespace, name: canaryAccount }
  const deadline = { signal: AbortSignal.timeout(5000) }

  return (
    (await associations?.findAssociation(account, { namespace: canaryNamespace, deadline })) ??
    moot('EKS Pod Identity associations are not read')
  )
}

// A change reaches every API server within this time. A failure that lasts longer is reported.
const propagationTime = 5000

/**
 * Runs the canary and the self-test against each API server. Returns whether the canary's overall result
 * changed, in either direction.
 */
export async function runProbeRound(tools: RoundTools, found: Findings): Promise<boolean> {
  const { client, given, apiServers, identityWebhook, wrongCaBundle, metrics, log } = tools
  await identityWebhook.begun
  const settings = identityWebhook.settings() ?? given.identityWebhook ?? defaultIdentityWebhook
  const associated = await readCanaryAssociation(given)
  const proveAll = (): Promise<Probes> =>
    prove(apiServers.known(), { wrongCaBundle, published: found.published, settings, associated })
  let probes = await proveAll()
  if (hasNewFailure(probes, found.knownProbes)) {
    await sleep(propagationTime)
    probes = await proveAll()
  }
  const before = found.probes
  found.probes = probes
  showProofs(metrics, probes)
  const about = identityConfigurationOf(found.configurations)
  const reported = {
    client,
    log,
    now: new Date(),
    identityWebhook: about,
    canaryCause: canaryCauseOf(found)
  }
  await reportProofs(reported, probes, { before, known: found.knownProbes })
  found.knownProbes = lastKnownOf(probes, found.knownProbes)

  return isCanaryPassed(probes) !== isCanaryPassed(before)
}
