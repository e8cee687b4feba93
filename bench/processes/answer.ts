import type { Server } from 'node:net'

/** An AdmissionReview that allows the request in `body`. */
export function reviewOf(body: unknown): object {
  const { apiVersion, request } = body as { apiVersion: string; request: { uid: string } } // only the benchmark itself sends requests

  return { apiVersion, kind: 'AdmissionReview', response: { uid: request.uid, allowed: true } }
}

/** The port that a server listens on. */
export function portOf(server: Pick<Server, 'address'>): number {
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('the server does not listen on a port')

  return address.port
}
