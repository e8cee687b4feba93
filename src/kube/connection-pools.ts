import { createHash } from 'node:crypto'
import { Agent, type RequestOptions } from 'node:https'

/** Connection pools. A watch occupies a connection, so watches must not keep requests waiting. */
export interface Pools {
  readonly requests: Agent
  readonly watches: Agent
}

// More sockets would only move the queue into the API server. irsa-guard is one process with few concurrent
// requests.
const maxSockets = 10

/** The connection pools of a client. */
export interface ConnectionPools {
  /** The pools for the certificates of a request. */
  poolsFor(options: RequestOptions): Pools
  close(): void
}

/**
 * Builds the pools for the current set of certificates. The certificates are read from their files for each
 * request, so a rotation of the cluster CA replaces the pools.
 */
export function buildConnectionPools(): ConnectionPools {
  let current: { readonly identity: string; readonly pools: Pools } | undefined

  const close = (): void => {
    current?.pools.requests.destroy()
    current?.pools.watches.destroy()
    current = undefined
  }

  return {
    poolsFor: ({ ca, cert, key, rejectUnauthorized, servername }) => {
      const identity = createHash('sha256')
        .update(JSON.stringify([ca, cert, key, rejectUnauthorized].map(String)))
        .digest('hex')
      if (current?.identity === identity) return current.pools

      close()
      const settings = {
        keepAlive: true,
        ca,
        cert,
        key,
        ...(servername !== undefined && { servername }),
        ...(rejectUnauthorized !== undefined && { rejectUnauthorized })
      }
      const pools = { requests: new Agent({ ...settings, maxSockets }), watches: new Agent(settings) }
      current = { identity, pools }

      return pools
    },
    close
  }
}
