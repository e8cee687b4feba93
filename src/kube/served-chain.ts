import type { X509Certificate } from 'node:crypto'
import { isIP } from 'node:net'
import { connect, type PeerCertificate } from 'node:tls'

/** Where a TLS server is reached, and the name that it is asked for (SNI). */
export interface TlsAddress {
  readonly host: string
  readonly port: number
  readonly servername?: string
}

/**
 * Reads the certificates that a TLS server sends, leaf first, as PEM. Nothing is verified: that is the predictor's task. Rejects when there is
 * no handshake within `timeout` milliseconds.
 */
export async function readServedChain({ host, port, servername }: TlsAddress, timeout: number): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>()
  const socket = connect({
    host,
    port,
    ...(servername !== undefined && isIP(servername) === 0 && { servername }), // an address is no server name: RFC 6066, section 3
    rejectUnauthorized: false, // what is served is only looked at
    minVersion: 'TLSv1.2',
    ALPNProtocols: ['http/1.1']
  })
  socket.setTimeout(timeout, () => socket.destroy(new Error(`no TLS handshake with ${host}:${port} within ${timeout / 1000} s`)))
  socket.once('error', reject)
  socket.once('secureConnect', () => resolve(chainOf(socket.getPeerCertificate(true)).join('')))
  try {
    return await promise
  } finally {
    socket.destroy()
  }
}

/** Node links each certificate to its issuer among those sent; a self-signed one is linked to itself. */
function chainOf(leaf: PeerCertificate & { issuerCertificate?: PeerCertificate }): string[] {
  const pems: string[] = []
  const seen = new Set<string>()
  for (let certificate: typeof leaf | undefined = leaf; certificate && 'raw' in certificate && !seen.has(certificate.fingerprint256);) {
    seen.add(certificate.fingerprint256)
    pems.push(pemOf(certificate.raw))
    certificate = certificate.issuerCertificate // Node's type leaves the link of a link out
  }

  return pems
}

/** DER as PEM, 64 characters a line: RFC 7468. */
function pemOf(der: X509Certificate['raw']): string {
  const lines = der.toString('base64').match(/.{1,64}/g) ?? []

  return `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`
}
