import { addressOf } from '../../ca-bundle/guarded-webhooks.js'
import { readAccess } from '../../kube/access.js'
import type { KubeClient } from '../../kube/client.js'
import { listObjects, readObject } from '../../kube/read.js'
import { loadServedChain } from '../../kube/served-chain.js'
import { known, unknown } from '../../model/fact.js'
import { isLoopback, webhooksOf } from '../../model/webhook-configuration.js'
import { loadWebhookTrust } from '../../sources/cluster/webhook-trust.js'
import type { ServedCertificate, ServedChain } from '../../status/certificates.js'
import type { LiveObject, Reading } from '../../status/check.js'
import type { PolicyReading } from '../../status/policies.js'
import { type ShippedRight, shippedRightsOf, userOf } from '../../status/rights.js'
import { collectionOf, nameOf, shippedOfKind } from '../../status/shipped.js'
import type { PublishedTrust, TrustReading } from '../../status/webhook-trust.js'
import { reasonOf } from '../../text/escape.js'
import { isRecord, listOf, recordOf } from '../../text/record.js'

/** Reads the object in the cluster that has the name of a shipped object. */
export const readInstalled = async (
  client: KubeClient,
  object: LiveObject
): Promise<Reading<LiveObject | undefined>> =>
  readObject(client, `${collectionOf(object).path}/${nameOf(object)}`)

/** Reads the policies and their bindings. */
export const readPolicies = async (
  client: KubeClient,
  shipped: readonly LiveObject[]
): Promise<readonly PolicyReading[]> =>
  Promise.all(
    [
      ...shippedOfKind(shipped, 'ValidatingAdmissionPolicy'),
      ...shippedOfKind(shipped, 'ValidatingAdmissionPolicyBinding')
    ].map(async (object) => ({ shipped: object, live: await readInstalled(client, object) }))
  )

/** Reads the WebhookTrust, and whether the API server serves that kind. */
export async function readTrust(client: KubeClient): Promise<TrustReading> {
  const [group, trust] = await Promise.all([
    readObject(client, '/apis/irsa-guard.io/v1', { name: 'irsa-guard.io/v1' }),
    loadWebhookTrust(client).then(
      (value): Reading<PublishedTrust | undefined> => known(value),
      (error: unknown) => unknown(reasonOf(error))
    )
  ])

  return { isServed: group.state === 'known' ? known(group.value !== undefined) : group, trust }
}

/**
 * Checks whether irsa-guard's service accounts have the permissions that the manifests of this version grant.
 */
export const readRights = async (
  client: KubeClient,
  shipped: readonly LiveObject[],
  namespace: string
): Promise<readonly { readonly right: ShippedRight; readonly isAllowed: Reading<boolean> }[]> =>
  Promise.all(
    shippedRightsOf(shipped).map(async (right) => ({
      right,
      isAllowed: await readAccess(client, 'SubjectAccessReview', {
        ...userOf(right.account, namespace),
        ...right.attributes
      })
    }))
  )

const handshakeTimeout = 5000

/**
 * Reads what is known about the serving certificate: with a TLS handshake or, if that fails, from the metric of
 * a `serve` pod, through the API server.
 */
export async function readServed(
  client: KubeClient,
  configuration: Reading<LiveObject | undefined>,
  pods: Reading<readonly LiveObject[]>,
  environment: NodeJS.ProcessEnv
): Promise<Reading<ServedCertificate>> {
  const served = await readServedChain(client, configuration, environment)
  if (served.state === 'known' || configuration.state === 'unknown') return served
  const [pod] = pods.state === 'known' ? pods.value : []
  const until = pod === undefined ? undefined : await readExpiry(client, pod)

  return until === undefined ? served : known({ until })
}

const expiry = /^irsa_guard_serving_certificate_expiry_timestamp_seconds (\d[\d.e+]*)$/m

/** https://kubernetes.io/docs/tasks/access-application-cluster/access-cluster-services/#manually-constructing-apiserver-proxy-urls */
async function readExpiry(client: KubeClient, pod: LiveObject): Promise<Date | undefined> {
  const { namespace, name } = recordOf(pod['metadata'])
  const path = `/api/v1/namespaces/${String(namespace)}/pods/${String(name)}:8080/proxy/metrics`
  try {
    const { status, body } = await client.request({ path, accept: 'text/plain' })
    const [, seconds] = status === 200 && typeof body === 'string' ? (expiry.exec(body) ?? []) : []

    return seconds === undefined ? undefined : new Date(Number(seconds) * 1000)
  } catch {
    return undefined // the reason why the handshake failed is reported instead
  }
}

/**
 * Reads the certificates that irsa-guard's webhook serves, with a TLS handshake. The address of a Service can
 * be reached only from inside the cluster. A loopback URL refers to the API server's own host, so it is useful
 * here only if the API server runs on this host.
 */
async function readServedChain(
  client: KubeClient,
  configuration: Reading<LiveObject | undefined>,
  environment: NodeJS.ProcessEnv
): Promise<Reading<ServedChain>> {
  if (configuration.state === 'unknown') return configuration
  const [webhook] = configuration.value === undefined ? [] : webhooksOf(configuration.value)
  const address = webhook && addressOf(webhook)
  if (webhook === undefined || address === undefined) return unknown('there is no webhook to connect to')
  if (webhook.service !== undefined && environment['KUBERNETES_SERVICE_HOST'] === undefined)
    return unknown(
      'the Service of serve can be reached only from inside the cluster, and this command is not running there'
    )
  const isHere = isLoopback(client.server)
  if (webhook.url !== undefined && isLoopback(webhook.url) && !isHere)
    return unknown(`${webhook.url} is on the host of the API server`)
  try {
    const chain = await loadServedChain({ ...address, servername: address.host }, handshakeTimeout, {
      onlyOutside: !isHere
    })

    return known({ chain, host: address.host })
  } catch (error) {
    return unknown(reasonOf(error))
  }
}

/** The pods of one of irsa-guard's Deployments. */
export const readPods = async (
  client: KubeClient,
  namespace: string,
  name: string
): Promise<Reading<readonly LiveObject[]>> => {
  const pods = await listObjects(client, `/api/v1/namespaces/${namespace}/pods`, {
    query: { labelSelector: `app.kubernetes.io/name=${name}` }
  })
  if (pods.state === 'unknown') return pods

  // Pods that a rollout has replaced can take a while to terminate.
  return known(pods.value.filter((pod) => recordOf(pod['metadata'])['deletionTimestamp'] === undefined))
}

/** The caBundle of the first webhook of a configuration. */
export const ownBundleOf = (configuration: Reading<LiveObject | undefined>): string | undefined => {
  const [webhook] =
    configuration.state === 'known' && configuration.value !== undefined
      ? listOf(configuration.value['webhooks']).filter(isRecord)
      : []
  const caBundle = recordOf(webhook?.['clientConfig'])['caBundle']

  return typeof caBundle === 'string' ? caBundle : undefined
}
