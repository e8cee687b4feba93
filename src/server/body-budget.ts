import type { IncomingMessage } from 'node:http'

/** A body whose bytes count. */
interface Held {
  bytes: number
  /** Undefined once it has been read to its end. */
  refuse: (() => void) | undefined
}

/** What becomes of a body that is not read to its end. */
export interface Refusals {
  readonly tooLarge: () => Error
  readonly overloaded: () => Error
  readonly aborted: () => Error
}

// So many bytes of each body do not count: nearly all reviews are smaller, and connections are few.
const free = 16 * 1024

/**
 * Bounds the bytes of request bodies that are in memory at once, over all connections. Where there are too
 * many, the largest body that is still being sent is refused: clients with small reviews do not wait for
 * clients that send large ones, or never end them.
 */
export class BodyBudget {
  readonly #limit: number
  readonly #held = new Map<IncomingMessage, Held>()
  #bytes = 0

  /** `limit` in bytes. */
  constructor(limit: number) {
    this.#limit = limit
  }

  /** The bytes that count now. */
  get bytes(): number {
    return this.#bytes
  }

  /**
   * Reads a body of at most `max` bytes as text. Its bytes count until it is released: what is judged is
   * still in memory.
   */
  read(
    body: IncomingMessage,
    max: number,
    { tooLarge, overloaded, aborted }: Refusals,
    done: (error: Error | null, text: string) => void
  ): void {
    const chunks: Buffer[] = []
    let bytes = 0
    let isDone = false

    const finish = (error: Error | null, text: string): void => {
      if (isDone) return
      isDone = true
      chunks.length = 0
      if (error !== null) this.release(body) // what still comes is dropped, and the answer closes the connection
      done(error, text)
    }
    body.on('data', (chunk: Buffer) => {
      if (isDone) return
      chunks.push(chunk)
      bytes += chunk.length
      if (bytes > max) finish(tooLarge(), '')
      else if (bytes > free) this.#count(body, bytes, () => finish(overloaded(), ''))
    })
    body.once('error', () => finish(aborted(), '')) // Node destroys the request of a connection that breaks off with an error
    body.once('end', () => {
      const held = this.#held.get(body)
      if (held !== undefined) held.refuse = undefined
      const [first, second] = chunks
      finish(null, second === undefined ? (first?.toString() ?? '') : Buffer.concat(chunks).toString())
    })
  }

  /** The body is needed no more. */
  release(body: IncomingMessage): void {
    const held = this.#held.get(body)
    if (held === undefined) return
    this.#held.delete(body)
    this.#bytes -= held.bytes
  }

  #count(body: IncomingMessage, bytes: number, refuse: () => void): void {
    const held = this.#held.get(body) ?? { bytes: 0, refuse }
    this.#bytes += bytes - held.bytes
    held.bytes = bytes
    this.#held.set(body, held)
    if (this.#bytes > this.#limit) this.#refuseLargest()
  }

  #refuseLargest(): void {
    let largest: Held | undefined
    for (const held of this.#held.values()) {
      if (held.refuse !== undefined && (largest === undefined || held.bytes > largest.bytes)) largest = held
    }
    largest?.refuse?.()
  }
}
