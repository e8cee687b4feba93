import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'

/**
 * Limits the connections of a server, including those whose TLS handshake has not finished. A new connection is
 * always accepted, because it might come from an API server. At the limit, the oldest connection on which no
 * review has been answered is closed. If there is none, the oldest connection is closed.
 */
export function limitConnections(server: Server, max: number): void {
  const unproved = new Set<Socket>()
  const proved = new Set<Socket>() // a review has been answered on each of these
  const byPeer = new Map<string, Socket>()
  const beneath = new WeakMap<Socket, Socket>() // the socket of a TLS connection is not the socket that was accepted

  server.on('connection', (socket: Socket) => {
    if (unproved.size + proved.size >= max) {
      const [oldest] = unproved.size > 0 ? unproved : proved
      if (oldest !== undefined) forget(oldest)
      oldest?.destroy()
    }
    const peer = peerOf(socket)
    unproved.add(socket)
    byPeer.set(peer, socket)
    socket.once('close', () => {
      forget(socket)
      if (byPeer.get(peer) === socket) byPeer.delete(peer)
    })
  })
  server.on('secureConnection', (secure: Socket) => {
    const socket = byPeer.get(peerOf(secure))
    if (socket !== undefined) beneath.set(secure, socket)
  })
  server.on('request', (request: IncomingMessage, response: ServerResponse) => {
    const socket = beneath.get(request.socket) ?? request.socket
    if (!unproved.has(socket)) return // true for nearly all requests
    response.once('finish', () => {
      if (response.statusCode === 200 && unproved.delete(socket)) proved.add(socket)
    })
  })

  function forget(socket: Socket): void {
    unproved.delete(socket)
    proved.delete(socket)
  }
}

const peerOf = ({ remoteAddress = '', remotePort = 0 }: Socket): string => `${remoteAddress} ${remotePort}`
