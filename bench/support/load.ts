import { once } from 'node:events'
import { setImmediate as turn } from 'node:timers/promises'
import { connect, type TLSSocket } from 'node:tls'

/** Clients with open connections. Both functions reject if a response is not 200. */
export interface Clients {
  /** Sends this many requests, spread over the connections, one at a time on each connection. */
  readonly send: (requests: number) => Promise<void>
  /**
   * Sends this many requests at a steady rate. Returns how long each took, in milliseconds, from the time at
   * which it was due: a request that waits for a free connection counts from then, too.
   */
  readonly sendAtRate: (requests: number, perSecond: number) => Promise<number[]>
}

/**
 * Connects clients that post one body and keep their connections open, as an API server does. They implement
 * only as much HTTP as they need, to be cheap: a client that needed more time than the server would keep the
 * server waiting, and the server's wake-ups would be measured, too. The clients never sleep while they send,
 * because a server must wake a client that sleeps, which costs a slow server more than a fast one.
 */
export async function connectClients({
  port,
  path,
  body,
  connections,
  counter
}: ClientOptions): Promise<Clients> {
  const head = [
    `POST ${path} HTTP/1.1`,
    'host: 127.0.0.1',
    'content-type: application/json',
    `content-length: ${Buffer.byteLength(body)}`
  ]
  const first = Buffer.from(`${head.join('\r\n')}\r\n\r\n${body}`)
  let count = 0
  /** The next request. */
  const next = (): Buffer => {
    if (counter === undefined) return first
    const request = Buffer.from(first)
    const text = String(count++).padStart(counter.length, '0')
    for (let at = first.indexOf(counter); at >= 0; at = first.indexOf(counter, at + 1))
      request.write(text, at)

    return request
  }
  const sockets = await Promise.all(
    Array.from({ length: connections }, async () => {
      const socket = connect({ port, host: '127.0.0.1', rejectUnauthorized: false }) // a certificate made for this run
      await once(socket, 'secureConnect')
      // every error also closes the connection, and `exchange` handles that
      return socket.setNoDelay(true).on('error', () => undefined)
    })
  )

  /** Repeats `act` on every connection while it returns true. Never sleeps meanwhile. */
  const onAll = async (act: (socket: TLSSocket) => Promise<boolean>): Promise<void> => {
    let isOver = false
    const stayAwake = (): void => {
      if (!isOver) setImmediate(stayAwake)
    }
    stayAwake()
    try {
      await Promise.all(
        sockets.map(async (socket) => {
          while (await act(socket));
        })
      )
    } finally {
      isOver = true
    }
  }

  return {
    send: async (requests) => {
      let left = requests
      await onAll(async (socket) => {
        if (left-- <= 0) return false
        await exchange(socket, next())
        return true
      })
    },
    sendAtRate: async (requests, perSecond) => {
      const milliseconds: number[] = []
      const start = performance.now()
      let sent = 0
      await onAll(async (socket) => {
        if (sent >= requests) return false
        const due = start + (sent++ * 1000) / perSecond
        while (performance.now() < due) await turn()
        await exchange(socket, next())
        milliseconds.push(performance.now() - due)
        return true
      })

      return milliseconds
    }
  }
}

export interface ClientOptions {
  readonly port: number
  readonly path: string
  readonly body: string
  readonly connections: number
  /** A text in the body that is replaced by a number of the same length, a different one in each request. */
  readonly counter?: string
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
