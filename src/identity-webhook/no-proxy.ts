import { isIP } from 'node:net'

/**
 * Whether the value of `NO_PROXY` lists an address, so that a client connects to it directly. Clients
 * understand different forms, and a form counts if any client understands it: the address (also with brackets
 * or a port), `*`, a prefix with `*`, or a CIDR.
 */
export function isProxyBypassed(noProxy: string, address: string): boolean {
  const wanted = address.replace(/^\[|\]$/g, '')
  const bytes = bytesOf(wanted)

  return noProxy
    .split(/[\s,;|]+/)
    .some((entry) =>
      entry.endsWith('*')
        ? wanted.startsWith(entry.slice(0, -1))
        : bytes !== undefined && covers(entry, bytes)
    )
}

function covers(entry: string, bytes: readonly number[]): boolean {
  if (entry.length > 64) return false // longer than any address
  const host = /^\[(.*)\](?::\d+)?$/.exec(entry)?.[1] ?? entry.replace(/^([\d.]+):\d+$/, '$1')
  const [prefix = '', length = String(8 * bytes.length), ...more] = host.split('/')
  const network = bytesOf(prefix)
  if (network?.length !== bytes.length || more.length > 0 || !/^\d{1,3}$/.test(length)) return false
  const bits = Number(length)

  return (
    bits <= 8 * bytes.length &&
    bytes.every((byte, index) => {
      const unused = 8 - Math.min(8, Math.max(0, bits - 8 * index))
      return byte >> unused === (network[index] ?? 0) >> unused
    })
  )
}

/** The 4 or 16 bytes of an IP address; undefined for any other string. */
function bytesOf(text: string): readonly number[] | undefined {
  const family = isIP(text)
  if (family === 4) return text.split('.').map(Number)
  if (family !== 6 || /[.%]/.test(text)) return undefined // the agent's address is never written like this

  const [head = [], tail] = text.split('::').map((half) => (half === '' ? [] : half.split(':')))
  const zeros = tail === undefined ? [] : new Array<string>(8 - head.length - tail.length).fill('0')

  return [...head, ...zeros, ...(tail ?? [])].flatMap((group) => {
    const value = Number.parseInt(group, 16)
    return [value >> 8, value & 255]
  })
}
