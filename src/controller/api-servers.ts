import type { KubeClient } from '../kube/client.js'
import { isRecord } from '../model/subject.js'

/** One API server: its address as a label for metrics, and a client for it. */
export interface ApiServer {
  readonly address: string
  readonly host: string
  readonly port: number
  readonly client: KubeClient
}

/**
 * Every API server of the cluster, by the endpoints of the Service `default/kubernetes`: each has its own identity webhook beside it. A cluster
 * that publishes none is asked at the one address that we know. Throws when the API server does not answer.
 */
export async function readApiServers(client: KubeClient): Promise<readonly ApiServer[]> {
  const { status, body } = await client.request({
    path: '/apis/discovery.k8s.io/v1/namespaces/default/endpointslices',
    query: { labelSelector: 'kubernetes.io/service-name=kubernetes' }
  })
  if (status !== 200) throw new Error(`the endpoints of default/kubernetes were not read: the API server answered ${status}`)

  const slices = isRecord(body) && Array.isArray(body['items']) ? body['items'].filter(isRecord) : []
  const found = slices.flatMap((slice) => {
    const [port] = (Array.isArray(slice['ports']) ? slice['ports'] : []).filter(isRecord).map((one) => one['port'])
    const endpoints = (Array.isArray(slice['endpoints']) ? slice['endpoints'] : []).filter(isRecord)

    return endpoints
      .flatMap(({ addresses }) => (Array.isArray(addresses) ? (addresses as unknown[]) : []))
      .filter((host) => typeof host === 'string')
      .map((host) => ({ host, port: typeof port === 'number' ? port : 443 }))
  })
  if (found.length === 0) {
    const { hostname, port, host } = new URL(client.server)
    return [{ address: host, host: hostname.replace(/^\[|\]$/g, ''), port: Number(port === '' ? 443 : port), client }]
  }

  return found.map(({ host, port }) => ({
    address: `${host.includes(':') ? `[${host}]` : host}:${port}`,
    host,
    port,
    client: client.at({ host, port })
  }))
}
