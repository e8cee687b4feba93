import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { Agent, createServer, request as sendRequest } from 'node:https'
import type { Socket } from 'node:net'
import { buffer } from 'node:stream/consumers'
import type { ControlPlane } from '../control-plane/start.ts'

/** What the proxy does with a request: a status is answered in place of the API server. */
export type ApiServerFault =
  /** The connection is reset. */
  | 'gone'
  /** The request waits until there is another fault, or none. */
  | 'slow'
  /** The answer is the page of a proxy that asks for a password. */
  | 'garbage'
  /** The connection ends in the middle of the API server's answer. */
  | 'truncated'
  /** Each watch ends with the error that its version is too old; the rest is answered. */
  | 'expired'
  | 401
  | 410
  | 429
  | 500

/** A proxy in front of the API server that ends TLS and can answer in its place. */
export interface FaultProxy {
  readonly port: number
  /** What is done with each new request; undefined passes it on. */
  fault: ApiServerFault | undefined
  /** The paths of the requests that met the fault since it was set. */
  readonly met: () => readonly string[]
  /** The paths of the watches that the API server answers. */
  readonly watches: () => readonly string[]
  /** The number of open connections. */
  readonly open: () => number
  /** Resets all connections, those of the watches too. */
  cut(): void
  close(): Promise<void>
}

/** Starts the proxy with a certificate of the cluster's CA. The caller's bearer token is passed on. */
export async function startFaultProxy({ clusterCa, url, caFile }: ControlPlane): Promise<FaultProxy> {
  const { certPem, keyPem } = await clusterCa.newServingCert('127.0.0.1', 'kubernetes.default.svc')
  const agent = new Agent({ ca: readFileSync(caFile), keepAlive: true })
  const sockets = new Set<Socket>()
  let fault: ApiServerFault | undefined
  let met: string[] = []
  const watches = new Map<ServerResponse, string>()
  let changed = Promise.withResolvers<undefined>()

  const server = createServer({ cert: certPem, key: keyPem }, (incoming, response) => {
    incoming.on('error', () => undefined) // the client has gone
    response.on('error', () => undefined)
    void answer(incoming, response).catch(() => incoming.socket.destroy())
  })
  server.on('connection', (socket: Socket) => {
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket)).on('error', () => undefined)
  })

  async function answer(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await buffer(incoming)
    const path = incoming.url ?? '/'
    const isWatch = path.includes('watch=true')
    const present = fault === 'expired' && !isWatch ? undefined : fault
    if (present !== undefined) met.push(`${incoming.method ?? ''} ${path}`)
    if (present === 'slow') await changed.promise
    else if (present === 'gone') return void incoming.socket.destroy()
    else if (present === 'garbage')
      return void response.writeHead(200, { 'content-type': 'text/html' }).end('<html>Please log in</html>')
    else if (present === 'expired')
      return void response
        .writeHead(200, { 'content-type': 'application/json' })
        .end(`${JSON.stringify({ type: 'ERROR', object: statusOf(410) })}\n`)
    else if (typeof present === 'number')
      return void response
        .writeHead(present, {
          'content-type': 'application/json',
          ...(present === 429 && { 'retry-after': '1' })
        })
        .end(JSON.stringify(statusOf(present)))
    pass({ incoming, response, body, isTruncated: present === 'truncated' })
  }

  function pass({
    incoming,
    response,
    body,
    isTruncated
  }: {
    incoming: IncomingMessage
    response: ServerResponse
    body: Buffer
    isTruncated: boolean
  }): void {
    const { method = 'GET', headers, url: path = '/' } = incoming
    const sent = sendRequest(new URL(path, url), { method, headers, agent }, (reply) => {
      response.writeHead(reply.statusCode ?? 0, reply.headers)
      if (path.includes('watch=true')) watches.set(response, path)
      if (!isTruncated) return void reply.pipe(response)
      reply.once('data', (piece: Buffer) => {
        response.write(piece.subarray(0, piece.length / 2), () => incoming.socket.destroy())
        reply.destroy()
      })
      reply.once('end', () => incoming.socket.destroy())
    })
    sent.on('error', () => incoming.socket.destroy())
    response.once('close', () => {
      watches.delete(response)
      sent.destroy()
    })
    sent.end(body)
  }

  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as { port: number } // it listens on TCP
  const cut = (): void => {
    for (const socket of sockets) socket.destroy()
  }

  return {
    port,
    get fault() {
      return fault
    },
    set fault(next) {
      fault = next
      met = []
      changed.resolve(undefined)
      changed = Promise.withResolvers()
    },
    met: () => met,
    watches: () => [...watches.values()],
    open: () => sockets.size,
    cut,
    close: async () => {
      changed.resolve(undefined)
      server.close()
      cut()
      await once(server, 'close')
      agent.destroy()
    }
  }
}

const statusOf = (code: number): object => ({
  kind: 'Status',
  apiVersion: 'v1',
  status: 'Failure',
  message: 'a fault of the test',
  code
})
