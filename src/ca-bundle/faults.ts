import { quote } from '../text/escape.js'
import type { Certificate } from '../x509/certificate.js'
import type { Placeholder } from './placeholder.js'

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
  'utf-16': ['it is UTF-16 text, as written by Windows PowerShell', 'save the PEM file as ASCII or UTF-8'],
  'byte-order-mark': [
    'there is a byte order mark before BEGIN',
    'save the PEM file as UTF-8 without a byte order mark'
  ],
  der: ['it is a bare DER certificate', 'convert it: openssl x509 -inform der -in ca.der -out ca.pem'],
  indented: ['a BEGIN or END line is indented, so Go skips its PEM block', 'remove the indentation'],
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

/** Collects faults by kind. Each kind is reported once, with its first position. */
export class FaultTally {
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

/** The fault of a bundle that is a placeholder. */
export const placeholderFault = ({ text, fix }: Placeholder): Fault => ({
  ...faultOf('placeholder', 1, undefined, quote(text)),
  fix
})

/** A fault in words. */
export function faultOf(
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
