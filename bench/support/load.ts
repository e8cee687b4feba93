import { once } from 'node:events'
import { connect, type TLSSocket } from 'node:tls'

/**
 * Sends so many requests, spread over the connections, one after the other on each. Throws when one is not
 * answered with 200.
 */
export type Send = (requests: number) => Promise<void>

/**
 * Connects clients that post one body and keep their connections, as an API server does. They speak just
 * enough HTTP to be cheap: a client that needs more time than the server would leave the server waiting, and
 * its wake-ups would be measured. And they never sleep while they send, for whoever answers a client that
 * sleeps has to wake it, which costs a slower server more than a quick one.
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
      // what goes wrong closes the connection, and that is what an exchange looks at
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
