/**
 * Parses an IP address as Go's `netip.ParseAddr` does: 4 or 16 bytes, and the zone of an IPv6 address;
 * undefined for any other string.
 */
export function parseIp(text: string): { bytes: Buffer; zone: string } | undefined {
  const mark = /[.:%]/.exec(text)?.[0]
  if (mark === '.') return withZone(parseIpv4(text), '')
  if (mark !== ':') return undefined

  const percent = text.indexOf('%')
  const zone = percent < 0 ? '' : text.slice(percent + 1)
  if (percent >= 0 && zone === '') return undefined

  return withZone(parseIpv6(percent < 0 ? text : text.slice(0, percent)), zone)
}

const withZone = (bytes: Buffer | undefined, zone: string): { bytes: Buffer; zone: string } | undefined =>
  bytes && { bytes, zone }

function parseIpv4(text: string): Buffer | undefined {
  const fields = text.split('.')
  if (
    fields.length !== 4 ||
    !fields.every((field) => /^(?:0|[1-9]\d{0,2})$/.test(field) && Number(field) <= 255)
  )
    return undefined

  return Buffer.from(fields.map(Number))
}

function parseIpv6(text: string): Buffer | undefined {
  const halves = text.split('::')
  if (halves.length > 2) return undefined

  const parts = halves.map((half, index) =>
    half === '' ? Buffer.alloc(0) : groupsOf(half, index === halves.length - 1)
  )
  const [head, tail = Buffer.alloc(0)] = parts
  if (head === undefined || parts.includes(undefined)) return undefined
  if (halves.length === 1) return head.length === 16 ? head : undefined
  if (head.length + tail.length > 14) return undefined // the two colons represent at least one group

  return Buffer.concat([head, Buffer.alloc(16 - head.length - tail.length), tail])
}

/**
 * Parses groups of four hexadecimal digits. The last two groups can be written as an IPv4 address if the
 * string ends there.
 */
function groupsOf(text: string, last: boolean): Buffer | undefined {
  const groups = text.split(':')
  const ipv4 = last && groups.at(-1)?.includes('.') ? parseIpv4(groups.pop() ?? '') : Buffer.alloc(0)
  if (ipv4 === undefined || !groups.every((group) => /^[0-9a-fA-F]{1,4}$/.test(group))) return undefined

  return Buffer.concat([...groups.map((group) => Buffer.from(group.padStart(4, '0'), 'hex')), ipv4])
}

/**
 * The four bytes of an IPv4 address, even if it is written as an IPv6 address (`::ffff:10.0.0.1`), because Go
 * treats both forms as equal. Any other address is returned unchanged.
 */
export function unmapped(ip: Buffer): Buffer {
  return ip.length === 16 && ip.subarray(0, 12).equals(mappedPrefix) ? ip.subarray(12) : ip
}

const mappedPrefix = Buffer.from('00000000000000000000ffff', 'hex')

/** Formats an address as Go does: IPv4 with dots, IPv6 with its longest run of zero groups shortened. */
export function formatIp(ip: Buffer): string {
  const bytes = unmapped(ip)
  if (bytes.length === 4) return bytes.join('.')

  const groups = Array.from({ length: 8 }, (_, index) => bytes.readUInt16BE(2 * index).toString(16))
  let longest = { start: 0, length: 0 }
  for (let start = 0; start < 8; start++) {
    let length = 0
    while (groups[start + length] === '0') length++
    if (length > longest.length) longest = { start, length }
  }
  if (longest.length < 2) return groups.join(':')

  return `${groups.slice(0, longest.start).join(':')}::${groups.slice(longest.start + longest.length).join(':')}`
}
