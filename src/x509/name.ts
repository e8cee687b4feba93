import { DerReader, tag } from './der.js'
import { Refusal } from './refusal.js'

/** A subject or issuer: its bytes, which Go uses to compare names, and its attributes in order. */
export interface Name {
  readonly raw: Buffer
  readonly attributes: readonly { readonly type: string; readonly value: string }[]
}

/** Parses a distinguished name. Throws a Refusal with the error of Go's parser. */
export function parseName(raw: Buffer): Name {
  const malformed = 'x509: invalid RDNSequence'
  const attributes: { type: string; value: string }[] = []
  const sets = new DerReader(raw).reader(tag.sequence, malformed)
  while (!sets.isEmpty) {
    const set = sets.reader(tag.set, malformed)
    while (!set.isEmpty) {
      const attribute = set.reader(tag.sequence, `${malformed}: invalid attribute`)
      const type = attribute.oid(`${malformed}: invalid attribute type`)
      const { tag: kind, body } = attribute.any(`${malformed}: invalid attribute value`)
      const value = textOf(kind, body)
      if ('wrong' in value) throw new Refusal(`${malformed}: invalid attribute value: ${value.wrong}`)
      attributes.push({ type, value: value.text })
    }
  }

  return { raw, attributes }
}

/**
 * Decodes the string types that Go knows. As in Go, T.61 is read as Latin-1, and "&" and "*" are allowed in a
 * PrintableString.
 */
function textOf(kind: number, body: Buffer): { text: string } | { wrong: string } {
  const latin1 = (pattern: RegExp, name: string): { text: string } | { wrong: string } => {
    const text = body.toString('latin1')
    return pattern.test(text) ? { text } : { wrong: `invalid ${name}` }
  }
  switch (kind) {
    case tag.t61String:
      return { text: body.toString('latin1') }
    case tag.printableString:
      return latin1(/^[A-Za-z0-9 '()+,\-./:=?*&]*$/, 'PrintableString')
    case tag.ia5String:
      return latin1(/^[\u0000-\u007f]*$/, 'IA5String')
    case tag.numericString:
      return latin1(/^[0-9 ]*$/, 'NumericString')
    case tag.utf8String:
      try {
        return { text: new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(body) }
      } catch {
        return { wrong: 'invalid UTF-8 string' } // the decoder throws for no other reason
      }
    case tag.bmpString:
      return bmpTextOf(body)
    default:
      return { wrong: `unsupported string type: ${kind}` }
  }
}

function bmpTextOf(body: Buffer): { text: string } | { wrong: string } {
  const terminated = body.length >= 2 && body.length % 2 === 0 && body.readUInt16BE(body.length - 2) === 0
  const units = Buffer.from(terminated ? body.subarray(0, -2) : body)
  const text = units.length % 2 === 0 ? units.swap16().toString('utf16le') : undefined
  if (text === undefined || /[\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]/.test(text))
    return { wrong: 'invalid BMPString' }

  return { text }
}

// X.520 attribute types in cluster certificates, with their short names from RFC 4514.
const shortNames: Readonly<Record<string, string>> = {
  '2.5.4.3': 'CN',
  '2.5.4.5': 'serialNumber',
  '2.5.4.6': 'C',
  '2.5.4.7': 'L',
  '2.5.4.8': 'ST',
  '2.5.4.9': 'street',
  '2.5.4.10': 'O',
  '2.5.4.11': 'OU',
  '1.2.840.113549.1.9.1': 'emailAddress',
  '0.9.2342.19200300.100.1.25': 'DC'
}

/** A readable name, such as `CN=kubernetes, O=example`; `(empty)` if it has no attributes. */
export function describeName({ attributes }: Name): string {
  return attributes.map(({ type, value }) => `${shortNames[type] ?? type}=${value}`).join(', ') || '(empty)'
}

/** The last common name, which is the one that Go reports. */
export const commonNameOf = ({ attributes }: Name): string =>
  attributes.findLast(({ type }) => type === '2.5.4.3')?.value ?? ''

/** The first organization. */
export const organizationOf = ({ attributes }: Name): string =>
  attributes.find(({ type }) => type === '2.5.4.10')?.value ?? ''
