import type { RequestOptions } from 'node:https'
import { isIP } from 'node:net'
import { connect } from 'node:tls'

type Trust = Pick<RequestOptions, 'host' | 'hostname' | 'port' | 'servername' | 'ca'>

/** OpenSSL's X509_V_ERR_CERT_SIGNATURE_FAILURE, as Node names it. */
export const signatureFailure = 'CERT_SIGNATURE_FAILURE'

/**
 * Finds the CA (PEM) that signed the certificate that a server presents, by trying each CA alone. Undefined
 * if there is only one CA, if there are too many, or if none of them signed the certificate. If CAs have no
 * subject key identifier, Node's OpenSSL takes the first CA with the issuer's name, so during a rotation it
 * may check the signature with the wrong key and reject the server. EKS clusters created with version 1.17 or
 * earlier have such CAs:
 * https://github.com/aws/containers-roadmap/issues/2638
 */
export async function findSigner(options: Trust, timeout: number): Promise<string | undefined> {
  const blocks = blocksOf(options.ca)
  if (blocks.length < 2 || blocks.length > maxCas) return undefined

  for (const block of blocks) if (await accepts(options, block, timeout)) return block

  return undefined
}

// EKS and kubeadm publish one CA, or two during a rotation.
const maxCas = 16

/** Returns the CAs with `first` moved to the front, or unchanged if it is not among them. */
export function withFirst(ca: RequestOptions['ca'], first: string | undefined): RequestOptions['ca'] {
  const blocks = first === undefined ? [] : blocksOf(ca)

  return first === undefined || !blocks.includes(first)
    ? ca
    : [first, ...blocks.filter((block) => block !== first)].join('\n')
}

/** The certificates in PEM text, each as its own block. */
const blocksOf = (ca: RequestOptions['ca']): readonly string[] =>
  [ca ?? []]
    .flat()
    .map(String)
    .join('\n')
    .match(/-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g) ?? []

/** Whether a handshake succeeds if only one CA is trusted. */
async function accepts(
  { host, hostname, port, servername }: Trust,
  ca: string,
  timeout: number
): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>()
  const name = servername ?? hostname ?? host ?? ''
  const socket = connect({
    host: hostname ?? host ?? 'localhost',
    port: Number(port ?? 443),
    ca,
    ...(isIP(name) === 0 && { servername: name }), // an IP address is not a server name: RFC 6066, section 3
    timeout
  })
  socket.once('secureConnect', () => resolve(true))
  socket.once('error', () => resolve(false))
  socket.once('timeout', () => resolve(false))
  try {
    return await promise
  } finally {
    socket.destroy()
  }
}
