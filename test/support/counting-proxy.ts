import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'

/** A TCP proxy that counts. */
export interface CountingProxy {
  readonly port: number
  /** How many connections there are now. */
  open(): number
  /** How many there have been. */
  total(): number
  /** Ends all connections that there are, as a load balancer does that is replaced. */
  cut(): void
  close(): Promise<void>
}

/** Passes connections on to a port of the loopback address, as they are. */
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
    // One end's failure is the other's end, as without the proxy.
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
