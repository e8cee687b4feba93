import type { FastifyInstance } from 'fastify'
import { GuardError } from '../model/guard-error.js'

/**
 * Listens on all addresses, IPv6 too where the machine has it (EKS clusters may have IPv6 pods only). Throws
 * ERR_CONFIG for a port in use.
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

/** The port that it listens on, which for port 0 only the system knows. */
export function portOf(app: FastifyInstance): number {
  const address = app.server.address()

  return typeof address === 'object' && address !== null ? address.port : 0
}
