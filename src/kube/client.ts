import type { IncomingMessage } from 'node:http'
import { request as sendRequest, type RequestOptions } from 'node:https'
import { isIPv6 } from 'node:net'
import { createInterface } from 'node:readline'
import type { KubeConfig } from '@kubernetes/client-node'
import type { ClusterArn } from '../model/cluster-arn.js'
import { addressOfUrl } from '../text/url-address.js'
import { buildConnectionPools } from './connection-pools.js'
import { type Credentials, readCredentials } from './credentials.js'
import { Distrust, isDistrust } from './distrust.js'
import { eksClusterOf } from './eks-cluster.js'
import { type KubeResponse, readResponse } from './response.js'
import { findSigner, signatureFailure, withFirst } from './signer-first.js'

/**
 * The DNS name that every API server's certificate contains. The certificate need not contain the address of
 * an endpoint; on EKS, that is the address of a network interface in the cluster's VPC.
 * https://kubernetes.io/docs/setup/best-practices/certificates/
 */
export const apiServerName = 'kubernetes.default.svc'

// https://kubernetes.io/docs/tasks/run-application/access-api-from-pod/
const podCaFile = '/var/run/secrets/kubernetes.io/serviceaccount/ca.crt'

/** One request to the API server. `path` begins with a slash; `body` is sent as JSON. */
export interface KubeRequest {
  readonly method?: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  readonly path: string
  readonly query?: Readonly<Record<string, string | number | boolean>>
  readonly body?: unknown
  /** The content type of a PATCH, such as `application/merge-patch+json`. */
  readonly contentType?: string
  readonly accept?: string
  readonly signal?: AbortSignal
}

/**
 * A connection to one API server. `request` throws only if there is no response; every HTTP status counts as
 * a response.
 */
export interface KubeClient {
  readonly server: string
  /** The namespace that kubectl would use: that of the kubeconfig's context, or `default` if it has none. */
  readonly namespace: string
  /** The EKS cluster, if the kubeconfig names it unambiguously. */
  readonly clusterArn?: ClusterArn | undefined
  request(request: KubeRequest): Promise<KubeResponse>
  /**
   * Opens a watch and yields its lines as they arrive. If the status is not 200, returns the response
   * instead.
   */
  watch(request: KubeRequest): Promise<{ lines: AsyncIterable<string> } | KubeResponse>
  /**
   * Returns a client for the same cluster and credentials that connects to the address of one of its API
   * servers.
   */
  at(address: { host: string; port: number }): KubeClient
  /**
   * Returns the CAs (PEM) with which the API server is verified. `cas` is undefined if the system's roots are
   * used or nothing is verified.
   */
  readTrust(): Promise<{
    readonly cas: string | undefined
    /** Whether the CAs come from the file that the kubelet mounts into pods. */
    readonly isMounted: boolean
  }>
  /** The bearer token in use, if any. */
  readToken(): Promise<string | undefined>
  close(): void
}

const requestTimeout = 10_000
const handshakeTimeout = 5000

/**
 * Builds a client from a kubeconfig. The kubeconfig provides credentials and certificates (token files, exec
 * plugins), and node:https sends the requests. client-node's own clients open a connection for each call
 * (kubernetes-client/javascript#2893).
 */
export function buildKubeClient(config: KubeConfig, address?: { host: string; port: number }): KubeClient {
  const cluster = config.getCurrentCluster()
  if (cluster === null) throw new Error('the kubeconfig has no current cluster')

  if (!URL.canParse(cluster.server))
    throw new Error(
      `its server is ${JSON.stringify(cluster.server)}; expected a URL such as https://HOST:6443`
    )
  const server = new URL(cluster.server)
  if (server.protocol !== 'https:')
    throw new Error(
      `its server is ${cluster.server}; expected an https URL, because credentials are sent only over TLS`
    )

  const shown = address
    ? new URL(`https://${isIPv6(address.host) ? `[${address.host}]` : address.host}:${address.port}`)
    : server
  const pools = buildConnectionPools()
  /** The CA to put first, if OpenSSL rejected the API server with the CAs in the kubeconfig's order. */
  let signer: string | undefined

  async function credentials(): Promise<Credentials> {
    const read = await readCredentials(config)

    return { ...read, ...(read.ca !== undefined && { ca: withFirst(read.ca, signer) }) }
  }

  async function optionsOf(
    { method = 'GET', path, query = {}, contentType, accept }: KubeRequest,
    isWatch: boolean
  ): Promise<RequestOptions> {
    const options = await credentials()
    const search = new URLSearchParams(
      Object.entries(query).map(([key, value]): [string, string] => [key, String(value)])
    ).toString()

    return {
      ...options,
      method,
      protocol: server.protocol,
      ...(address ?? addressOfUrl(server)),
      path: `${server.pathname.replace(/\/$/, '')}${path}${search === '' ? '' : `?${search}`}`,
      ...(address && { servername: apiServerName }),
      headers: {
        ...options.headers,
        accept: accept ?? 'application/json',
        'user-agent': 'irsa-guard',
        ...(contentType !== undefined && { 'content-type': contentType })
      },
      ...(cluster?.proxyUrl === undefined && {
        agent: pools.poolsFor(options)[isWatch ? 'watches' : 'requests']
      })
    }
  }

  /**
   * Sends a request. If the API server is rejected although one of the CAs signed its certificate, tries once
   * more with that CA first. This is safe: the handshake failed before the request was sent.
   */
  async function send(request: KubeRequest, idleTimeout: number | undefined): Promise<IncomingMessage> {
    try {
      return await sendOnce(request, idleTimeout)
    } catch (error) {
      if (!(error instanceof Distrust) || error.code !== signatureFailure || cluster?.proxyUrl !== undefined)
        throw error
      const found = await findSigner(await optionsOf(request, false), handshakeTimeout)
      if (found === undefined || found === signer) throw error
      signer = found
    }

    return sendOnce(request, idleTimeout)
  }

  async function sendOnce(request: KubeRequest, idleTimeout: number | undefined): Promise<IncomingMessage> {
    const contentType = request.body === undefined ? undefined : (request.contentType ?? 'application/json')
    const options = await optionsOf(
      { ...request, ...(contentType !== undefined && { contentType }) },
      idleTimeout === undefined
    )
    request.signal?.throwIfAborted()

    return new Promise((resolve, reject) => {
      // The timeout is passed as an option, because `setTimeout` starts counting only once a connection is
      // open. If the host is gone, no connection ever opens.
      const timeout = idleTimeout === undefined ? {} : { timeout: idleTimeout }
      const sent = sendRequest(
        { ...options, ...timeout, ...(request.signal && { signal: request.signal }) },
        resolve
      )
      sent.on('socket', (socket) => socket.setKeepAlive(true, 30_000))
      if (idleTimeout !== undefined) {
        sent.on('timeout', () =>
          sent.destroy(new Error(`no answer from ${shown.host} within ${idleTimeout / 1000} s`))
        )
      }
      sent.on('error', (error) => reject(isDistrust(error) ? new Distrust(error.code, error) : error))
      sent.end(request.body === undefined ? undefined : JSON.stringify(request.body))
    })
  }

  return {
    server: address ? shown.origin : cluster.server,
    namespace: config.getContextObject(config.getCurrentContext())?.namespace ?? 'default',
    clusterArn: eksClusterOf(config),
    request: async (request) => readResponse(await send(request, requestTimeout)),
    watch: async (request) => {
      const response = await send(request, undefined)
      if (response.statusCode !== 200) return readResponse(response)

      return { lines: createInterface({ input: response, crlfDelay: Infinity }) }
    },
    at: (other) => buildKubeClient(config, other),
    readTrust: async () => {
      const { ca, rejectUnauthorized } = await credentials()

      return {
        cas:
          rejectUnauthorized === false || ca === undefined ? undefined : [ca].flat().map(String).join('\n'),
        isMounted: cluster.caFile === podCaFile
      }
    },
    readToken: async () => {
      const header: unknown = (await credentials()).headers['Authorization']

      return typeof header === 'string' ? /^Bearer (.+)$/.exec(header)?.[1] : undefined
    },
    close: () => pools.close()
  }
}
