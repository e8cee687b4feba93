import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'

/** A TCP proxy that counts its connections. */
export interface CountingProxy {
  readonly port: number
  /** The number of open connections. */
  open(): number
  /** The number of all connections so far. */
  total(): number
  /** Closes all open connections, like a load balancer that is being replaced. */
  cut(): void
  close(): Promise<void>
}

/** Forwards connections unchanged to a port of the loopback address. */
export async function startCountingProxy(target: number): Promise<CountingProxy> {
  const open = new Set<Socket>()
  let total = 0
  const server = createServer((near) => {
    const far = connect(target, '127.0.0.1')
    open.add(near)
    total++
    const end = (): void => {
      open.delete(near)
      near.destroy()
      far.destroy()
    }
    // If one side fails or closes, the other is closed, too, as without a proxy.
    for (const socket of [near, far]) socket.on('error', end).on('close', end)
    near.pipe(far).pipe(near)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as { port: number } // it listens on TCP
  const cut = (): void => {
    for (const socket of open) socket.destroy()
  }

  return {
    port,
    open: () => open.size,
    total: () => total,
    cut,
    close: async () => {
      server.close()
      cut()
      await once(server, 'close')
    }
  }
}
