import type { AccountSource, ClusterSource } from '../../facts/facts.js'
import type { Backend, WebhooksInSight, WebhookSource } from '../../facts/webhooks.js'
import type { KubeClient } from '../../kube/client.js'
import { type KubeObject, listObjects, readObject } from '../../kube/read.js'
import { withDeadline } from '../../model/deadline.js'
import { type Fact, known, unknown } from '../../model/fact.js'
import { parseNamespaceSettings } from '../../model/namespace.js'
import { isObjectName } from '../../model/object-name.js'
import { type AccountLookup, accountOf } from '../../model/service-account.js'
import { parseSubject } from '../../model/subject.js'
import { serviceKeyOf } from '../../model/webhook-configuration.js'
import { quote } from '../../text/escape.js'
import { listOf, recordOf } from '../../text/record.js'
import { backendOf } from '../objects/object-webhooks.js'
import { buildIssuerReader } from './cluster-issuer.js'

/** Facts about a live cluster for a command-line run. Each object is read once, when it is needed. */
export interface ClusterOnDemand extends ClusterSource, AccountSource, WebhookSource {}

/**
 * Builds a source that reads a cluster with the user's own permissions. A fact is unknown if the user is not
 * permitted to read the object, or if the API server does not answer.
 */
export function buildClusterOnDemand(client: KubeClient): ClusterOnDemand {
  let configurations: Promise<Fact<WebhooksInSight>> | undefined
  const objects = new Map<string, Promise<Fact<KubeObject | undefined>>>()
  const once = <T>(
    path: string,
    keep: (object: KubeObject | undefined) => T,
    signal: AbortSignal
  ): Promise<Fact<T>> => {
    const reading = objects.get(path) ?? readObject(client, path)
    objects.set(path, reading)
    const kept = reading.then((fact) =>
      fact.state === 'known' ? known(keep(fact.value)) : unknown(fact.because)
    )

    return withDeadline(signal, kept, `${path} was not read in time`)
  }
  const inNamespace = (
    namespace: string,
    rest: string,
    name: string,
    prefix = '/api/v1'
  ): string | undefined =>
    isObjectName(namespace) && isObjectName(name)
      ? `${prefix}/namespaces/${namespace}/${rest}/${name}`
      : undefined
  const unnameable = (namespace: string, name: string): Fact<never> =>
    unknown(`the namespace or name of ${namespace}/${name} is not valid`)

  return {
    readIssuer: buildIssuerReader(client),

    // A namespace that does not exist yet will start without any settings.
    readNamespace: async (name, { signal }) =>
      isObjectName(name)
        ? once(`/api/v1/namespaces/${name}`, parseNamespaceSettings, signal)
        : unknown(`${quote(name)} is not a valid namespace name`),

    readAccount: async (namespace, name, { signal }) => {
      const path = inNamespace(namespace, 'serviceaccounts', name)
      if (path === undefined) return unnameable(namespace, name)

      return once(
        path,
        (object): AccountLookup => (object === undefined ? { exists: false } : accountOf(object)),
        signal
      )
    },

    readConfigurations: (signal) => {
      configurations ??= listObjects(
        client,
        '/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations'
      ).then((list) => (list.state === 'known' ? known(allInSight(list.value)) : unknown(list.because)))

      return withDeadline(signal, configurations, 'the mutatingwebhookconfigurations were not read in time')
    },

    readBackend: async (service, signal) => {
      const { namespace, name } = service
      const path = inNamespace(namespace, 'services', name)
      if (path === undefined)
        return unknown(`the namespace or name of service ${serviceKeyOf(service)} is not valid`)

      const found = await once(path, (object) => object, signal)
      if (found.state !== 'known') return found
      if (found.value === undefined) return known<Backend>({ exists: false })

      const slices = `/apis/discovery.k8s.io/v1/namespaces/${namespace}/endpointslices?labelSelector=kubernetes.io%2Fservice-name%3D${name}`
      const ready = await once(slices, (list) => listOf(list?.['items']).some(hasReadyEndpoint), signal)
      return known(backendOf(found.value, ready.state === 'known' ? ready.value : undefined))
    },

    readCertificate: async ({ namespace, name }, signal) => {
      const path = inNamespace(namespace, 'certificates', name, '/apis/cert-manager.io/v1')

      return path === undefined
        ? unnameable(namespace, name)
        : once(path, (object) => object !== undefined, signal)
    }
  }
}

/** All webhook configurations in a cluster. */
export const allInSight = (configurations: readonly unknown[]): WebhooksInSight => ({
  complete: true,
  configurations: configurations.flatMap((object) => {
    const subject = parseSubject(object, { stage: 'running' })
    return subject !== undefined && 'webhooks' in subject ? [subject] : []
  })
})

/**
 * Whether a slice has a ready endpoint. An endpoint without this condition counts as ready:
 * https://kubernetes.io/docs/concepts/services-networking/endpoint-slices/#conditions
 */
const hasReadyEndpoint = (slice: unknown): boolean =>
  listOf(recordOf(slice)['endpoints']).some(
    (endpoint) => recordOf(recordOf(endpoint)['conditions'])['ready'] !== false
  )
