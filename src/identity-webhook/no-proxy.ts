import { BlockList, isIP } from 'node:net'

/**
 * Whether the value of `NO_PROXY` lists an address, so that a client connects to it directly. Clients differ in
 * what they understand, so every form counts that any of them does: the address, with brackets or a port, `*`, a
 * prefix with `*`, a CIDR.
 */
export function isProxyBypassed(noProxy: string, address: string): boolean {
  const wanted = withoutBrackets(address)

  return noProxy.split(/[\s,;|]+/).some((entry) => covers(entry, wanted))
}

function covers(entry: string, address: string): boolean {
  if (entry.endsWith('*')) return address.startsWith(entry.slice(0, -1))
  const [, bracketed] = /^\[([\da-f:.]{1,64})\](?::\d{1,5})?$/i.exec(entry) ?? []
  const host = bracketed ?? entry.replace(/^([\d.]{1,15}):\d{1,5}$/, '$1')
  const [prefix = '', length, ...more] = host.split('/', 3)
  const family = isIP(prefix)
  if (family === 0 || more.length > 0) return false

  const bits = family === 4 ? 32 : 128
  const wantedBits = length === undefined ? bits : /^\d{1,3}$/.test(length) ? Number(length) : Infinity
  if (wantedBits > bits) return false
  const list = new BlockList()
  const kind = family === 4 ? 'ipv4' : 'ipv6'
  list.addSubnet(prefix, wantedBits, kind)

  return isIP(address) === family && list.check(address, kind)
}

const withoutBrackets = (address: string): string => address.replace(/^\[|\]$/g, '')
