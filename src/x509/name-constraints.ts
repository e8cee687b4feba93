import type { Certificate } from './certificate.js'
import { isDomain, type Mailbox, parseMailbox } from './domain.js'
import type { Subtrees } from './extensions.js'
import { goQuote } from './go-quote.js'
import type { GoUrl } from './go-url.js'
import { formatIp, parseIp, unmapped } from './ip.js'

/**
 * Checks that the CAs above each certificate in a chain (leaf first) are allowed to issue certificates for
 * all names of that certificate, not only for the host to connect to. Returns undefined if they are,
 * otherwise Go's error. Runs in roughly log-linear time in the number of names and constraints.
 */
export function nameConstraintRefusal(chain: readonly Certificate[], goMinor: number): string | undefined {
  const limits = chain.flatMap(({ nameConstraints }, index) =>
    nameConstraints === undefined ? [] : [{ index, check: checkOf(nameConstraints, goMinor) }]
  )

  for (const [index, certificate] of chain.entries()) {
    const above = limits.filter((limit) => limit.index > index)
    if (above.length === 0) return undefined
    if (certificate.alternativeNames === undefined) continue

    const names = namesOf(certificate)
    if ('refusal' in names) return names.refusal
    for (const { check } of above) {
      const refusal = check(names)
      if (refusal !== undefined) return refusal
    }
  }

  return undefined
}

interface Names {
  readonly ips: readonly Buffer[]
  readonly dns: readonly string[]
  readonly uris: readonly { readonly text: string; readonly domain: string }[]
  readonly emails: readonly { readonly text: string; readonly mailbox: Mailbox }[]
}

function namesOf({ ips, dnsNames, uris, emails }: Certificate): Names | { refusal: string } {
  const domains: { text: string; domain: string }[] = []
  for (const uri of uris) {
    const domain = uriDomainOf(uri)
    if (typeof domain !== 'string') return domain
    domains.push({ text: uri.text, domain })
  }
  const mailboxes: { text: string; mailbox: Mailbox }[] = []
  for (const email of emails) {
    const mailbox = parseMailbox(email)
    if (mailbox === undefined) return { refusal: `cannot parse rfc822Name ${goQuote(email)}` }
    mailboxes.push({ text: `${mailbox.local}@${mailbox.domain}`, mailbox })
  }

  return { ips, dns: dnsNames, uris: domains, emails: mailboxes }
}

/**
 * The host of a URI for comparison with constraints. A URI without a host, or with an IP address as its host,
 * cannot be compared.
 */
function uriDomainOf({ text, host }: GoUrl): string | { refusal: string } {
  let domain = host.toLowerCase()
  if (domain === '')
    return { refusal: `URI with empty host (${goQuote(text)}) cannot be matched against constraints` }
  if (domain.includes(':') && !domain.endsWith(']')) {
    const parts = /^(?:\[([^[\]]*)\]|([^:[\]]*)):([^:[\]]*)$/.exec(host)
    if (parts === null) return { refusal: `cannot parse URI host ${goQuote(host)}` }
    domain = parts[1] ?? parts[2] ?? ''
  }
  if (parseIp(domain) !== undefined || /^\[.*\]$/s.test(domain)) {
    return { refusal: `URI with IP (${goQuote(text)}) cannot be matched against constraints` }
  }

  return domain
}

function checkOf(
  { permitted, excluded }: { permitted: Subtrees; excluded: Subtrees },
  goMinor: number
): (names: Names) => string | undefined {
  const ip = limitOf('IP address', permitted.ips, excluded.ips, ipMatcher, goMinor)
  const dns = limitOf('DNS name', permitted.dns, excluded.dns, domainMatcher, goMinor)
  const uri = limitOf('URI', permitted.uriDomains, excluded.uriDomains, domainMatcher, goMinor)
  const email = limitOf('email address', permitted.emails, excluded.emails, mailboxMatcher, goMinor)

  return ({ ips, dns: dnsNames, uris, emails }) => {
    for (const address of ips) {
      const refusal = ip(address, formatIp(address))
      if (refusal !== undefined) return refusal
    }
    for (const name of dnsNames) {
      const refusal = isDomain(name, false) ? dns(name, name) : `x509: cannot parse dnsName ${goQuote(name)}`
      if (refusal !== undefined) return refusal
    }
    for (const { text, domain } of uris) {
      const refusal = isDomain(domain, false)
        ? uri(domain, text)
        : `x509: internal error: URI SAN ${goQuote(text)} failed to parse`
      if (refusal !== undefined) return refusal
    }
    for (const { text, mailbox } of emails) {
      const refusal = isDomain(mailbox.domain, false)
        ? email(mailbox, text)
        : `x509: cannot parse rfc822Name ${goQuote(text)}`
      if (refusal !== undefined) return refusal
    }

    return undefined
  }
}

/** Returns the constraint that covers a name, as a string. */
type Matcher<V> = (value: V) => string | undefined

function limitOf<C, V>(
  kind: string,
  permitted: readonly C[],
  excluded: readonly C[],
  matcherOf: (constraints: readonly C[], permits: boolean, goMinor: number) => Matcher<V>,
  goMinor: number
): (value: V, text: string) => string | undefined {
  const permits = permitted.length === 0 ? undefined : matcherOf(permitted, true, goMinor)
  const excludes = excluded.length === 0 ? undefined : matcherOf(excluded, false, goMinor)

  return (value, text) => {
    if (permits !== undefined && permits(value) === undefined)
      return `${kind} ${goQuote(text)} is not permitted by any constraint`

    const found = excludes?.(value)

    return found === undefined
      ? undefined
      : `${kind} ${goQuote(text)} is excluded by constraint ${goQuote(found)}`
  }
}

/**
 * A domain constraint covers the domain itself and its subdomains. `.example.com` covers only subdomains, and
 * an empty constraint covers everything.
 */
function domainMatcher(constraints: readonly string[], permits: boolean, goMinor: number): Matcher<string> {
  if (constraints.includes('')) return () => ''

  const byLowerCase = new Map(constraints.map((constraint) => [constraint.toLowerCase(), constraint]))
  // Only suffixes of these lengths are looked up, because a name with a million dots would otherwise create a
  // million long strings.
  const lengths = new Set(constraints.map(({ length }) => length))
  const lookUp = (name: string, start: number): string | undefined =>
    start >= 0 && lengths.has(name.length - start) ? byLowerCase.get(name.slice(start)) : undefined
  // If a constraint excludes even one of the names that a wildcard matches, it also excludes the wildcard.
  // Go 1.23 does not check that.
  const siblings = new Map<string, string>()
  for (const constraint of permits || goMinor < 24 ? [] : byLowerCase.keys()) {
    const dot = constraint.indexOf('.')
    if (dot >= 0) siblings.set(constraint.slice(dot), constraint)
  }

  return (value) => {
    const name = value.toLowerCase()
    // Go reports the shortest covering constraint, because it drops constraints that another one covers.
    for (let dot = name.lastIndexOf('.'); ; dot = dot <= 0 ? -1 : name.lastIndexOf('.', dot - 1)) {
      const found = lookUp(name, dot + 1) ?? lookUp(name, dot)
      if (found !== undefined) return found
      if (dot < 0) break
    }
    const dot = name.indexOf('.')

    return name.startsWith('*') && dot >= 0 ? siblings.get(name.slice(dot)) : undefined
  }
}

/** An email constraint is a mailbox (case-sensitive local part, case-insensitive domain) or a domain. */
function mailboxMatcher(constraints: readonly string[], permits: boolean, goMinor: number): Matcher<Mailbox> {
  const keyOf = ({ local, domain }: Mailbox): string => `${local}@${domain}`
  const whole = new Set(
    constraints.flatMap((text) =>
      text.includes('@') ? [parseMailbox(text)].flatMap((box) => (box ? [keyOf(box)] : [])) : []
    )
  )
  const domains = constraints.filter((text) => !text.includes('@'))
  const byDomain = domains.length === 0 ? undefined : domainMatcher(domains, permits, goMinor)

  return (mailbox) => (whole.has(keyOf(mailbox)) ? keyOf(mailbox) : byDomain?.(mailbox.domain))
}

type Network = Subtrees['ips'][number]

/**
 * Go 1.26 sorts the networks, drops those inside another, and checks only the nearest one that begins at or
 * before the address. It misses some networks that have host bits set, and so does this code.
 * Earlier versions checked all networks.
 */
function ipMatcher(constraints: readonly Network[], _permits: boolean, goMinor: number): Matcher<Buffer> {
  if (goMinor < 26) {
    return (address) => {
      const found = constraints.find(
        (network) => network.ip.length === address.length && contains(network, address)
      )
      return found && describeNetwork(found)
    }
  }

  const networksOf = (length: number): Network[] => {
    const sorted = constraints
      .filter(({ ip }) => ip.length === length)
      .sort((one, other) => Buffer.compare(one.ip, other.ip) || Buffer.compare(one.mask, other.mask))
    const kept: Network[] = []
    for (const network of sorted) {
      const last = kept.at(-1)
      if (last === undefined || !(contains(last, network.ip) && contains(last, lastAddressOf(network))))
        kept.push(network)
    }
    return kept
  }
  const lists = { 4: networksOf(4), 16: networksOf(16) }

  return (address) => {
    const list = address.length === 4 ? lists[4] : lists[16]
    const [first] = list
    if (first === undefined) return undefined

    const at = lowerBound(list, address)
    const network = list[at]?.ip.equals(address) ? list[at] : (list[at - 1] ?? first)

    return list[at]?.ip.equals(address) || contains(network, address) ? describeNetwork(network) : undefined
  }
}

function lowerBound(list: readonly Network[], address: Buffer): number {
  let low = 0
  let high = list.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (Buffer.compare(list[middle]?.ip ?? address, address) < 0) low = middle + 1
    else high = middle
  }

  return low
}

function contains({ ip, mask }: Network, address: Buffer): boolean {
  const network = unmapped(ip)
  const bits = mask.subarray(mask.length - network.length)
  const other = unmapped(address)

  return (
    other.length === network.length &&
    network.every(
      (octet, index) => (octet & (bits[index] ?? 0)) === ((other[index] ?? 0) & (bits[index] ?? 0))
    )
  )
}

const lastAddressOf = ({ ip, mask }: Network): Buffer =>
  Buffer.from(ip.map((octet, index) => octet | (~(mask[index] ?? 0) & 0xff)))

function describeNetwork({ ip, mask }: Network): string {
  const ones = [...mask]
    .map((octet) => octet.toString(2).replaceAll('0', '').length)
    .reduce((sum, count) => sum + count, 0)

  return `${formatIp(ip)}/${ones}`
}
