import { provenAuthorities } from '../../ca-bundle/eks-authorities.js'
import { listOfCas, newestOf } from '../../ca-bundle/preflight/missing-cas.js'
import type { PreflightFact, PreflightFacts } from '../../ca-bundle/preflight/preflight.js'
import type { Appended } from '../../ca-bundle/preflight/row.js'
import { type Rotation, rotationOf } from '../../ca-bundle/rotation.js'
import { holdsCa, isSameCa } from '../../ca-bundle/same-ca.js'
import type { Config } from '../../config.js'
import { apiServerName, type KubeClient } from '../../kube/client.js'
import { kubeconfigFiles } from '../../kube/connect.js'
import { canI } from '../../kube/refusals.js'
import { loadServedChain } from '../../kube/served-chain.js'
import type { ClusterArn } from '../../model/cluster-arn.js'
import { noDeadline } from '../../model/deadline.js'
import { unknown } from '../../model/fact.js'
import { loadPublishedCas } from '../../sources/cluster/cluster-cas.js'
import { buildIssuerReader } from '../../sources/cluster/cluster-issuer.js'
import { loadWebhookTrust } from '../../sources/cluster/webhook-trust.js'
import { buildLiveAuthorities } from '../../sources/eks/live.js'
import { readBundleHolders } from '../../sources/preflight/bundle-holders.js'
import { readRestartOfInjector } from '../../sources/preflight/cainjector.js'
import { loadKubeconfigClusters } from '../../sources/preflight/kubeconfig-clusters.js'
import type { ReadCluster } from '../../sources/preflight/preflight-fact.js'
import { readNodes, readPods } from '../../sources/preflight/running.js'
import { reasonOf } from '../../text/escape.js'
import { addressOfUrl } from '../../text/url-address.js'
import { parseBundle } from '../../x509/bundle.js'
import type { Certificate } from '../../x509/certificate.js'
import { newestGo } from '../../x509/go-version.js'
import { type ClusterChoice, loadClusterCa } from './cluster.js'
import { chooseCluster } from './cluster-arn.js'
import { clusterFlags } from './kubectl.js'
import { readWithoutRole } from './pods-without-role.js'
import { loadCaFile } from './sources.js'

/** What to check before the CA is activated. */
export interface PreflightOptions extends ClusterChoice {
  readonly clusterCa?: string
  /** Further kubeconfigs to check, besides the one in use. */
  readonly checkKubeconfig?: readonly string[]
  readonly aws?: boolean
  readonly clusterArn?: string
}

interface Setting {
  readonly config: Config
  readonly environment: NodeJS.ProcessEnv
  readonly at: Date
}

/**
 * Reads everything that trusts the cluster CA, with the user's own permissions. Throws ERR_USAGE, ERR_INPUT
 * and ERR_KUBECONFIG.
 */
export async function readPreflightFacts(
  client: KubeClient,
  options: PreflightOptions,
  setting: Setting
): Promise<PreflightFacts> {
  const { config, environment, at } = setting
  const flags = clusterFlags(options)
  const eks = chooseCluster(options.clusterArn, config, [], client.clusterArn)
  const files = [...kubeconfigFiles(options, environment), ...(options.checkKubeconfig ?? [])]
  const kubeconfigs = await Promise.all([...new Set(files)].map(loadKubeconfigClusters))
  const confirmed =
    options.clusterCa === undefined
      ? (await loadClusterCa(client, at)).confirmed
      : await loadCaFile(options.clusterCa)
  const [chain, authorities] = await Promise.all([
    readChain(client),
    options.aws === true ? readAuthorities(client, eks, confirmed, config) : undefined
  ])
  const rotation = rotationOf({
    clusterCas: confirmed ?? '',
    served: chain === undefined ? [] : [{ chain, host: apiServerName }],
    authorities: authorities?.state === 'known' ? authorities.value : undefined,
    at
  })
  const cluster = { client, flags }
  const kubectl = `kubectl${flags}`
  const [holders, publication, accepted, nodes, pods] = await Promise.all([
    readBundleHolders(cluster),
    readPublication(cluster, rotation),
    readAccepted(cluster),
    readNodes(cluster),
    readPods(cluster)
  ])
  const signingSince = signingSinceOf(rotation)

  return {
    ...{ rotation, holders, accepted, nodes, pods, at, ...publication },
    kubeconfigs: kubeconfigs.flat(),
    withoutRole:
      signingSince === undefined
        ? undefined
        : await readWithoutRole(client, { ...setting, options, since: signingSince, pods }),
    eksProblem: authorities === undefined || authorities.state === 'known' ? undefined : authorities.because,
    target: { server: client.server, eks },
    commands: { kubectl, flags, restartInjector: await readRestartOfInjector(cluster, holders, kubectl) }
  }
}

const handshakeTimeout = 5000

/**
 * The chain that the API server serves. Undefined if irsa-guard cannot connect directly, for example because
 * only a proxy can reach the API server.
 */
async function readChain(client: KubeClient): Promise<string | undefined> {
  const { host, port } = addressOfUrl(client.server)

  return loadServedChain({ host, port }, handshakeTimeout).catch(() => undefined)
}

/** The certificate authorities in EKS, if they are proven to be those of this cluster. */
async function readAuthorities(
  client: KubeClient,
  cluster: ClusterArn | undefined,
  clusterCas: string | undefined,
  { iam: { accounts }, eks: { endpoint } }: Config
): Promise<ReturnType<typeof provenAuthorities>> {
  if (cluster === undefined)
    return unknown('the EKS cluster is not known; name it with --cluster-arn, or use its own kubeconfig')
  const reader = await buildLiveAuthorities({
    ...{ cluster, accounts, endpoint, patient: true },
    onRequest: () => undefined,
    onStsRequest: () => undefined
  })
  const [read, issuer] = await Promise.all([reader.read(), buildIssuerReader(client)(noDeadline)])
  if (read.state !== 'known') return unknown(read.because)

  return provenAuthorities(read.value, {
    issuer: issuer.state === 'known' ? issuer.value : undefined,
    clusterCas
  })
}

/** The CAs that Kubernetes publishes to pods, and since when the newest CA has been among them. */
async function readPublication(
  { client, flags }: ReadCluster,
  rotation: Rotation
): Promise<Pick<PreflightFacts, 'published' | 'appended'>> {
  const lists = await Promise.all(
    ['kube-system', 'default'].map(async (namespace) =>
      loadPublishedCas(client, namespace).catch(() => undefined)
    )
  )
  const read = lists.flatMap((list) =>
    list === undefined ? [] : [{ ...list, cas: certificatesOf(list.pem) }]
  )
  const [first] = read
  const newest = newestOf(rotation)

  return {
    published:
      first === undefined
        ? {
            state: 'unknown',
            because: 'you can read it in neither kube-system nor default',
            check: `${canI('GET', '/api/v1/namespaces/kube-system/configmaps/kube-root-ca.crt')}${flags}`
          }
        : { state: 'known', value: first.cas },
    appended: appendedOf(rotation, newest, read)
  }
}

/**
 * When the newest CA was distributed. Once that CA signs, the ConfigMap may have been rewritten in a different
 * order, so the time from EKS takes precedence.
 */
function appendedOf(
  { authorities, mustHold }: Rotation,
  newest: Certificate | undefined,
  lists: readonly {
    readonly name: string
    readonly changedAt: Date | undefined
    readonly cas: readonly Certificate[]
  }[]
): PreflightFact<Appended> {
  if (newest === undefined) return unknown('the cluster trusts one CA')
  const createdAt = authorities?.find(({ certificate }) => isSameCa(certificate, newest))?.createdAt
  const published = lists
    .flatMap(({ name, changedAt, cas }) =>
      changedAt !== undefined && holdsCa(cas, newest) ? [{ at: changedAt, source: name }] : []
    )
    .sort((one, other) => one.at.getTime() - other.at.getTime())[0]
  const created = createdAt && { at: createdAt, source: 'EKS created the CA' }
  const appended = holdsCa(mustHold.flat(), newest) ? (created ?? published) : (published ?? created)

  return appended === undefined
    ? unknown(`it is not known when ${listOfCas([newest])} was appended`)
    : { state: 'known', value: appended }
}

/** The bundles that the policy accepts; undefined if irsa-guard is not installed. */
async function readAccepted({ client, flags }: ReadCluster): Promise<PreflightFacts['accepted']> {
  try {
    return { state: 'known', value: (await loadWebhookTrust(client))?.entries }
  } catch (error) {
    const because = reasonOf(error)
    const check = `${canI('GET', '/apis/irsa-guard.io/v1/webhooktrusts/cluster')}${flags}`

    return { state: 'unknown', because, ...(because.includes('answered 403') && { check }) }
  }
}

/**
 * The time at which the newest CA began to sign, even if it was rolled back later. No bundle can have gone
 * stale before that. Without EKS, the time is not known, and the start of the CA's validity is the earliest
 * possible time.
 */
function signingSinceOf(rotation: Rotation): Date | undefined {
  const newest = newestOf(rotation)
  if (newest === undefined) return undefined
  const activatedAt = rotation.authorities?.find(({ certificate }) =>
    isSameCa(certificate, newest)
  )?.activatedAt
  if (activatedAt !== undefined) return activatedAt

  return holdsCa(rotation.signers.flat(), newest) ? new Date(newest.notBefore) : undefined
}

const certificatesOf = (pem: string): readonly Certificate[] =>
  parseBundle(Buffer.from(pem), newestGo).certificates
