import {
  type CaEvidence,
  type ClusterCas,
  confirmCas,
  type PublishedCas
} from '../../ca-bundle/confirm-cas.js'
import { apiServerName, type KubeClient } from '../../kube/client.js'
import { type KubeObject, loadValue, readObject } from '../../kube/read.js'
import { loadServedChain } from '../../kube/served-chain.js'
import { listOf, recordOf, textOf } from '../../text/record.js'
import { addressOfUrl } from '../../text/url-address.js'

/**
 * Reads the CAs of a cluster. kube-controller-manager publishes them in each namespace as ConfigMap
 * `kube-root-ca.crt`. During a rotation it publishes the old and the new CA, in an order that proves nothing.
 * Many users can write ConfigMaps, so a CA counts only if this process trusts it or if an API server serves a
 * certificate that the CA signed. A ConfigMap is ignored if reading it is forbidden. `chains` are the
 * certificate chains that API servers serve now (PEM, leaf first); a chain is undefined if its API server
 * could not be reached. A chain whose leaf lacks the name of an API server comes from a proxy and proves
 * nothing. Rejects if the API server does not answer.
 */
export async function loadClusterCas(
  client: KubeClient,
  question: { namespace: string; chains: readonly (string | undefined)[]; at: Date }
): Promise<ClusterCas> {
  return confirmCas(await loadCaEvidence(client, question))
}

/** Reads the evidence for the cluster's CAs, as described for `loadClusterCas`. */
export async function loadCaEvidence(
  client: KubeClient,
  { namespace, chains, at }: { namespace: string; chains: readonly (string | undefined)[]; at: Date }
): Promise<CaEvidence> {
  const [trust, own, system] = await Promise.all([
    client.readTrust(),
    loadPublishedCas(client, namespace),
    loadPublishedCas(client, systemNamespace)
  ])
  const published = [own, system].filter((list) => list !== undefined)
  // The kubelet fills a pod's CA file from the ConfigMap in the pod's own namespace, where more users can
  // write than in kube-system. A user who can write ConfigMaps in kube-system can take over the cluster
  // anyway (aws-auth, CoreDNS). A kubeconfig may also name the CA of a proxy in front of the API server.
  const others = trust.isMounted ? system && [system] : published.filter(({ pem }) => pem !== '')

  return {
    trusted: trust.cas,
    trustedOnlyWith:
      others === undefined || others.length === 0 ? undefined : others.map(({ pem }) => pem).join('\n'),
    published,
    served: chains.flatMap((chain) => (chain === undefined ? [] : [{ host: apiServerName, chain }])),
    at
  }
}

/** Reads the CAs for a CLI command, using the one API server in its kubeconfig. */
export async function loadClusterCasOnce(client: KubeClient, at: Date): Promise<ClusterCas> {
  const { host, port } = addressOfUrl(client.server)
  // This fails if only a proxy can reach the API server. The signing CA is then unknown.
  const chain = await loadServedChain({ host, port }, handshakeTimeout).catch(() => undefined)

  return loadClusterCas(client, { namespace: 'default', chains: [chain], at })
}

const systemNamespace = 'kube-system'
const handshakeTimeout = 5000

/**
 * Reads the ConfigMap with the CAs in one namespace. Undefined if the user may not read it. Rejects if the API
 * server does not answer.
 */
export async function loadPublishedCas(
  client: KubeClient,
  namespace: string
): Promise<(PublishedCas & { readonly changedAt: Date | undefined }) | undefined> {
  const name = `ConfigMap ${namespace}/kube-root-ca.crt`
  const read = await readObject(client, `/api/v1/namespaces/${namespace}/configmaps/kube-root-ca.crt`, {
    name
  })
  if (read.state === 'unknown' && read.response?.status === 403) return undefined
  const { data, immutable, metadata } = loadValue(read) ?? {}

  return {
    name,
    pem: textOf(recordOf(data)['ca.crt']) ?? '',
    isImmutable: immutable === true,
    changedAt: lastChangeOf(recordOf(metadata))
  }
}

/**
 * When a field of an object was last changed; undefined if that is not recorded:
 * https://kubernetes.io/docs/reference/using-api/server-side-apply/#field-management
 */
function lastChangeOf({ managedFields, creationTimestamp }: KubeObject): Date | undefined {
  const times = [creationTimestamp, ...listOf(managedFields).map((entry) => recordOf(entry)['time'])]
    .map((time) => Date.parse(textOf(time) ?? ''))
    .filter((time) => !Number.isNaN(time))

  return times.length === 0 ? undefined : new Date(Math.max(...times))
}
