import { loadServedChain } from '../../kube/served-chain.js'
import { GuardError } from '../../model/guard-error.js'

// The API server's own limit for a handshake: https://pkg.go.dev/net/http#Transport, TLSHandshakeTimeout of
// the default transport
const handshakeTimeout = 10_000

/**
 * Fetches the certificates (PEM, leaf first) of the server that a user names (`HOST:PORT`). `name` is sent as
 * SNI. Throws ERR_USAGE if `server` does not have this form, and ERR_INPUT if the server presents no
 * certificates.
 */
export async function loadChainOf(server: string, name?: string): Promise<string> {
  const [, host, port] = /^(\[[^\]]+\]|[^/\s]+):(\d{1,5})$/.exec(server) ?? []
  if (host === undefined || port === undefined || Number(port) > 65_535)
    throw new GuardError('ERR_USAGE', `--server is ${JSON.stringify(server)}; expected HOST:PORT`)

  const bare = host.replace(/^\[(.*)\]$/, '$1')
  try {
    return await loadServedChain(
      { host: bare, port: Number(port), servername: name ?? bare },
      handshakeTimeout
    )
  } catch (cause) {
    throw new GuardError('ERR_INPUT', `${server} presented no certificate (${reasonOf(cause)})`, { cause })
  }
}

// OpenSSL's own messages contain names of its source files. These messages replace them, keyed by Node's error
// code:
// https://nodejs.org/api/errors.html#openssl-error-codes
const reasons = new Map([
  ['ERR_SSL_WRONG_VERSION_NUMBER', 'it does not speak TLS'],
  [
    'ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION',
    'it does not support TLS 1.2 or newer, which the API server requires'
  ],
  ['ERR_SSL_UNSUPPORTED_PROTOCOL', 'it does not support TLS 1.2 or newer, which the API server requires']
])

function reasonOf(cause: unknown): string {
  if (!(cause instanceof Error)) return String(cause)
  const known = 'code' in cause ? reasons.get(String(cause.code)) : undefined

  return known ?? ('reason' in cause && typeof cause.reason === 'string' ? cause.reason : cause.message)
}
