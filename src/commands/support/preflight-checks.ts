import { canaryNamespace } from '../../controller/own-names.js'
import { readObject } from '../../kube/read.js'
import type { Check } from '../../status/check.js'
import {
  judgeLeftovers,
  judgeNamespaces,
  judgeNetworkPath,
  judgePermissions,
  judgePolicyApi,
  judgeVersion,
  judgeWebhookAdmission
} from '../../status/preflight.js'
import { nameOf, shippedOfKind } from '../../status/shipped.js'
import { readApiServerMetrics, readInstallRights, readOthers } from './before-install.js'
import { type CheckedCluster, probe } from './installation-checks.js'
import { readInstalled } from './installed.js'

/** Checks a cluster before irsa-guard is installed in it. */
export async function checksBefore(cluster: CheckedCluster, kubernetes: string): Promise<readonly Check[]> {
  const { client, shipped, installation } = cluster
  const [resources, metrics, rights, found, others] = await Promise.all([
    readObject(client, '/apis/admissionregistration.k8s.io/v1', { name: 'admissionregistration.k8s.io/v1' }),
    readApiServerMetrics(client),
    readInstallRights(client, shipped),
    Promise.all(shipped.map(async (object) => ({ object, live: await readInstalled(client, object) }))),
    readOthers(client, shipped)
  ])
  const namespaces = found
    .filter(({ object }) => shippedOfKind([object], 'Namespace').length > 0)
    .map(({ object, live }) => ({ name: nameOf(object), live }))
  // Without the namespace of the self-test, a request would only fail.
  const isThere = namespaces.some(
    ({ name, live }) => name === canaryNamespace && live.state === 'known' && live.value !== undefined
  )
  const selfTest = isThere ? (await probe(cluster, { users: [], groups: [] })).checks[0] : undefined

  return [
    judgeVersion(kubernetes),
    judgePolicyApi(resources),
    judgeWebhookAdmission(resources, metrics),
    judgePermissions(rights, installation),
    judgeNamespaces(namespaces, installation),
    judgeLeftovers(found, others, installation),
    judgeNetworkPath(selfTest)
  ]
}
