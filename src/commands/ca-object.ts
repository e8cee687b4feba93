import type { ClusterCas } from '../ca-bundle/confirm-cas.js'
import { caInjectionsOf, decidingInjectionOf, type InjectedCas } from '../ca-bundle/injection.js'
import { loadWebhookTrust, type WebhookTrust } from '../controller/webhook-trust.js'
import type { KubeClient } from '../kube/client.js'
import { loadServedChain } from '../kube/served-chain.js'
import { type Fact, known, unknown } from '../model/fact.js'
import { GuardError } from '../model/guard-error.js'
import { isObjectName } from '../model/object-name.js'
import { readInjectedCas } from '../sources/cluster/injected-cas.js'
import { reasonOf } from '../text/escape.js'
import { annotationsOf } from '../text/record.js'
import { addressOfUrl } from '../text/url-address.js'
import { judgeTls } from '../x509/judge-tls.js'
import type { BundleOutputOptions } from './support/bundle-output.js'
import { type CaExitCode, caOfConfiguration } from './support/bundles.js'
import { connectCluster, loadClusterCa, loadClusterObject } from './support/cluster.js'
import { loadCaFile } from './support/sources.js'

export type CaObjectOptions = BundleOutputOptions

/**
 * Reports whether the API server would accept each bundle of a webhook configuration in a cluster. Returns
 * the exit code; throws ERR_USAGE, ERR_INPUT and ERR_KUBECONFIG.
 */
export async function caOfObject(
  reference: string,
  options: CaObjectOptions,
  terminal: Parameters<typeof caOfConfiguration>[3],
  { environment = process.env, at = new Date() }: { environment?: NodeJS.ProcessEnv; at?: Date } = {}
): Promise<CaExitCode> {
  const { kind, name } = parseReference(reference)
  const client = connectCluster(options, environment)
  try {
    const object = await loadClusterObject(
      client,
      `/apis/admissionregistration.k8s.io/v1/${kind}s/${name}`,
      `${kind} ${name}`
    )
    const clusterCas =
      options.clusterCa === undefined
        ? await loadClusterCa(client, at)
        : givenClusterCas(await loadCaFile(options.clusterCa))
    const { confirmed: clusterCa } = clusterCas
    const apiServer = clusterCa === undefined ? undefined : await readApiServerChain(client, clusterCa, at)

    const [injected, published] = await Promise.all([
      readInjected(client, object, clusterCa),
      readPublished(client)
    ])

    return await caOfConfiguration(
      object,
      { clusterCas, apiServer, injected, published },
      options,
      terminal,
      at
    )
  } finally {
    client.close()
  }
}

/** CAs that the user names count as confirmed. */
const givenClusterCas = (confirmed: string): ClusterCas => ({ confirmed, unconfirmed: '', doubt: undefined })

function parseReference(reference: string): { kind: string; name: string } {
  const [, kind = '', name = ''] =
    /^((?:mutating|validating)webhookconfiguration)s?\/(.+)$/i.exec(reference) ?? []
  if (kind === '' || !isObjectName(name)) {
    const found = JSON.stringify(reference)
    throw new GuardError(
      'ERR_USAGE',
      `${found} is not a webhook configuration; expected mutatingwebhookconfiguration/NAME or validatingwebhookconfiguration/NAME`
    )
  }

  return { kind: kind.toLowerCase(), name }
}

const handshakeTimeout = 5000
const sourceTimeout = 5000

/**
 * What the injector writes into the webhooks of an object, if the user is allowed to read the injector's
 * source.
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
 * The certificates that the API server serves now, which show which cluster CA signs. Undefined if they
 * cannot be fetched, or if something else answers: a load balancer's certificate proves nothing about the
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
