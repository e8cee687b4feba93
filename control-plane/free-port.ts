import { createServer } from 'node:net'

/** Finds a port of the loopback address that nobody listens on. Another process may take it before the caller does. */
export async function findFreePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(0, '127.0.0.1', resolve))
  const address = server.address()
  await new Promise((resolve) => server.close(resolve))
  if (address === null || typeof address === 'string') throw new Error('a TCP server has no port') // only pipes have none

  return address.port
}
