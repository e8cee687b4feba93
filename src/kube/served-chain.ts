import type { X509Certificate } from 'node:crypto'
import { lookup, type LookupAddress, type LookupOptions } from 'node:dns'
import { BlockList, isIP, type LookupFunction } from 'node:net'
import { connect, type PeerCertificate } from 'node:tls'

/** The address of a TLS server, and the server name to send (SNI). */
export interface TlsAddress {
  readonly host: string
  readonly port: number
  readonly servername?: string
}

/**
 * Fetches the certificates that a TLS server presents, leaf first, as PEM. The chain is not verified here;
 * `judgeTls` does that. Rejects if there is no handshake within `timeout` milliseconds. With `onlyOutside`,
 * it also rejects loopback and link-local addresses, such as the address of a cloud's metadata service. Set
 * `onlyOutside` for addresses that another user chose.
 */
export async function loadServedChain(
  { host, port, servername }: TlsAddress,
  timeout: number,
  { onlyOutside = false }: { onlyOutside?: boolean } = {}
): Promise<string> {
  if (onlyOutside && isIP(host) !== 0 && isInside(host))
    throw new Error(`${host} is a loopback or link-local address`)

  const { promise, resolve, reject } = Promise.withResolvers<string>()
  const socket = connect({
    host,
    port,
    ...(onlyOutside && { lookup: lookupOutside }),
    ...(servername !== undefined && isIP(servername) === 0 && { servername }), // an IP address is not a server name: RFC 6066, section 3
    rejectUnauthorized: false, // the chain is only read, not trusted
    minVersion: 'TLSv1.2',
    ALPNProtocols: ['http/1.1']
  })
  socket.setTimeout(timeout, () =>
    socket.destroy(new Error(`no TLS handshake with ${host}:${port} within ${timeout / 1000} s`))
  )
  socket.once('error', reject)
  socket.once('secureConnect', () => resolve(chainOf(socket.getPeerCertificate(true)).join('')))
  try {
    return await promise
  } finally {
    socket.destroy()
  }
}

// RFC 1122 (3.2.1.3), RFC 3927, RFC 4291 (2.5.2, 2.5.3, 2.5.6) and the metadata addresses of EC2. BlockList
// treats IPv4-mapped addresses as IPv4.
const inside = new BlockList()
inside.addSubnet('0.0.0.0', 8, 'ipv4')
inside.addSubnet('127.0.0.0', 8, 'ipv4')
inside.addSubnet('169.254.0.0', 16, 'ipv4')
inside.addSubnet('fe80::', 10, 'ipv6')
inside.addAddress('::', 'ipv6')
inside.addAddress('::1', 'ipv6')
inside.addAddress('fd00:ec2::254', 'ipv6')

const isInside = (address: string): boolean => inside.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4')

/** Resolves a name and drops loopback and link-local addresses. */
const lookupOutside: LookupFunction = (name, options: LookupOptions, callback) => {
  lookup(name, { ...options, all: true }, (error, addresses: LookupAddress[]) => {
    const outside = error === null ? addresses.filter(({ address }) => !isInside(address)) : []
    const [first] = outside
    if (error !== null) callback(error, [])
    else if (first === undefined)
      callback(new Error(`${name} resolves only to loopback or link-local addresses`), [])
    else if (options.all === true) callback(null, outside)
    else callback(null, first.address, first.family)
  })
}

/**
 * The served certificates, leaf first. Node links each certificate to its issuer, if the server sent it, and a
 * self-signed certificate to itself.
 */
function chainOf(leaf: PeerCertificate & { issuerCertificate?: PeerCertificate }): string[] {
  const pems: string[] = []
  const seen = new Set<string>()
  for (
    let certificate: typeof leaf | undefined = leaf;
    certificate && 'raw' in certificate && !seen.has(certificate.fingerprint256);
  ) {
    seen.add(certificate.fingerprint256)
    pems.push(pemOf(certificate.raw))
    certificate = certificate.issuerCertificate // Node's type has no such link for an issuer
  }

  return pems
}

/** Formats DER as PEM, with 64 characters per line: RFC 7468. */
function pemOf(der: X509Certificate['raw']): string {
  const lines = der.toString('base64').match(/.{1,64}/g) ?? []

  return `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`
}
