import type { Backend, WebhookSource } from '../../facts/webhooks.js'
import type { KubeClient } from '../../kube/client.js'
import { type Fact, known, unknown } from '../../model/fact.js'
import { isObjectName } from '../../model/object-name.js'
import { parseSubject } from '../../model/subject.js'
import { reasonOf } from '../../text/escape.js'
import { listOf, recordOf } from '../../text/record.js'
import { backendOf } from '../objects/object-webhooks.js'

/** Webhook configurations that were read from a cluster, and what stands behind their Services. */
export function buildLiveWebhooks(client: KubeClient, configurations: readonly unknown[]): WebhookSource {
  const subjects = configurations.flatMap((object) => {
    const subject = parseSubject(object, { stage: 'running' })
    return subject !== undefined && 'webhooks' in subject ? [subject] : []
  })

  return {
    readConfigurations: async () => known({ configurations: subjects, complete: true }),
    readBackend: async ({ namespace, name }, signal) => {
      if (!isObjectName(namespace) || !isObjectName(name))
        return unknown(`${namespace}/${name} is not a name that an object can have`)
      try {
        return await readBackend(client, namespace, name, signal)
      } catch (error) {
        return unknown(`service ${namespace}/${name} could not be read (${reasonOf(error)})`)
      }
    },
    readCertificate: async ({ namespace, name }, signal) => {
      if (!isObjectName(namespace) || !isObjectName(name))
        return unknown(`${namespace}/${name} is not a name that an object can have`)
      try {
        const { status } = await client.request({
          path: `/apis/cert-manager.io/v1/namespaces/${namespace}/certificates/${name}`,
          signal
        })
        if (status === 200 || status === 404) return known(status === 200)

        return unknown(
          `certificate ${namespace}/${name} could not be read (the API server answered ${status})`
        )
      } catch (error) {
        return unknown(`certificate ${namespace}/${name} could not be read (${reasonOf(error)})`)
      }
    }
  }
}

async function readBackend(
  client: KubeClient,
  namespace: string,
  name: string,
  signal: AbortSignal
): Promise<Fact<Backend>> {
  const service = await client.request({ path: `/api/v1/namespaces/${namespace}/services/${name}`, signal })
  if (service.status === 404) return known({ exists: false })
  if (service.status !== 200)
    return unknown(
      `service ${namespace}/${name} could not be read (the API server answered ${service.status})`
    )

  const slices = await client.request({
    path: `/apis/discovery.k8s.io/v1/namespaces/${namespace}/endpointslices`,
    query: { labelSelector: `kubernetes.io/service-name=${name}` },
    signal
  })

  return known(
    backendOf(
      service.body,
      slices.status === 200 ? listOf(recordOf(slices.body)['items']).some(hasReadyEndpoint) : undefined
    )
  )
}

/**
 * https://kubernetes.io/docs/concepts/services-networking/endpoint-slices/#conditions: a condition that is
 * not there counts as ready.
 */
function hasReadyEndpoint(slice: unknown): boolean {
  return listOf(recordOf(slice)['endpoints']).some(
    (endpoint) => recordOf(recordOf(endpoint)['conditions'])['ready'] !== false
  )
}
