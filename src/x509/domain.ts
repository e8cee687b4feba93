/**
 * Go's rule for a domain in a certificate: printable ASCII, no empty label and no trailing dot. A constraint
 * may begin with a dot.
 */
export function isDomain(text: string, constraint: boolean): boolean {
  if (text === '') return true

  const labels = constraint && text.startsWith('.') ? text.slice(1) : text

  return /^[!-~]+$/.test(labels) && !labels.startsWith('.') && !labels.endsWith('.') && !labels.includes('..')
}

export interface Mailbox {
  readonly local: string
  /** In lower case, because domains are case-insensitive; local parts are case-sensitive. */
  readonly domain: string
}

/**
 * Parses an email address as Go does (RFC 2821, with the leniency of RFC 3696); undefined if it is not valid.
 */
export function parseMailbox(text: string): Mailbox | undefined {
  const quoted = text.startsWith('"')
  const found = quoted ? quotedLocal(text) : plainLocal(text)
  if (found === undefined || text[found.end] !== '@') return undefined

  const domain = text.slice(found.end + 1)
  // Unlike a host, the domain can be empty here, because Go splits it into labels and finds none.
  if (domain !== '' && !(isDomain(domain, false) && !domain.startsWith('.'))) return undefined

  return { local: found.local, domain: domain.toLowerCase() }
}

function quotedLocal(text: string): { local: string; end: number } | undefined {
  let local = ''
  for (let at = 1; at < text.length; at++) {
    const character = text[at] ?? ''
    if (character === '"') return { local, end: at + 1 }
    if (character === '\\') {
      const escaped = text[++at] ?? ''

      if (!/[\u0001-\u0009\u000b\u000c\u000e-\u007f]/.test(escaped)) return undefined
      local += escaped
      continue
    }

    if (!/[\u0001-\u0008\u000b\u000c\u000e-\u001f !#-[\]-~\u007f]/.test(character)) return undefined
    local += character
  }

  return undefined
}

function plainLocal(text: string): { local: string; end: number } | undefined {
  let local = ''
  let at = 0
  for (; at < text.length; at++) {
    if (text[at] === '\\') {
      at++
      if (at === text.length) return undefined
    } else if (!/[A-Za-z0-9!#$%&'*+\-/=?^_`{|}~.]/.test(text[at] ?? '')) break
    local += text[at] ?? ''
  }
  if (local === '' || local.startsWith('.') || local.endsWith('.') || local.includes('..')) return undefined

  return { local, end: at }
}
