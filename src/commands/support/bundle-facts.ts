import type { ClusterCas } from '../../ca-bundle/confirm-cas.js'
import { caInjectionsOf, decidingInjectionOf, type InjectedCas } from '../../ca-bundle/injection.js'
import type { KubeClient } from '../../kube/client.js'
import { loadServedChain } from '../../kube/served-chain.js'
import { type Fact, known, unknown } from '../../model/fact.js'
import { readInjectedCas } from '../../sources/cluster/injected-cas.js'
import { loadWebhookTrust, type WebhookTrust } from '../../sources/cluster/webhook-trust.js'
import { reasonOf } from '../../text/escape.js'
import { annotationsOf } from '../../text/record.js'
import { addressOfUrl } from '../../text/url-address.js'
import { judgeTls } from '../../x509/judge-tls.js'
import type { BundleFacts } from './bundles.js'

/**
 * Reads what determines the expected bundles of a webhook configuration in a cluster, with the user's own
 * permissions. Never rejects.
 */
export async function readBundleFacts(
  client: KubeClient,
  object: Readonly<Record<string, unknown>>,
  clusterCas: ClusterCas,
  at: Date
): Promise<BundleFacts> {
  const { confirmed: clusterCa } = clusterCas
  const apiServer = clusterCa === undefined ? undefined : await readApiServerChain(client, clusterCa, at)
  const [injected, published] = await Promise.all([
    readInjected(client, object, clusterCa),
    readPublished(client)
  ])

  return { clusterCas, apiServer, injected, published }
}

const handshakeTimeout = 5000
const sourceTimeout = 5000

/**
 * What the injector writes into an object's webhooks, if the user is allowed to read the source of the
 * injector's CAs.
 */
async function readInjected(
  client: KubeClient,
  object: Readonly<Record<string, unknown>>,
  clusterCas: string | undefined
): Promise<Fact<InjectedCas>> {
  const injection = decidingInjectionOf(caInjectionsOf(annotationsOf(object)))

  return (
    await readInjectedCas(client, injection, { clusterCas, signal: AbortSignal.timeout(sourceTimeout) })
  ).fact
}

/** The WebhookTrust that the policy compares with, if the user is allowed to read it. */
async function readPublished(client: KubeClient): Promise<Fact<WebhookTrust>> {
  try {
    const published = await loadWebhookTrust(client)
    return published === undefined
      ? unknown('there is no WebhookTrust "cluster", which the controller publishes')
      : known(published)
  } catch (error) {
    return unknown(reasonOf(error))
  }
}

/**
 * The certificates that the API server serves now. They show which cluster CA currently signs. Undefined if
 * they cannot be fetched, or if something else answers: a load balancer's certificate proves nothing about the
 * cluster CAs.
 */
async function readApiServerChain(
  client: KubeClient,
  clusterCa: string,
  at: Date
): Promise<{ chain: string; host: string } | undefined> {
  const { host, port } = addressOfUrl(client.server)
  try {
    const chain = await loadServedChain({ host, port }, handshakeTimeout)

    return judgeTls({ caBundle: Buffer.from(clusterCa).toString('base64'), chain, host, at }).accepted
      ? { chain, host }
      : undefined
  } catch {
    return undefined // for example because requests go through a proxy; it is then unknown which CA signs
  }
}
