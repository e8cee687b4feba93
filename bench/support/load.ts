import { once } from 'node:events'
import { connect, type TLSSocket } from 'node:tls'

/**
 * Sends this many requests, spread over the connections, one at a time on each connection. Rejects if a
 * response is not 200.
 */
export type Send = (requests: number) => Promise<void>

/**
 * Connects clients that post one body and keep their connections open, as an API server does. They implement
 * only as much HTTP as they need, to be cheap: a client that needed more time than the server would keep the
 * server waiting, and the server's wake-ups would be measured, too. The clients never sleep while they send,
 * because a server must wake a client that sleeps, which costs a slow server more than a fast one.
 */
export async function connectClients({ port, path, body, connections }: ClientOptions): Promise<Send> {
  const head = [
    `POST ${path} HTTP/1.1`,
    'host: 127.0.0.1',
    'content-type: application/json',
    `content-length: ${Buffer.byteLength(body)}`
  ]
  const request = Buffer.from(`${head.join('\r\n')}\r\n\r\n${body}`)
  const sockets = await Promise.all(
    Array.from({ length: connections }, async () => {
      const socket = connect({ port, host: '127.0.0.1', rejectUnauthorized: false }) // a certificate made for this run
      await once(socket, 'secureConnect')
      // every error also closes the connection, and `exchange` handles that
      return socket.setNoDelay(true).on('error', () => undefined)
    })
  )

  return async (requests) => {
    let left = requests
    const stayAwake = (): void => {
      if (left > 0) setImmediate(stayAwake)
    }
    stayAwake()
    await Promise.all(
      sockets.map(async (socket) => {
        while (left-- > 0) await exchange(socket, request)
      })
    )
  }
}

export interface ClientOptions {
  readonly port: number
  readonly path: string
  readonly body: string
  readonly connections: number
}

function exchange(socket: TLSSocket, request: Buffer): Promise<void> {
  return new Promise((resolve, reject) => {
    let received = ''
    const settle = (error?: Error): void => {
      socket.off('data', onData).off('close', onClose)
      if (error) reject(error)
      else resolve()
    }
    const onClose = (): void => settle(new Error('the server closed the connection'))
    const onData = (chunk: Buffer): void => {
      received += chunk.toString('latin1')
      const headEnd = received.indexOf('\r\n\r\n')
      if (headEnd < 0) return
      const length = Number(/\r\ncontent-length: (\d+)/i.exec(received.slice(0, headEnd))?.[1])
      if (received.length < headEnd + 4 + length) return
      if (received.startsWith('HTTP/1.1 200 ')) settle()
      else settle(new Error(`expected HTTP 200, got ${received}`))
    }
    socket.on('data', onData).on('close', onClose)
    socket.write(request)
  })
}
