import type { IncomingMessage } from 'node:http'

/** A body whose bytes are counted. */
interface Held {
  bytes: number
  /** Refuses the body; undefined once the body has been read to its end. */
  refuse: (() => void) | undefined
}

/** The errors for a body that is not read to its end. */
export interface Refusals {
  readonly tooLarge: () => Error
  readonly overloaded: () => Error
  readonly aborted: () => Error
}

// Bodies up to this size are not counted. Nearly all reviews are smaller, and the number of connections is
// limited.
const free = 16 * 1024

/**
 * Limits the bytes of request bodies that are in memory at once, over all connections. If there are too many,
 * the largest body that is still being sent is refused. Clients with small reviews therefore do not wait for
 * clients whose reviews are large or never end.
 */
export class BodyBudget {
  readonly #limit: number
  readonly #held = new Map<IncomingMessage, Held>()
  #bytes = 0

  /** Takes the limit in bytes. */
  constructor(limit: number) {
    this.#limit = limit
  }

  /** The number of bytes that are currently counted. */
  get bytes(): number {
    return this.#bytes
  }

  /**
   * Reads a body of at most `max` bytes as text. Its bytes are counted until it is released, because a body
   * that is being judged is still in memory.
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
      if (error !== null) this.release(body) // further data is dropped, and the response closes the connection
      done(error, text)
    }
    body.on('data', (chunk: Buffer) => {
      if (isDone) return
      chunks.push(chunk)
      bytes += chunk.length
      if (bytes > max) finish(tooLarge(), '')
      else if (bytes > free) this.#count(body, bytes, () => finish(overloaded(), ''))
    })
    body.once('error', () => finish(aborted(), '')) // if a connection breaks, Node destroys its request with an error
    body.once('end', () => {
      const held = this.#held.get(body)
      if (held !== undefined) held.refuse = undefined
      const [first, second] = chunks
      finish(null, second === undefined ? (first?.toString() ?? '') : Buffer.concat(chunks).toString())
    })
  }

  /** Stops counting a body that is no longer needed. */
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
