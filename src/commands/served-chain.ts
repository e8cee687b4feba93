import { readServedChain } from '../kube/served-chain.js'
import { GuardError } from '../model/guard-error.js'

// The API server's own limit for a handshake: https://pkg.go.dev/net/http#Transport, TLSHandshakeTimeout of its default transport
const handshakeTimeout = 10_000

/**
 * Asks the server that a user names (`HOST:PORT`) for its certificates, PEM, leaf first. `name` is sent as SNI. Throws ERR_USAGE for a text of
 * another form, ERR_INPUT when the server shows none.
 */
export async function readChainOf(server: string, name?: string): Promise<string> {
  const [, host, port] = /^(.+):(\d{1,5})$/.exec(server) ?? []
  if (host === undefined || port === undefined)
    throw new GuardError('ERR_USAGE', `--server is ${JSON.stringify(server)}; expected HOST:PORT`)

  const bare = host.replace(/^\[(.*)\]$/, '$1')
  try {
    return await readServedChain({ host: bare, port: Number(port), servername: name ?? bare }, handshakeTimeout)
  } catch (cause) {
    throw new GuardError('ERR_INPUT', `${server} shows no certificate (${cause instanceof Error ? cause.message : String(cause)})`, {
      cause
    })
  }
}
