import { X509Certificate } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Logger } from 'pino'
import { pemsOf } from '../ca-bundle/accepted-texts.js'
import { type ClusterCas, confirmCas } from '../ca-bundle/confirm-cas.js'
import { isUsable } from '../ca-bundle/eks-authorities.js'
import { expectedClusterCasOf } from '../ca-bundle/published-sets.js'
import { formerCasOf, rememberCas, type RememberedCa } from '../ca-bundle/remembered-cas.js'
import { type Rotation, rotationOf } from '../ca-bundle/rotation.js'
import type { Config } from '../config.js'
import type { ClusterSource, ExpectedCasSource, Sources } from '../facts/facts.js'
import { defaultIdentityWebhook } from '../identity-webhook/settings.js'
import { apiServerName, type KubeClient } from '../kube/client.js'
import type { AssociationLookup } from '../model/association.js'
import { type Fact, moot } from '../model/fact.js'
import type { Finding } from '../model/finding.js'
import type { FollowedIdentityWebhook } from '../process/follow-identity-webhook.js'
import type { Metrics } from '../process/metrics.js'
import { loadCaEvidence } from '../sources/cluster/cluster-cas.js'
import { buildLiveWebhooks } from '../sources/cluster/live-webhooks.js'
import { loadWebhookTrust } from '../sources/cluster/webhook-trust.js'
import type { ApiServers } from './api-servers.js'
import type { Assessment } from './assessment.js'
import { guardCaBundles } from './ca-bundle-guard.js'
import { type ApiServerChain, logSourceChanges, readApiServerChains } from './ca-sources.js'
import { keepCaBundle, keepCertificates, type OwnCertificates } from './certificates/own-webhook.js'
import {
  type ConfigurationFinding,
  findConfigurationFaults,
  reportFindings
} from './configuration-findings.js'
import type { FollowedAuthorities } from './eks-authorities.js'
import { identityConfigurationOf } from './event.js'
import { loadConfigurations } from './load-configurations.js'
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
import { type ReportedRotation, reportRotation, showRotation } from './rotation-report.js'
import type { Publication } from './webhook-trust.js'

/** The tools and settings that every round uses. */
export interface RoundTools {
  readonly client: KubeClient
  readonly config: Config
  /** Facts from the user, which take precedence over those from the cluster. */
  readonly given: Sources
  /** The namespace that the controller runs in. */
  readonly namespace: string
  readonly apiServers: ApiServers
  /** EKS's certificate authorities; undefined without `eks.clusterArn`. */
  readonly authorities: FollowedAuthorities | undefined
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
  /** The current cluster CAs, and those of the last 30 days. Undefined until they have been read. */
  remembered?: readonly RememberedCa[]
  rotation?: Rotation | undefined
  reportedRotation?: ReportedRotation
  configurations: readonly unknown[]
  published?: Publication
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

/** The cluster CAs that are expected in bundles, as they were last published. */
export const expectedCasIn = (found: Findings): ExpectedCasSource => ({
  readExpectedCas: (name) =>
    expectedClusterCasOf(name, found.published?.entries ?? [], found.clusterCas.confirmed)
})

/**
 * Renews our certificates and writes our own caBundle, unless the certificates are managed elsewhere. Returns
 * whether a certificate was written.
 */
export async function runCertificateRound(
  { client, config, namespace, metrics, log }: RoundTools,
  found: Findings
): Promise<boolean> {
  if (!config.tls.managed) {
    delete found.own
    metrics.certificateExpiry.remove() // serve's own metric remains
    return false
  }
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
  const ownIssuer = typeof issuer === 'string' ? issuer : issuer.state === 'known' ? issuer.value : undefined
  found.remembered ??= (await loadWebhookTrust(client))?.clusterCas ?? []
  await readRotation(tools, found, { issuer: ownIssuer, apiServerChains })
  showClusterCas(metrics, found.clusterCas)
  const { confirmed, doubt } = found.clusterCas
  const round = await guardCaBundles({
    client,
    apiServerChains,
    configurations,
    ownCas: config.tls.managed ? (found.own?.cas.join('') ?? '') : undefined,
    clusterCas: confirmed,
    rotation: found.rotation,
    remembered: found.remembered,
    doubt,
    published: found.published,
    issuer: ownIssuer,
    canaryPassed: isCanaryPassed(found.probes),
    config: config.caBundle,
    now: new Date(),
    log
  })
  found.published = round.published
  logSourceChanges(log, round.assessments, found.assessments)
  found.assessments = round.assessments
  showAssessments(metrics, round.assessments)
  showRotation(metrics, found.rotation, new Date())
  if (found.rotation !== undefined) {
    found.reportedRotation = await reportRotation({ client, log, now: new Date() }, found.rotation, {
      assessments: round.assessments,
      reported: found.reportedRotation
    })
  }

  const sources = {
    ...given,
    clusterCa: undefined, // the controller already considers a given CA when it publishes bundles
    expectedCas: expectedCasIn(found),
    webhooks: buildLiveWebhooks(client, configurations),
    canary: () => canaryFactOf(found.probes)
  }
  const faults = await findConfigurationFaults(configurations, {
    sources,
    ...config.ruleSettings,
    guard: config.caBundle.guard,
    at: new Date()
  })
  await reportFindings({ client, log, now: new Date() }, faults, found.findings)
  found.findings = faults
  showFindings(metrics, faults, found.scanned())
}

/**
 * Reads the cluster's CAs and derives their rotation. They are read again in each round, because a rotation
 * changes them. If none can be confirmed now, the most recently confirmed CAs remain in use. CAs from the user
 * count as confirmed.
 */
async function readRotation(
  { client, given, namespace, authorities: followed, log }: RoundTools,
  found: Findings,
  { issuer, apiServerChains }: { issuer: string | undefined; apiServerChains: readonly ApiServerChain[] }
): Promise<void> {
  const at = new Date()
  const before = found.clusterCas
  const served = apiServerChains.flatMap(({ chain }) =>
    chain === undefined ? [] : [{ chain, host: apiServerName }]
  )
  const evidence =
    given.clusterCa === undefined
      ? await loadCaEvidence(client, { namespace, chains: served.map(({ chain }) => chain), at })
      : { trusted: given.clusterCa, trustedOnlyWith: undefined, published: [], served: [], at }
  const seen = confirmCas(evidence)
  const clusterCas = seen.confirmed ?? before.confirmed
  const shown = [seen.confirmed, seen.unconfirmed, ...served.map(({ chain }) => chain)].join('\n')
  const authorities = await followed?.read(shown, { issuer, clusterCas })
  const named = pemsOf((authorities ?? []).filter(isUsable).map(({ certificate }) => certificate))
  const cas = confirmCas({ ...evidence, named })
  if (cas.doubt !== undefined && cas.doubt !== before.doubt)
    log.warn({ because: cas.doubt }, 'a cluster CA is not confirmed')
  if (cas.doubt === undefined && before.doubt !== undefined) log.info('all cluster CAs are confirmed again')

  const confirmed = given.clusterCa ?? cas.confirmed ?? before.confirmed
  found.clusterCas = { ...cas, confirmed }
  found.rotation = undefined
  if (confirmed === undefined) return

  const question = { clusterCas: confirmed, served, authorities, at }
  found.remembered = rememberCas(found.remembered ?? [], rotationOf(question).trusted, at)
  found.rotation = rotationOf({ ...question, former: formerCasOf(found.remembered) })
}

async function readCanaryAssociation({ associations }: Sources): Promise<Fact<AssociationLookup>> {
  const account = { namespace: canaryNamespace, name: canaryAccount }
  const deadline = { signal: AbortSignal.timeout(5000) }

  return (
    (await associations?.findAssociation(account, { namespace: canaryNamespace, deadline })) ??
    moot('EKS Pod Identity associations are not read')
  )
}

// A change should reach every API server within this time. A failure that lasts longer is reported.
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
    prove(apiServers.known(), { wrongCaBundle, published: found.published?.entries, settings, associated })
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
