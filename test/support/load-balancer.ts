import { connect, createServer, type Socket } from 'node:net'
import { findFreePort } from '../control-plane/free-port.ts'

/** What a Service is to an API server: new connections go to the replicas in turn. */
export interface LoadBalancer {
  readonly port: number
  /** The ports of the replicas that get new connections. Connections of others stay until either side ends them. */
  replicas: readonly number[]
  stop(): void
}

/** Starts one on a port of the loopback address. */
export async function startLoadBalancer(replicas: readonly number[]): Promise<LoadBalancer> {
  const port = await findFreePort()
  const sockets = new Set<Socket>()
  const balancer: LoadBalancer = {
    port,
    replicas,
    stop: () => {
      server.close()
      for (const socket of sockets) socket.destroy()
    }
  }
  let turn = 0
  const server = createServer((client) => {
    const replica = balancer.replicas[turn++ % balancer.replicas.length]
    if (replica === undefined) {
      client.destroy()
      return
    }
    const upstream = connect(replica, '127.0.0.1')
    for (const [socket, other] of [
      [client, upstream],
      [upstream, client]
    ] as const) {
      sockets.add(socket)
      socket.setNoDelay(true)
      socket.pipe(other)
      socket.on('error', () => other.destroy())
      socket.once('close', () => {
        sockets.delete(socket)
        other.destroy()
      })
    }
  })
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))

  return balancer
}
