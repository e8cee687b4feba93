import { connect, type DetailedPeerCertificate } from 'node:tls'
import { GuardError } from '../model/guard-error.js'
import { parseIp } from '../x509/ip.js'

/**
 * Asks a server for its certificates, without trusting them, and returns them as PEM, leaf first. `name` is sent as SNI. Rejects
 * with ERR_INPUT when it cannot be reached within ten seconds, the limit of an API server's handshake.
 */
export async function readServedChain(server: string, name?: string): Promise<string> {
  const [, host, port] = /^(.+):(\d{1,5})$/.exec(server) ?? []
  if (host === undefined || port === undefined)
    throw new GuardError('ERR_USAGE', `--server is ${JSON.stringify(server)}; expected HOST:PORT`)

  const bare = host.replace(/^\[(.*)\]$/, '$1')
  const servername = name ?? bare

  return new Promise((resolve, reject) => {
    const socket = connect({
      host: bare,
      port: Number(port),
      rejectUnauthorized: false, // what is served is only looked at; no data is sent
      minVersion: 'TLSv1.2',
      ...(parseIp(servername) === undefined && { servername })
    })
    const fail = (cause?: Error): void => {
      socket.destroy()
      reject(new GuardError('ERR_INPUT', `${server} shows no certificate (${cause?.message ?? 'no answer within 10 s'})`, { cause }))
    }
    socket.setTimeout(10_000, () => fail())
    socket.once('error', fail)
    socket.once('secureConnect', () => {
      const chain = chainOf(socket.getPeerCertificate(true))
      socket.destroy()
      resolve(chain.map((der) => `-----BEGIN CERTIFICATE-----\n${der.toString('base64')}\n-----END CERTIFICATE-----\n`).join(''))
    })
  })
}

/** Node links each certificate to its issuer, and a self-signed one to itself. */
function chainOf(leaf: DetailedPeerCertificate): Buffer[] {
  const chain: Buffer[] = []
  const seen = new Set<string>()
  let certificate: Partial<DetailedPeerCertificate> | undefined = leaf // partial: the last one has no issuer, whatever the types say
  while (certificate?.raw !== undefined && !seen.has(certificate.fingerprint256 ?? '')) {
    seen.add(certificate.fingerprint256 ?? '')
    chain.push(certificate.raw)
    certificate = certificate.issuerCertificate
  }

  return chain
}
