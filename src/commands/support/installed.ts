import type { LiveObject, Reading } from '../../status/check.js'
import { collectionOf, nameOf, shippedOfKind } from '../../status/shipped.js'
import type { PolicyReading } from '../../status/policies.js'
import { type ShippedRight, shippedRightsOf, userOf } from '../../status/rights.js'
import type { InstallRight } from '../../status/preflight.js'
import type { ServedChain } from '../../status/certificates.js'
import type { PublishedTrust, TrustReading } from '../../status/webhook-trust.js'
import { addressOf } from '../../ca-bundle/guarded-webhooks.js'
import { loadWebhookTrust } from '../../controller/webhook-trust.js'
import { readAccess } from '../../kube/access.js'
import type { KubeClient } from '../../kube/client.js'
import { listObjects, readObject } from '../../kube/read.js'
import { loadServedChain } from '../../kube/served-chain.js'
import { known, unknown } from '../../model/fact.js'
import { isLoopback, webhooksOf } from '../../model/webhook-configuration.js'
import { reasonOf } from '../../text/escape.js'
import { isRecord, listOf, recordOf } from '../../text/record.js'

/** Reads what the cluster has under the name of a shipped object. */
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

/** Reads the WebhookTrust, and whether the API server has its kind. */
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

/** Reads whether irsa-guard's service accounts have the shipped rights. */
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
 * Reads the certificates that irsa-guard's webhook serves, by a TLS handshake. A Service has an address only in
 * the cluster. A loopback URL is the API server's own host, which is this one only if the API server is here, too.
 */
export async function readServed(
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
      'the Service of serve has an address only in the cluster, and this command does not run there'
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

const verbs = ['get', 'create', 'patch'] // kubectl apply

/**
 * Reads whether the user may create every shipped object. A ClusterRole is created in a dry run, too, because
 * only that shows whether the user may grant its permissions.
 * https://kubernetes.io/docs/reference/access-authn-authz/rbac/#restrictions-on-role-creation-or-update
 */
export async function readInstallRights(
  client: KubeClient,
  shipped: readonly LiveObject[]
): Promise<readonly InstallRight[]> {
  const collections = new Map(
    shipped.map((object) => {
      const namespace = recordOf(object['metadata'])['namespace']
      const { group, resource } = collectionOf(object)
      return [`${resource}/${group}/${String(namespace)}`, { group, resource, namespace }]
    })
  )
  const reviews = [...collections.values()].flatMap(({ group, resource, namespace }) =>
    verbs.map(async (verb): Promise<InstallRight> => {
      const full = `${resource}${group === '' ? '' : `.${group}`}`
      return {
        right: `${verb} ${full}${namespace === undefined ? '' : ` -n ${String(namespace)}`}`,
        isAllowed: await readAccess(client, 'SelfSubjectAccessReview', {
          resourceAttributes: { verb, group, resource, namespace }
        })
      }
    })
  )
  const grants = shippedOfKind(shipped, 'ClusterRole').map(async (role): Promise<InstallRight> => ({
    right: `escalate clusterroles.rbac.authorization.k8s.io/${nameOf(role)}`,
    isAllowed: await readGrant(client, role)
  }))

  return Promise.all([...reviews, ...grants])
}

async function readGrant(client: KubeClient, role: LiveObject): Promise<Reading<boolean>> {
  const { path } = collectionOf(role)
  try {
    const { status } = await client.request({ method: 'POST', path, query: { dryRun: 'All' }, body: role })
    if (status === 201 || status === 409) return known(true) // 409: it exists already

    return status === 403 ? known(false) : unknown(`${path}: the API server answered ${status} to a dry run`)
  } catch (error) {
    return unknown(reasonOf(error))
  }
}

// The kinds that act on requests or grant something, whichever version created them.
const acting = [
  ['admissionregistration.k8s.io', 'ValidatingWebhookConfiguration'],
  ['admissionregistration.k8s.io', 'MutatingWebhookConfiguration'],
  ['admissionregistration.k8s.io', 'ValidatingAdmissionPolicy'],
  ['admissionregistration.k8s.io', 'ValidatingAdmissionPolicyBinding'],
  ['rbac.authorization.k8s.io', 'ClusterRole'],
  ['rbac.authorization.k8s.io', 'ClusterRoleBinding']
] as const

/** Reads the cluster-wide objects with irsa-guard's label that this version does not ship. */
export async function readOthers(
  client: KubeClient,
  shipped: readonly LiveObject[]
): Promise<Reading<readonly LiveObject[]>> {
  const lists = await Promise.all(
    acting.map(async ([group, kind]) =>
      listObjects(client, collectionOf({ apiVersion: `${group}/v1`, kind }).path, {
        query: { labelSelector: 'app.kubernetes.io/part-of=irsa-guard' }
      })
    )
  )
  const unread = lists.find((list) => list.state === 'unknown')
  if (unread?.state === 'unknown') return unread
  const isShipped = (object: LiveObject): boolean =>
    shippedOfKind(shipped, String(object['kind'])).some((one) => nameOf(one) === nameOf(object))

  return known(
    lists.flatMap((list) => (list.state === 'known' ? list.value : [])).filter((one) => !isShipped(one))
  )
}

/** Reads the metrics of the API server, which is plain text. */
export async function readApiServerMetrics(client: KubeClient): Promise<Reading<string>> {
  try {
    const { status, body } = await client.request({ path: '/metrics', accept: 'text/plain' })

    return status === 200 && typeof body === 'string'
      ? known(body)
      : unknown(`the metrics of the API server could not be read (it answered ${status})`)
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

  // Pods of a finished rollout can exist for a while.
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
