import { Refusal } from './refusal.js'

/** Universal and context-specific tags, as their first octet: X.690, section 8.1.2. */
export const tag = {
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  null: 0x05,
  oid: 0x06,
  utf8String: 0x0c,
  sequence: 0x30,
  set: 0x31,
  numericString: 0x12,
  printableString: 0x13,
  t61String: 0x14,
  ia5String: 0x16,
  utcTime: 0x17,
  generalizedTime: 0x18,
  bmpString: 0x1e,
  context: (number: number) => 0x80 | number,
  constructed: (number: number) => 0xa0 | number
} as const

/** One element: its tag, its content, and the whole element with tag and length. */
export interface Element {
  readonly tag: number
  readonly body: Buffer
  readonly raw: Buffer
}

/**
 * Parses DER from front to back as Go does (golang.org/x/crypto/cryptobyte): tags below 31, lengths in their
 * shortest form of at most four octets. Elements are parsed only on demand, so deep nesting costs nothing.
 * node-forge's parser is not used because it accepts BER that Go rejects, parses the whole tree, and does not
 * report the position of an element. Methods throw a Refusal with the given string if the next element
 * is malformed or has a different type.
 */
export class DerReader {
  readonly #bytes: Buffer
  #at = 0

  constructor(bytes: Buffer) {
    this.#bytes = bytes
  }

  get isEmpty(): boolean {
    return this.#at >= this.#bytes.length
  }

  /** Whether the next element begins with this tag. */
  startsWith(expected: number): boolean {
    return this.#bytes[this.#at] === expected
  }

  any(refusal: string): Element {
    const bytes = this.#bytes
    const start = this.#at
    const first = bytes[start]
    const lengthOctet = bytes[start + 1]
    if (first === undefined || lengthOctet === undefined || (first & 0x1f) === 0x1f)
      throw new Refusal(refusal)

    let header = 2
    let length = lengthOctet
    if (lengthOctet & 0x80) {
      const octets = lengthOctet & 0x7f
      if (octets === 0 || octets > 4 || start + 2 + octets > bytes.length) throw new Refusal(refusal)
      length = bytes.readUIntBE(start + 2, octets)
      if (length < 128 || length < 2 ** (8 * (octets - 1))) throw new Refusal(refusal) // a shorter form exists
      header += octets
    }
    const end = start + header + length
    if (end > bytes.length) throw new Refusal(refusal)
    this.#at = end

    return { tag: first, body: bytes.subarray(start + header, end), raw: bytes.subarray(start, end) }
  }

  element(expected: number, refusal: string): Element {
    const element = this.any(refusal)
    if (element.tag !== expected) throw new Refusal(refusal)

    return element
  }

  read(expected: number, refusal: string): Buffer {
    return this.element(expected, refusal).body
  }

  /** The content of the next element if it has this tag; otherwise undefined, and nothing is consumed. */
  optional(expected: number, refusal: string): Buffer | undefined {
    return this.startsWith(expected) ? this.read(expected, refusal) : undefined
  }

  reader(expected: number, refusal: string): DerReader {
    return new DerReader(this.read(expected, refusal))
  }

  boolean(refusal: string): boolean {
    const body = this.read(tag.boolean, refusal)
    if (body.length !== 1 || (body[0] !== 0 && body[0] !== 0xff)) throw new Refusal(refusal)

    return body[0] === 0xff
  }

  /** The content of an INTEGER: at least one octet, minimally encoded, in two's complement. */
  integer(refusal: string, expected: number = tag.integer): Buffer {
    const body = this.read(expected, refusal)
    const [first, second] = body
    if (first === undefined) throw new Refusal(refusal)
    if (second !== undefined && ((first === 0 && second < 0x80) || (first === 0xff && second >= 0x80)))
      throw new Refusal(refusal)

    return body
  }

  /** An INTEGER that fits into a signed 64-bit integer. */
  int64(refusal: string, expected: number = tag.integer): bigint {
    const body = this.integer(refusal, expected)
    if (body.length > 8) throw new Refusal(refusal)

    return BigInt.asIntN(8 * body.length, bigIntOf(body))
  }

  /** An OBJECT IDENTIFIER in dotted form. Components above 2^31-1 are rejected, as in Go. */
  oid(refusal: string): string {
    const text = dottedOid(this.read(tag.oid, refusal))
    if (text === undefined) throw new Refusal(refusal)

    return text
  }

  /** A BIT STRING: its bytes, and the number of padding bits at the end, which must be zero. */
  bitString(refusal: string): { bytes: Buffer; padding: number } {
    const body = this.read(tag.bitString, refusal)
    const padding = body[0]
    if (padding === undefined || padding > 7 || (body.length === 1 && padding !== 0))
      throw new Refusal(refusal)
    if (body.length > 1 && ((body[body.length - 1] ?? 0) & ((1 << padding) - 1)) !== 0)
      throw new Refusal(refusal)

    return { bytes: body.subarray(1), padding }
  }
}

/** The unsigned value of big-endian bytes. */
export const bigIntOf = (bytes: Buffer): bigint =>
  bytes.length === 0 ? 0n : BigInt(`0x${bytes.toString('hex')}`)

/**
 * The content of an OBJECT IDENTIFIER in dotted form. Undefined if it is malformed or a component needs more
 * than 31 bits.
 */
function dottedOid(body: Buffer): string | undefined {
  if (body.length === 0) return undefined

  const components: number[] = []
  let value = 0
  let octets = 0
  for (const octet of body) {
    if (octets === 5 || value >= 2 ** 24 || (octets === 0 && octet === 0x80)) return undefined
    value = value * 128 + (octet & 0x7f)
    octets++
    if (octet & 0x80) continue

    if (components.length === 0)
      components.push(...(value < 80 ? [Math.floor(value / 40), value % 40] : [2, value - 80]))
    else components.push(value)
    value = 0
    octets = 0
  }

  return octets === 0 ? components.join('.') : undefined
}
