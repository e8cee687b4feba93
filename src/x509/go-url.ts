import { parseIp } from './ip.js'

/** A URI name as parsed by Go's `url.Parse`. */
export interface GoUrl {
  readonly text: string
  /** Host and port, unescaped, as latin1; empty if the URI has none. */
  readonly host: string
}

/**
 * Parses an ASCII URI as Go's `url.Parse` does, as far as certificates need it. Undefined if Go would reject
 * the URI and therefore the certificate. Go 1.26 stopped accepting several colons in the host of http URLs.
 */
export function parseGoUrl(text: string, goMinor: number): GoUrl | undefined {
  const hash = text.indexOf('#')
  const fragment = hash < 0 ? '' : text.slice(hash + 1)
  const url = hash < 0 ? text : text.slice(0, hash)

  if (/[\u0000-\u001f\u007f]/.test(url) || !isEscaped(fragment)) return undefined
  if (url === '*') return { text, host: '' }
  if (url.startsWith(':')) return undefined

  const [, scheme = '', afterScheme = url] = /^(?:([A-Za-z][A-Za-z0-9+.-]*):)?([^]*)$/.exec(url) ?? []
  const rest = afterScheme.split('?', 1)[0] ?? ''
  if (!rest.startsWith('/')) {
    if (scheme !== '') return { text, host: '' }
    if ((rest.split('/', 1)[0] ?? '').includes(':')) return undefined
  }

  const hasAuthority = (scheme !== '' || !rest.startsWith('///')) && rest.startsWith('//')
  const slash = hasAuthority ? rest.indexOf('/', 2) : 0
  const path = slash < 0 ? '' : rest.slice(slash)
  const host = hasAuthority
    ? hostOf(slash < 0 ? rest.slice(2) : rest.slice(2, slash), scheme.toLowerCase(), goMinor)
    : ''
  if (host === undefined || !isEscaped(path)) return undefined

  return { text, host }
}

function hostOf(authority: string, scheme: string, goMinor: number): string | undefined {
  const at = authority.lastIndexOf('@')
  const user = at < 0 ? '' : authority.slice(0, at)
  if (!/^[A-Za-z0-9\-._:~!$&'()*+,;=%@]*$/.test(user) || !isEscaped(user)) return undefined

  const host = authority.slice(at + 1)
  const bracket = host.lastIndexOf('[')
  if (bracket > 0) return undefined
  if (bracket === 0) return ipLiteralOf(host)

  const strict = goMinor >= 26 && (scheme === 'http' || scheme === 'https')
  const colon = strict ? host.indexOf(':') : host.lastIndexOf(':')
  if (colon >= 0 && !isPort(host.slice(colon))) return undefined

  return unescapeHost(host)
}

function ipLiteralOf(host: string): string | undefined {
  const close = host.lastIndexOf(']')
  if (close < 0 || !isPort(host.slice(close + 1))) return undefined

  const inside = host.slice(1, close)
  const zoneAt = inside.indexOf('%25')
  const address = unescapeHost(zoneAt < 0 ? inside : inside.slice(0, zoneAt))
  const zone = zoneAt < 0 ? '' : unescapeZone(inside.slice(zoneAt))
  if (address === undefined || zone === undefined || parseIp(address + zone)?.bytes.length !== 16)
    return undefined

  return `[${address}${zone}]${host.slice(close + 1)}`
}

const isPort = (text: string): boolean => /^(?::[0-9]*)?$/.test(text)
const isEscaped = (text: string): boolean => !/%(?![0-9A-Fa-f]{2})/.test(text)
const isHostText = (text: string): boolean => /^[A-Za-z0-9\-._~!$&'()*+,;=:[\]<>"]*$/.test(text)

const unescape = (text: string): string =>
  text.replace(/%([0-9A-Fa-f]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))

/** In a host, only bytes above ASCII and the percent sign itself may be escaped. */
function unescapeHost(text: string): string | undefined {
  if (!isEscaped(text) || !isHostText(text.replace(/%(?:[89A-Fa-f][0-9A-Fa-f]|25)/g, ''))) return undefined

  return unescape(text)
}

/** In the zone of an address, all host characters and a space may be escaped, too. */
function unescapeZone(text: string): string | undefined {
  const escaped = [...text.matchAll(/%([0-9A-Fa-f]{2})/g)].map(([all]) => unescape(all))
  const plain = text.replace(/%[0-9A-Fa-f]{2}/g, '')
  if (!isEscaped(text) || !isHostText(plain)) return undefined

  return escaped.every((character) => character === '%' || character === ' ' || isHostText(character))
    ? unescape(text)
    : undefined
}
