import type { Config } from '../../config.js'
import type { IamSource, Sources } from '../../facts/facts.js'
import { defaultIdentityWebhook, withAnnotationPrefix } from '../../identity-webhook/settings.js'
import type { KubeClient } from '../../kube/client.js'
import { canI } from '../../kube/refusals.js'
import { noDeadline } from '../../model/deadline.js'
import type { Severity } from '../../model/finding.js'
import { GuardError } from '../../model/guard-error.js'
import type { ClusterSummary } from '../../output/scan-report.js'
import type { IamRequests } from '../../output/scan-summary.js'
import { judgeCluster, type JudgedCluster } from '../../scan/judge-cluster.js'
import { type ClusterObjects, readCluster, type UnreadCollection } from '../../scan/read-cluster.js'
import { buildIssuerReader } from '../../sources/cluster/cluster-issuer.js'
import { pathOf } from '../../sources/cluster/collections.js'
import { buildExpectedCas } from '../../sources/cluster/webhook-trust.js'
import {
  connectCluster,
  loadClusterCa,
  notAccepted,
  readClusterIdentityWebhook,
  unreachable
} from './cluster.js'
import { clusterFlags } from './kubectl.js'
import { buildLiveAws } from './live-aws.js'
import type { Progress } from './progress.js'
import type { RequestCounter } from './request-counter.js'
import { loadSources } from './sources.js'

/** What to scan in a cluster, and what is known about it. */
export interface ScanOptions {
  readonly kubeconfig?: string | undefined
  readonly namespace?: string | undefined
  readonly selector?: string | undefined
  readonly iam: readonly string[]
  readonly aws?: boolean
  readonly issuer?: string | undefined
  readonly audience?: string | undefined
  readonly clusterArn?: string | undefined
}

/** What is the same for all clusters of a scan. */
export interface ScanSetting {
  readonly config: Config
  readonly severities: ReadonlyMap<string, Severity | 'off'>
  readonly createdAfter: Date | undefined
  readonly at: Date
  readonly signal: AbortSignal | undefined
  readonly progress: Progress
  readonly environment: NodeJS.ProcessEnv
  readonly onNoCredentials: (because: string) => void
  readonly iamRequests: RequestCounter
}

/** A scanned cluster. */
export interface ScannedCluster extends JudgedCluster {
  /** The kubeconfig context; undefined for objects from files. */
  readonly name: string | undefined
  readonly version: string | undefined
  /** The flags with which kubectl chooses the cluster; empty, or with a leading space. */
  readonly flags: string
  readonly unread: readonly UnreadCollection[]
  /** Whether all service accounts, workloads and pods of the chosen namespaces were read. */
  readonly isWhole: boolean
}

/**
 * Reads and judges the cluster of a kubeconfig context. Throws ERR_KUBECONFIG or ERR_INPUT if nothing in it can
 * be read, and ERR_USAGE if facts contradict each other.
 */
export async function scanContext(
  context: string,
  options: ScanOptions,
  setting: ScanSetting
): Promise<ScannedCluster> {
  const client = connectCluster({ kubeconfig: options.kubeconfig, context }, setting.environment)
  try {
    return await scanConnected(client, context, options, setting)
  } finally {
    client.close()
  }
}

/**
 * Reads and judges a cluster. Its name is shown while it is being read. Throws ERR_KUBECONFIG or ERR_INPUT if
 * nothing in it can be read, and ERR_USAGE if facts contradict each other.
 */
export async function scanConnected(
  client: KubeClient,
  name: string | undefined,
  options: ScanOptions,
  setting: ScanSetting
): Promise<ScannedCluster> {
  const { signal, progress } = setting
  let count = 0
  const counts = new Map<string, number>()
  const read = await readCluster(client, options, {
    signal,
    onRead: (plural, ofPlural) => {
      count += ofPlural - (counts.get(plural) ?? 0)
      counts.set(plural, ofPlural)
      progress.show(
        `${name === undefined ? '' : `${name}: `}reading, ${count.toLocaleString('en-US')} objects so far`
      )
    }
  })
  const flags = clusterFlags({ kubeconfig: options.kubeconfig, context: name })
  if (signal?.aborted !== true) assertRead(read, client, { namespace: options.namespace, flags })
  const given = await givenFacts(client, options, setting)

  return {
    name,
    flags,
    ...(await judge(
      read,
      client,
      given,
      { ...options, ...(name !== undefined && { context: name }) },
      setting
    ))
  }
}

/** Judges objects from files as the objects of one cluster. */
export async function scanObjects(
  objects: ClusterObjects['objects'],
  options: ScanOptions,
  setting: ScanSetting
): Promise<ScannedCluster> {
  const given = await loadSources(options, setting.config)
  const read: ClusterObjects = { objects, others: [], unread: [], version: undefined }
  const fromAws = await awsFacts(options, given, setting)

  return {
    name: undefined,
    flags: '',
    ...(await judge(read, undefined, { ...given, ...fromAws }, options, setting))
  }
}

async function judge(
  read: ClusterObjects,
  client: KubeClient | undefined,
  given: Sources,
  { selector, context }: Pick<ScanOptions, 'selector'> & { readonly context?: string },
  { severities, createdAfter, at, signal, progress, config, iamRequests }: ScanSetting
): Promise<Omit<ScannedCluster, 'name' | 'flags'>> {
  const isWhole =
    selector === undefined &&
    signal?.aborted !== true &&
    !read.unread.some(({ collection }) => collection.isNamespaced)
  const roles = { asked: new Set<string>(), read: 0 }
  const judged = await judgeCluster(read, {
    client,
    given: { ...given, iam: given.iam && countingRoles(given.iam, roles) },
    annotationPrefix: config.annotationPrefix,
    isWhole,
    createdAfter,
    ...config.ruleSettings,
    severities,
    at,
    signal,
    onJudged: (judged, all) =>
      progress.show(
        `${context === undefined ? '' : `${context}: `}judged ${judged.toLocaleString('en-US')} of ${all.toLocaleString('en-US')} objects, read ${roles.read.toLocaleString('en-US')} of ${roles.asked.size.toLocaleString('en-US')} roles${iamRateText(iamRequests.counted())}`
      )
  })

  return { ...judged, version: read.version, unread: signal?.aborted === true ? [] : read.unread, isWhole }
}

/** The rate of requests to IAM, for the progress line. */
const iamRateText = (requests: IamRequests | undefined): string =>
  requests === undefined || requests.seconds < 1
    ? ''
    : `, IAM ${(requests.count / requests.seconds).toFixed(1)} requests/s`

/** Counts the roles that are looked up, for the progress line. */
function countingRoles(iam: IamSource, roles: { readonly asked: Set<string>; read: number }): IamSource {
  return {
    ...iam,
    readRole: (arn, lookup) => {
      const answer = iam.readRole(arn, lookup)
      if (!roles.asked.has(arn.text)) {
        roles.asked.add(arn.text)
        void Promise.resolve(answer).then(() => roles.read++)
      }

      return answer
    }
  }
}

/** The facts that do not come from the objects. */
async function givenFacts(client: KubeClient, options: ScanOptions, setting: ScanSetting): Promise<Sources> {
  const { config, at } = setting
  const given = await loadSources(options, config, client.clusterArn)
  const named = options.issuer ?? config.issuer
  const [fromAws, settings, cas, issuer] = await Promise.all([
    awsFacts(options, given, setting),
    readClusterIdentityWebhook(client, config.annotationPrefix),
    loadClusterCa(client, at).catch(() => undefined), // rules that need it are reported as not checked
    given.issuer === undefined || named !== undefined ? undefined : buildIssuerReader(client)(noDeadline)
  ])

  return {
    ...given,
    ...fromAws,
    // An IAM file names the issuer of the cluster that it was created for, which may not be this cluster.
    issuer: issuer?.state === 'known' ? undefined : given.issuer,
    expectedCas: buildExpectedCas(client, cas?.confirmed),
    identityWebhook: withAnnotationPrefix(settings ?? defaultIdentityWebhook, config.annotationPrefix)
  }
}

const awsFacts = async (
  { aws }: ScanOptions,
  { clusterArn }: Sources,
  { config, onNoCredentials, iamRequests }: ScanSetting
): Promise<Partial<Sources>> =>
  aws === true
    ? buildLiveAws(
        config,
        clusterArn,
        ({ kind, because }) => {
          if (kind === 'no-credentials') onNoCredentials(because)
        },
        iamRequests.count
      )
    : {}

/** Throws if no collection could be read, or if the namespace does not exist. */
function assertRead(
  { objects, unread }: ClusterObjects,
  { server }: KubeClient,
  { namespace, flags }: { readonly namespace: string | undefined; readonly flags: string }
): void {
  const [first] = unread
  const isNothingRead = objects.length === 0 && first !== undefined
  if (isNothingRead && first.status === undefined) throw unreachable({ server }, first.because)
  if (isNothingRead && first.status === 401) throw notAccepted({ server })
  if (isNothingRead)
    throw new GuardError(
      'ERR_INPUT',
      `you are not allowed to read anything in the cluster ${server} (${first.status}); check: ${checkOf(first, namespace)}${flags}`
    )
  const isKnown = !unread.some(({ collection }) => collection.plural === 'namespaces')
  if (namespace !== undefined && isKnown && !objects.some(({ kind }) => kind === 'Namespace'))
    throw new GuardError('ERR_INPUT', `there is no namespace ${namespace} in the cluster ${server}`)
}

/** The command that shows whether the user may read a collection. */
export const checkOf = ({ collection }: UnreadCollection, namespace: string | undefined): string =>
  `${canI('GET', pathOf(collection, namespace))}${collection.isNamespaced && namespace === undefined ? ' -A' : ''}`

/** A scanned cluster in a report. */
export const summaryOf = ({ name, version, counts }: ScannedCluster): ClusterSummary => {
  const { podIdentity, ...others } = counts

  return {
    ...(name !== undefined && { name }),
    ...(version !== undefined && { version }),
    ...others,
    ...(podIdentity !== undefined && { podIdentity })
  }
}
