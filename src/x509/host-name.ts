import type { Certificate } from './certificate.js'
import { formatIp, parseIp, unmapped } from './ip.js'
import { commonNameOf } from './name.js'

/**
 * Checks whether a certificate is valid for a host, as Go's `VerifyHostname` does: IP addresses match only IP
 * names, other hosts match only DNS names, a wildcard must be the whole leftmost label, and the common name
 * is never used. Undefined if it is valid, otherwise Go's error.
 */
export function hostNameRefusal(certificate: Certificate, host: string): string | undefined {
  const bare = /^\[.+\]$/.test(host) ? host.slice(1, -1) : host
  const ip = ipOf(bare)
  if (ip !== undefined)
    return certificate.ips.some((name) => unmapped(name).equals(ip))
      ? undefined
      : refusalText(certificate, bare)

  const candidate = lower(host)
  const isPlain = isHostName(candidate, false)
  const labels = labelsOf(candidate)
  const fits = (name: string): boolean =>
    isPlain && isHostName(name, true)
      ? matches(name, labels)
      : name !== '' && name !== '.' && host !== '.' && lower(name) === candidate

  return certificate.dnsNames.some(fits) ? undefined : refusalText(certificate, host)
}

function ipOf(text: string): Buffer | undefined {
  const ip = parseIp(text)

  return ip === undefined || ip.zone !== '' ? undefined : unmapped(ip.bytes)
}

const lower = (text: string): string => text.replace(/[A-Z]+/g, (capitals) => capitals.toLowerCase())
const labelsOf = (host: string): string[] => lower(host).replace(/\.$/, '').split('.')

function isHostName(text: string, pattern: boolean): boolean {
  const host = pattern ? text : text.replace(/\.$/, '')
  if (host === '*') return false

  return host
    .split('.')
    .every(
      (label, index) =>
        (pattern && index === 0 && label === '*') || /^[A-Za-z0-9_][A-Za-z0-9_-]*$/.test(label)
    )
}

function matches(pattern: string, host: readonly string[]): boolean {
  const labels = lower(pattern).split('.')

  return (
    labels.length === host.length &&
    labels.every((label, index) => (index === 0 && label === '*') || label === host[index])
  )
}

function refusalText(certificate: Certificate, host: string): string {
  const { alternativeNames, ips, dnsNames } = certificate
  if (
    alternativeNames === undefined &&
    commonNameOf(certificate.subject) !== '' &&
    matches(commonNameOf(certificate.subject), labelsOf(host))
  ) {
    return 'x509: certificate relies on legacy Common Name field, use SANs instead'
  }
  const isIp = ipOf(host) !== undefined
  if (isIp && ips.length === 0)
    return `x509: cannot validate certificate for ${host} because it doesn't contain any IP SANs`

  const names = isIp ? ips : dnsNames
  if (names.length >= 100) {
    return `x509: certificate is valid for ${names.length} ${isIp ? 'IP SANs' : 'names'}, but none matched ${host}`
  }
  const valid = isIp ? ips.map(formatIp).join(', ') : dnsNames.join(', ')

  return valid === ''
    ? `x509: certificate is not valid for any names, but wanted to match ${host}`
    : `x509: certificate is valid for ${valid}, not ${host}`
}
