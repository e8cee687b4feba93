import type { KubeClient } from '../kube/client.js'
import { listObjects, loadValue } from '../kube/read.js'
import { isRecord } from '../text/record.js'
import { addressOfUrl } from '../text/url-address.js'

/** One API server: its address as a label for metrics, and a client for it. */
export interface ApiServer {
  readonly address: string
  readonly host: string
  readonly port: number
  readonly client: KubeClient
}

/** The API servers of a cluster. */
export interface ApiServers {
  /**
   * Reads the current API servers. An API server that was already known keeps its client. Rejects if the
   * endpoints cannot be read.
   */
  read(): Promise<readonly ApiServer[]>
  /** The API servers from the last successful read; empty before the first one. */
  known(): readonly ApiServer[]
  close(): void
}

/**
 * Finds every API server of the cluster through the endpoints of the Service `default/kubernetes`, because each
 * can have its own identity webhook. If there are no endpoints, the address of the given client is used. A
 * client is kept as long as its address is among the endpoints. A new client in each round would leave
 * connections open until the API server closes them.
 */
export function buildApiServers(client: KubeClient): ApiServers {
  let known: readonly ApiServer[] = []

  return {
    known: () => known,
    async read() {
      const endpoints = await loadEndpoints(client)
      const found = endpoints.map(
        ({ address, host, port }) =>
          known.find((server) => server.address === address) ?? {
            address,
            host,
            port,
            client: client.at({ host, port })
          }
      )
      closeOthers(found.length === 0 ? [onlyServerOf(client)] : found)

      return known
    },
    close: () => closeOthers([])
  }

  function closeOthers(kept: readonly ApiServer[]): void {
    for (const server of known) if (server.client !== client && !kept.includes(server)) server.client.close()
    known = kept
  }
}

async function loadEndpoints(client: KubeClient): Promise<readonly Omit<ApiServer, 'client'>[]> {
  const slices = loadValue(
    await listObjects(client, '/apis/discovery.k8s.io/v1/namespaces/default/endpointslices', {
      name: 'the endpoints of default/kubernetes',
      query: { labelSelector: 'kubernetes.io/service-name=kubernetes' }
    })
  )
  const found = slices.flatMap((slice) => {
    const [port] = (Array.isArray(slice['ports']) ? slice['ports'] : [])
      .filter(isRecord)
      .map((one) => one['port'])
    const endpoints = (Array.isArray(slice['endpoints']) ? slice['endpoints'] : []).filter(isRecord)

    return endpoints
      .flatMap(({ addresses }) => (Array.isArray(addresses) ? (addresses as unknown[]) : []))
      .filter((host) => typeof host === 'string')
      .map((host) => endpointOf(host, typeof port === 'number' ? port : 443))
  })

  // An endpoint can be in two slices while it moves between them:
  // https://kubernetes.io/docs/concepts/services-networking/endpoint-slices/#duplicate-endpoints
  return [...new Map(found.map((endpoint) => [endpoint.address, endpoint])).values()]
}

const endpointOf = (host: string, port: number): Omit<ApiServer, 'client'> => ({
  address: `${host.includes(':') ? `[${host}]` : host}:${port}`,
  host,
  port
})

function onlyServerOf(client: KubeClient): ApiServer {
  return { address: new URL(client.server).host, ...addressOfUrl(client.server), client }
}
