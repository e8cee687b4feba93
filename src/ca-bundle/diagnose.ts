import { quote } from '../text/escape.js'
import { decodeBase64 } from '../x509/base64.js'
import { type Bundle, parseBundle, unusableText } from '../x509/bundle.js'
import { type Certificate, isInDate, parseCertificate } from '../x509/certificate.js'
import { describeCertificate } from '../x509/describe.js'
import { goMinorOf } from '../x509/go-version.js'
import { buildPool } from '../x509/pool.js'
import { formatTime } from '../x509/time.js'
import { type Placeholder, placeholderIn } from './placeholder.js'

/**
 * The kinds of faults in a bundle. Those from `expired` on concern certificates that Go reads; the earlier
 * ones concern the rest of the text, and most of them make Go skip certificates.
 */
export type FaultKind = keyof typeof faults

/**
 * One kind of fault, how often it occurs, and the line of the decoded text where it first occurs. The line is
 * undefined for a fault without a position, such as an expired certificate.
 */
export interface Fault {
  readonly kind: FaultKind
  readonly count: number
  readonly line: number | undefined
  /** The fault in plain words. */
  readonly message: string
  readonly fix: string
  readonly certificate?: Certificate
}

export interface Diagnosis {
  /** The bundle as Go reads it; undefined if the string is not base64. */
  readonly bundle: Bundle | undefined
  readonly faults: readonly Fault[]
  /**
   * The error that the API server's client returns if it can read no certificate in the bundle; undefined if
   * it can, or if the bundle is empty.
   */
  readonly unusable: string | undefined
}

const faults = {
  'not-base64': [
    'it is not base64',
    'base64-encode the PEM text once, without line breaks: base64 -w0 ca.pem'
  ],
  placeholder: [
    'it contains a placeholder that was not replaced',
    'replace it with the base64-encoded PEM certificate of the CA'
  ],
  'base64-twice': [
    'it is base64-encoded twice',
    'encode the PEM text only once; stringData or a template function may have encoded it already'
  ],
  'utf-16': ['it is UTF-16 text, as Windows PowerShell writes files', 'save the PEM file as ASCII or UTF-8'],
  'byte-order-mark': [
    'there is a byte order mark before BEGIN',
    'save the PEM file as UTF-8 without a byte order mark'
  ],
  der: ['it is a bare DER certificate', 'convert it: openssl x509 -inform der -in ca.der -out ca.pem'],
  indented: [
    'lines are indented, but PEM lines must start at the beginning of the line',
    'remove the spaces before each line'
  ],
  glued: [
    'two PEM blocks are joined without a line break, so Go skips both',
    'insert a line break between END CERTIFICATE----- and -----BEGIN'
  ],
  'literal-line-ends': [
    'it contains the two characters \\n instead of line breaks',
    'replace them with real line breaks: printf "%b" "$(cat ca.pem)" > clean.pem'
  ],
  'carriage-returns': [
    'its lines end with a carriage return only',
    'convert the line endings to LF: tr "\\r" "\\n" < ca.pem > clean.pem'
  ],
  'text-beside': ['there is other text on the BEGIN or END line', 'put BEGIN and END on lines of their own'],
  'lower-case': ['BEGIN is not in upper case', 'write -----BEGIN CERTIFICATE----- exactly'],
  truncated: [
    'a block has no END line, or one that does not match its BEGIN line',
    'copy the whole certificate again'
  ],
  damaged: ['the content of a block is not base64', 'copy the certificate again'],
  'certificate-refused': ['Go cannot parse a certificate', 'have the CA reissue it'],
  headers: [
    'a block has headers (lines with a colon), and Go skips such blocks',
    'remove the lines between BEGIN and the base64 text'
  ],
  'wrong-label': [
    'a block has a label other than CERTIFICATE, and Go skips it',
    'convert it: openssl x509 -in ca.pem -out clean.pem'
  ],
  'certificate-request': [
    'it contains a certificate request, not a certificate',
    'replace it with the CA certificate'
  ],
  pkcs7: [
    'it contains a PKCS#7 container, which Go does not read',
    'convert it: openssl pkcs7 -print_certs -in ca.p7b -out ca.pem'
  ],
  'pkcs7-der': [
    'it is a bare PKCS#7 container (DER), which Go does not read',
    'convert it: openssl pkcs7 -inform der -print_certs -in ca.p7b -out ca.pem'
  ],
  'private-key': [
    'it contains a private key, and anyone who can read the object can read the key',
    'remove the key from the bundle and generate a new one, because it is no longer secret'
  ],
  'no-pem': ['there is no PEM block in it', 'replace it with the base64-encoded PEM certificate of the CA'],
  expired: ['a certificate has expired', 'replace it with the current CA certificate'],
  'not-yet-valid': [
    'a certificate is not yet valid',
    'wait, or correct the clock of the machine that issued it'
  ],
  expiring: [
    'a certificate expires within 30 days',
    'add the next CA certificate before the current one expires'
  ],
  leaf: [
    'a certificate is not a CA certificate, so only a server that presents exactly this certificate is trusted',
    'replace it with the certificate of the CA that signs the serving certificate'
  ],
  duplicate: ['it contains a certificate more than once', 'keep only one copy']
} as const satisfies Record<string, readonly [what: string, fix: string]>

// These replace the fixes above if the bundle contains a certificate that stays valid for more than 30 days.
const spareFixes = {
  expired: 'remove it, because the bundle contains a valid one',
  expiring:
    'remove it once it signs no serving certificate any more; the bundle already contains the next one'
} as const

const expiryWarning = 30 * 86_400_000

/** Whether a certificate is valid now and for the next 30 days. */
export const isLasting = (certificate: Certificate, at: Date): boolean =>
  isInDate(certificate, at) && at.getTime() + expiryWarning <= certificate.notAfter

/**
 * Explains why the API server reads fewer certificates from a caBundle (base64) than its author intended, and
 * what is wrong with those that the API server does read. Never throws; runs in linear time.
 */
export function diagnoseBundle(caBundle: string, at: Date, go?: string): Diagnosis {
  const goMinor = goMinorOf(go)
  const decoded = decodeBase64(caBundle)
  if (decoded === undefined) {
    const placeholder = placeholderIn(caBundle)
    const fault =
      placeholder === undefined ? faultOf('not-base64', 1, undefined) : placeholderFault(placeholder)

    return { bundle: undefined, faults: [fault], unusable: 'illegal base64 data' }
  }

  const bundle = parseBundle(decoded, goMinor)
  const found = new Tally(bundle.text)
  const whole = wholeTextFault(decoded, bundle, goMinor)
  if (whole !== undefined) found.add(whole)
  else {
    const nextEnd = forwardSearch(bundle.text, endMark)
    const nextBegin = forwardSearch(bundle.text, beginMark)
    for (const begin of bundle.text.matchAll(beginPattern))
      blockFaults(begin, bundle.text, { nextEnd, nextBegin }, found)
  }
  for (const entry of bundle.entries) {
    if ('refusal' in entry) found.add('certificate-refused', entry.block.start, entry.refusal)
    if ('skipped' in entry)
      found.add(
        entry.skipped === 'headers' ? 'headers' : labelFault(entry.block.label),
        entry.block.start,
        entry.block.label
      )
  }
  const isSilent = bundle.text !== '' && bundle.entries.length === 0 && found.isEmpty
  // Some placeholders are valid base64 (CHANGEME), and some were base64-encoded before they got here.
  const placeholder = isSilent ? (placeholderIn(caBundle) ?? placeholderIn(bundle.text)) : undefined
  if (placeholder !== undefined)
    return { bundle, faults: [placeholderFault(placeholder)], unusable: unusableText(bundle) }
  if (isSilent) found.add(/-----begin/i.test(bundle.text) ? 'lower-case' : 'no-pem')
  certificateFaults(bundle, at, found)

  return { bundle, faults: found.faults, unusable: bundle.text === '' ? undefined : unusableText(bundle) }
}

/** Collects faults by kind. Each kind is reported once, with its first position. */
class Tally {
  readonly #text: string
  readonly #byKind = new Map<
    FaultKind,
    {
      count: number
      offset: number | undefined
      detail: string | undefined
      certificate: Certificate | undefined
      fix: string | undefined
    }
  >()

  constructor(text: string) {
    this.#text = text
  }

  get isEmpty(): boolean {
    return this.#byKind.size === 0
  }

  add(kind: FaultKind, offset?: number, detail?: string, certificate?: Certificate, fix?: string): void {
    const known = this.#byKind.get(kind)
    if (known === undefined) this.#byKind.set(kind, { count: 1, offset, detail, certificate, fix })
    else known.count++
  }

  get faults(): Fault[] {
    return [...this.#byKind].map(([kind, { count, offset, detail, certificate, fix }]) => {
      const line = offset === undefined ? undefined : this.#text.slice(0, offset).split('\n').length
      const fault = faultOf(kind, count, line, detail, certificate)

      return fix === undefined ? fault : { ...fault, fix }
    })
  }
}

const placeholderFault = ({ text, fix }: Placeholder): Fault => ({
  ...faultOf('placeholder', 1, undefined, quote(text)),
  fix
})

function faultOf(
  kind: FaultKind,
  count: number,
  line: number | undefined,
  detail?: string,
  certificate?: Certificate
): Fault {
  const [what, fix] = faults[kind]
  const where = line === undefined ? '' : ` (line ${line}${count > 1 ? ` and ${count - 1} more` : ''})`

  return {
    kind,
    count,
    line,
    message: `${what}${detail === undefined || detail === '' ? '' : `: ${detail}`}${where}`,
    fix,
    ...(certificate && { certificate })
  }
}

const beginMark = '-----BEGIN '
const endMark = '-----END '
const beginPattern = /-----BEGIN ([^\r\n-]{0,64})-----/g

// A PKCS#7 container starts with the OID id-signedData, 1.2.840.113549.1.7.2: RFC 5652, sections 3 and 5.
const signedData = Buffer.from('06092a864886f70d010702', 'hex')

/** The fault of the text as a whole, if no block could be read from it. */
function wholeTextFault(bytes: Buffer, { text, entries }: Bundle, goMinor: number): FaultKind | undefined {
  if (entries.length > 0) return undefined
  if (/^(?:\u00ff\u00fe|\u00fe\u00ff)|\u0000-\u0000-/.test(text)) return 'utf-16'
  if (bytes[0] === 0x30 && !('refusal' in parseCertificate(bytes, goMinor))) return 'der'
  if (bytes[0] === 0x30 && bytes.subarray(0, 32).includes(signedData)) return 'pkcs7-der'
  if (/^[A-Za-z0-9+/]{16}/.test(text) && !/[^A-Za-z0-9+/=\s]/.test(text)) {
    const inner = decodeBase64(text.replace(/\s+/g, ''))
    if (
      inner?.includes('-----BEGIN ') ||
      (inner?.[0] === 0x30 && !('refusal' in parseCertificate(inner, goMinor)))
    )
      return 'base64-twice'
  }

  return undefined
}

function labelFault(label: string): FaultKind {
  if (label.endsWith('PRIVATE KEY')) return 'private-key'
  if (label.endsWith('CERTIFICATE REQUEST')) return 'certificate-request'

  return label === 'PKCS7' || label === 'CMS' ? 'pkcs7' : 'wrong-label'
}

/** Determines, from the text around BEGIN and END, why Go skips a block that a person would recognize. */
function blockFaults(begin: RegExpExecArray, text: string, marks: Marks, found: Tally): void {
  const { index: start } = begin
  const label = begin[1] ?? ''
  const kind = beginFault(text, start) ?? endFault(text, start + begin[0].length, label, marks)
  if (kind !== undefined) found.add(kind, start)
  // People can still read a key that Go does not see.
  if (kind !== undefined && labelFault(label) === 'private-key') found.add('private-key', start)
}

function beginFault(text: string, start: number): FaultKind | undefined {
  const before = text.slice(Math.max(0, start - 200), start) // enough to tell what kind of line this is
  if (before === '' || before.endsWith('\n')) return undefined
  if (before.endsWith('\u00ef\u00bb\u00bf')) return 'byte-order-mark'
  if (before.endsWith('\\n')) return 'literal-line-ends'
  if (before.endsWith('\r')) return 'carriage-returns'
  if (before.endsWith('-----')) return 'glued'

  return /(?:^|\n)[ \t]+$/.test(before) ? 'indented' : 'text-beside'
}

/** Finds the next END or BEGIN from a position, which must never decrease from one call to the next. */
interface Marks {
  readonly nextEnd: (from: number) => number
  readonly nextBegin: (from: number) => number
}

/**
 * An indexOf that remembers its last result, so that searches from increasing positions together make one
 * pass over the text.
 */
function forwardSearch(text: string, mark: string): (from: number) => number {
  let last = -2 // not yet searched
  return (from) => {
    if (last === -2 || (last !== -1 && last < from)) last = text.indexOf(mark, from)
    return last
  }
}

function endFault(text: string, bodyStart: number, label: string, marks: Marks): FaultKind | undefined {
  const end = marks.nextEnd(bodyStart)
  const begin = marks.nextBegin(bodyStart)
  if (end < 0 || (begin >= 0 && begin < end)) return 'truncated'

  const body = text.slice(bodyStart, end)
  if (!body.endsWith('\n')) {
    if (body.includes('\\n')) return 'literal-line-ends'
    if (body.includes('\r') && !body.includes('\n')) return 'carriage-returns'

    return /\n[ \t]+$/.test(body) ? 'indented' : 'text-beside'
  }
  const closing = end + endMark.length + label.length
  if (text.slice(end + endMark.length, closing + 5) !== `${label}-----`) return 'truncated'

  const after = /^[ \t]*(.?)/.exec(text.slice(closing + 5, closing + 69))?.[1] ?? ''
  if (after === '-') return 'glued'
  if (after === '\\') return 'literal-line-ends'
  if (after !== '' && after !== '\r') return 'text-beside'

  return body.includes(':') || decodeBase64(body.replace(/[ \t]+/g, '')) !== undefined ? undefined : 'damaged'
}

function certificateFaults({ certificates }: Bundle, at: Date, found: Tally): void {
  const now = at.getTime()
  const { certificates: unique } = buildPool(certificates)
  const isReplaced = unique.some((certificate) => isLasting(certificate, at))
  const spare = isReplaced ? spareFixes : undefined
  for (const certificate of unique) {
    const { notBefore, notAfter, basicConstraints, version } = certificate
    const who = describeCertificate(certificate)
    const until = `${who}, at ${formatTime(notAfter)}`
    if (now > notAfter) found.add('expired', undefined, until, certificate, spare?.expired)
    else if (now < notBefore)
      found.add('not-yet-valid', undefined, `${who}, before ${formatTime(notBefore)}`, certificate)
    else if (now + expiryWarning > notAfter)
      found.add('expiring', undefined, until, certificate, spare?.expiring)
    if (basicConstraints?.isCa !== true && !(basicConstraints === undefined && version < 3))
      found.add('leaf', undefined, who, certificate)
  }
  if (unique.length < certificates.length) found.add('duplicate')
}
