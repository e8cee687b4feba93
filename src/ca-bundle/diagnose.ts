import { decodeBase64 } from '../x509/base64.js'
import { type Bundle, readBundle, unusableText } from '../x509/bundle.js'
import { type Certificate, parseCertificate } from '../x509/certificate.js'
import { describeCertificate } from '../x509/describe.js'
import { goMinorOf } from '../x509/go-version.js'
import { buildPool } from '../x509/pool.js'
import { formatTime } from '../x509/time.js'

/**
 * What can be wrong with a bundle. The first group loses certificates, the second is about certificates that
 * Go reads.
 */
export type FaultKind = keyof typeof faults

/**
 * One kind of fault, how often it is there, and where first (a line of the decoded text; undefined when lines
 * mean nothing).
 */
export interface Fault {
  readonly kind: FaultKind
  readonly count: number
  readonly line: number | undefined
  /** In plain words. */
  readonly message: string
  readonly fix: string
  readonly certificate?: Certificate
}

export interface Diagnosis {
  /** What Go reads; undefined when the text is not base64. */
  readonly bundle: Bundle | undefined
  readonly faults: readonly Fault[]
  /**
   * Why the API server can use nothing of it, in the words of its client; undefined when it reads a
   * certificate.
   */
  readonly unusable: string | undefined
}

const faults = {
  'not-base64': [
    'it is not base64',
    'write the PEM text in base64, once, without line breaks: base64 -w0 ca.pem'
  ],
  'base64-twice': [
    'it is base64-encoded twice',
    'encode the PEM text once only; in YAML, stringData or a template function may have encoded it already'
  ],
  'utf-16': ['it is UTF-16 text, as Windows PowerShell writes files', 'save the PEM file as ASCII or UTF-8'],
  'byte-order-mark': [
    'a byte order mark stands in front of BEGIN',
    'save the PEM file as UTF-8 without byte order mark'
  ],
  der: ['it is a bare DER certificate', 'convert it: openssl x509 -inform der -in ca.der -out ca.pem'],
  indented: [
    'lines are indented, and PEM lines must begin at the left edge',
    'remove the blanks in front of each line'
  ],
  glued: [
    'two PEM blocks are glued together, so that Go loses both',
    'put a line break between END CERTIFICATE----- and -----BEGIN'
  ],
  'literal-line-ends': [
    'it holds the two characters \\n where line breaks should be',
    'put real line breaks in their place: printf "%b"'
  ],
  'carriage-returns': [
    'its lines end with a bare carriage return',
    'convert the line ends to LF: tr "\\r" "\\n"'
  ],
  'text-beside': ['other text stands on the line of BEGIN or END', 'put BEGIN and END on lines of their own'],
  'lower-case': ['BEGIN is not in capitals', 'write -----BEGIN CERTIFICATE----- as it is'],
  truncated: [
    'a block has no END line, or not the one that belongs to its BEGIN',
    'copy the whole certificate again'
  ],
  damaged: ['what stands in a block is not base64', 'copy the certificate again'],
  'certificate-refused': ['Go cannot read a certificate', 'have the CA issue it again'],
  headers: [
    'a block has headers (lines with a colon), and Go passes such blocks over',
    'remove the lines between BEGIN and the base64 text'
  ],
  'wrong-label': [
    'a block is labelled otherwise than CERTIFICATE, and Go passes it over',
    'convert it: openssl x509 -in ca.pem -out clean.pem'
  ],
  'certificate-request': [
    'it holds a certificate request, which is no certificate',
    'put the CA certificate there instead'
  ],
  pkcs7: [
    'it holds a PKCS#7 container, which Go does not read',
    'convert it: openssl pkcs7 -print_certs -in ca.p7b -out ca.pem'
  ],
  'pkcs7-der': [
    'it is a bare PKCS#7 container (DER), which Go does not read',
    'convert it: openssl pkcs7 -inform der -print_certs -in ca.p7b -out ca.pem'
  ],
  'private-key': [
    'it holds a private key, which everybody who may read the object can read',
    'remove the key, and replace it: it is no secret any more'
  ],
  'no-pem': ['there is no PEM block in it', 'put the CA certificate there, as PEM in base64'],
  expired: ['a certificate has expired', 'put the current CA certificate there'],
  'not-yet-valid': ['a certificate is not yet valid', 'wait, or correct the clock with which it was made'],
  expiring: ['a certificate expires within 30 days', 'put the next CA certificate beside it before that'],
  leaf: [
    'a certificate is not one of a CA: only the server that presents this very certificate is trusted',
    'put the certificate of the CA there that signs the serving certificate'
  ],
  duplicate: ['a certificate is in it more than once', 'keep it once']
} as const satisfies Record<string, readonly [what: string, fix: string]>

const soon = 30 * 86_400_000

/**
 * Says why the API server reads no or fewer certificates from a caBundle (base64 text) than someone meant to
 * put there, and what is wrong with those that it reads. Never throws; linear in its input.
 */
export function diagnoseBundle(caBundle: string, at: Date, go?: string): Diagnosis {
  const goMinor = goMinorOf(go)
  const decoded = decodeBase64(caBundle)
  if (decoded === undefined)
    return {
      bundle: undefined,
      faults: [faultOf('not-base64', 1, undefined)],
      unusable: 'illegal base64 data'
    }

  const bundle = readBundle(decoded, goMinor)
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
  if (isSilent) found.add(/-----begin/i.test(bundle.text) ? 'lower-case' : 'no-pem')
  certificateFaults(bundle, at, found)

  return { bundle, faults: found.faults, unusable: bundle.text === '' ? undefined : unusableText(bundle) }
}

/** Faults by kind; each is told once, with where it is met first. */
class Tally {
  readonly #text: string
  readonly #byKind = new Map<
    FaultKind,
    {
      count: number
      offset: number | undefined
      detail: string | undefined
      certificate: Certificate | undefined
    }
  >()

  constructor(text: string) {
    this.#text = text
  }

  get isEmpty(): boolean {
    return this.#byKind.size === 0
  }

  add(kind: FaultKind, offset?: number, detail?: string, certificate?: Certificate): void {
    const known = this.#byKind.get(kind)
    if (known === undefined) this.#byKind.set(kind, { count: 1, offset, detail, certificate })
    else known.count++
  }

  get faults(): Fault[] {
    return [...this.#byKind].map(([kind, { count, offset, detail, certificate }]) =>
      faultOf(
        kind,
        count,
        offset === undefined ? undefined : this.#text.slice(0, offset).split('\n').length,
        detail,
        certificate
      )
    )
  }
}

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

// id-signedData, 1.2.840.113549.1.7.2, which stands first in such a container: RFC 5652, sections 3 and 5
const signedData = Buffer.from('06092a864886f70d010702', 'hex')

/** What spoils the text as a whole, when no block was read from it. */
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

/** Why Go does not see a block that a person sees: what stands around its BEGIN and its END. */
function blockFaults(begin: RegExpExecArray, text: string, marks: Marks, found: Tally): void {
  const { index: start } = begin
  const label = begin[1] ?? ''
  const kind = beginFault(text, start) ?? endFault(text, start + begin[0].length, label, marks)
  if (kind !== undefined) found.add(kind, start)
  // A key that Go does not see either can still be read by people.
  if (kind !== undefined && labelFault(label) === 'private-key') found.add('private-key', start)
}

function beginFault(text: string, start: number): FaultKind | undefined {
  const before = text.slice(Math.max(0, start - 200), start) // enough to see what kind of line it is
  if (before === '' || before.endsWith('\n')) return undefined
  if (before.endsWith('\u00ef\u00bb\u00bf')) return 'byte-order-mark'
  if (before.endsWith('\\n')) return 'literal-line-ends'
  if (before.endsWith('\r')) return 'carriage-returns'
  if (before.endsWith('-----')) return 'glued'

  return /(?:^|\n)[ \t]+$/.test(before) ? 'indented' : 'text-beside'
}

/** Where the next END and BEGIN stand, from a position that only grows. */
interface Marks {
  readonly nextEnd: (from: number) => number
  readonly nextBegin: (from: number) => number
}

/**
 * An indexOf that remembers its last answer, so that asking from growing positions costs one pass over the
 * text.
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
  for (const certificate of unique) {
    const { notBefore, notAfter, basicConstraints, version } = certificate
    const who = describeCertificate(certificate)
    if (now > notAfter) found.add('expired', undefined, `${who}, at ${formatTime(notAfter)}`, certificate)
    else if (now < notBefore)
      found.add('not-yet-valid', undefined, `${who}, before ${formatTime(notBefore)}`, certificate)
    else if (now + soon > notAfter)
      found.add('expiring', undefined, `${who}, at ${formatTime(notAfter)}`, certificate)
    if (basicConstraints?.isCa !== true && !(basicConstraints === undefined && version < 3))
      found.add('leaf', undefined, who, certificate)
  }
  if (unique.length < certificates.length) found.add('duplicate')
}
