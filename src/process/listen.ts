import type { FastifyInstance } from 'fastify'
import { GuardError } from '../model/guard-error.js'

/**
 * Listens on all addresses, including IPv6 if the machine has it (an EKS cluster may have only IPv6 pods).
 * Throws ERR_CONFIG if the port is in use.
 */
export async function listen(app: FastifyInstance, port: number): Promise<void> {
  try {
    await app.listen({ port, host: '::' })
  } catch (error) {
    if (!(error instanceof Error && 'code' in error)) throw error
    if (error.code === 'EADDRINUSE')
      throw new GuardError('ERR_CONFIG', `port ${port} is already in use`, { cause: error })
    if (error.code !== 'EAFNOSUPPORT' && error.code !== 'EADDRNOTAVAIL') throw error
    await app.listen({ port, host: '0.0.0.0' })
  }
}

/** The port that the server listens on. For port 0, the system chooses one. */
export function portOf(app: FastifyInstance): number {
  const address = app.server.address()

  return typeof address === 'object' && address !== null ? address.port : 0
}
