import { randomInt } from 'node:crypto'
import { createServer } from 'node:net'

/**
 * Finds a port of the loopback address that nobody listens on. It lies below the range from which Linux takes
 * the ports of outgoing connections (32768–60999), so that none of those is in the way when a server comes,
 * or comes back, a while later.
 */
export async function findFreePort(preferred?: number): Promise<number> {
  if (preferred !== undefined && (await isFree(preferred))) return preferred
  for (;;) {
    const port = randomInt(24_000, 32_768)
    if (await isFree(port)) return port
  }
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', () => resolve(false))
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)))
  })
}
