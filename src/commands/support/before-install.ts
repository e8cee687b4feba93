import { readAccess } from '../../kube/access.js'
import type { KubeClient } from '../../kube/client.js'
import { listObjects } from '../../kube/read.js'
import { known, unknown } from '../../model/fact.js'
import type { LiveObject, Reading } from '../../status/check.js'
import type { InstallRight } from '../../status/preflight.js'
import { collectionOf, nameOf, namespaceOf, shippedOfKind } from '../../status/shipped.js'
import { reasonOf } from '../../text/escape.js'

const verbs = ['get', 'create', 'patch'] // kubectl apply

/**
 * Checks whether the user has every permission that `kubectl apply` needs for the shipped objects. A ClusterRole is created in a dry run, too, because
 * only that shows whether the user may grant its permissions.
 * https://kubernetes.io/docs/reference/access-authn-authz/rbac/#restrictions-on-role-creation-or-update
 */
export async function readInstallRights(
  client: KubeClient,
  shipped: readonly LiveObject[]
): Promise<readonly InstallRight[]> {
  const collections = new Map(
    shipped.map((object) => {
      const namespace = namespaceOf(object)
      const { group, resource } = collectionOf(object)
      return [`${resource}/${group}/${namespace ?? ''}`, { group, resource, namespace }]
    })
  )
  const reviews = [...collections.values()].flatMap(({ group, resource, namespace }) =>
    verbs.map(async (verb): Promise<InstallRight> => {
      const full = `${resource}${group === '' ? '' : `.${group}`}`
      return {
        right: `${verb} ${full}${namespace === undefined ? '' : ` -n ${namespace}`}`,
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

// The kinds of objects that act on requests or grant permissions. Such objects have an effect regardless of
// which version of irsa-guard created them.
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

/** Reads the metrics of the API server, which are plain text. */
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
