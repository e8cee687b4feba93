import type { BundleReport } from '../ca-bundle/report.js'
import { escapeText } from '../text/escape.js'
import { paint, type Style } from './style.js'

type Expected = NonNullable<BundleReport['expected']>[number]
type Certificate = BundleReport['certificates'][number]

/** The CAs of a bundle and the expected ones, in columns; `^^^` marks a key that differs under the same name. */
export function certificateTable(
  inBundle: readonly Certificate[],
  expected: readonly Expected[],
  expectedLabel: string,
  style: Style
): string[] {
  const limit = style.verbosity === 'verbose' ? Infinity : mostShown
  const rows = [...rowsOf('in the bundle', inBundle, limit), ...rowsOf(expectedLabel, expected, limit)]
  const width = (cellOf: (row: Row) => string): number =>
    rows.reduce((max, row) => Math.max(max, cellOf(row).length), 0)
  const nameWidth = width(({ name }) => name)
  const keyWidth = width(({ key }) => key)
  const kindWidth = width(({ kind }) => kind)
  const lines = rows.map(({ label, name, key, kind, until, note }) =>
    `  ${label.padEnd(16)}${name.padEnd(nameWidth)}  ${key.padEnd(keyWidth)}  ${kind.padEnd(kindWidth)}  ${until}${note}`.trimEnd()
  )
  const left = [
    ...(inBundle.length > limit
      ? [`  ${' '.repeat(16)}${inBundle.length - limit} more in the bundle (-v lists all)`]
      : [])
  ]
  const [one] = inBundle
  const [other] = expected
  const isOtherKey =
    inBundle.length === 1 &&
    expected.length === 1 &&
    one !== undefined &&
    other !== undefined &&
    one.subject === other.subject &&
    one.sha256 !== other.sha256
  const start = ' '.repeat(18 + nameWidth + 2 + keyWidth - digits)
  const what =
    one?.subjectKeyId === undefined || one.subjectKeyId === other?.subjectKeyId ? 'certificate' : 'key'
  const isCut = lines.some(({ length }) => length > (style.width ?? Infinity)) // the terminal would shift the mark
  const mark =
    isOtherKey && !isCut
      ? [`${start}${paint('^'.repeat(digits), 'red', style)} same name, other ${what}`]
      : []

  return [...lines, ...mark, ...left]
}

const mostShown = 5

/** How many characters of a key identifier or fingerprint are shown. */
const digits = 11

interface Row {
  readonly label: string
  readonly name: string
  readonly key: string
  readonly kind: string
  readonly until: string
  readonly note: string
}

const rowsOf = (label: string, certificates: readonly (Certificate | Expected)[], limit: number): Row[] =>
  certificates.slice(0, limit).map((certificate, index) => ({
    label: index === 0 ? label : '',
    name: shortName(certificate.subject),
    key: keyTextOf(certificate),
    kind: certificate.key,
    until: `until ${certificate.notAfter.slice(0, 10)}`,
    note: noteOf(certificate)
  }))

const shortName = (subject: string): string => {
  const name = escapeText(subject)

  return name.length > 40 ? `${name.slice(0, 39)}…` : name
}

/** The start of the key identifier, or of the fingerprint if there is none. */
const keyTextOf = ({ subjectKeyId, sha256 }: Expected): string =>
  subjectKeyId === undefined ? `SHA-256 ${sha256.slice(0, digits)}` : `key ${subjectKeyId.slice(0, digits)}`

function noteOf(certificate: Certificate | Expected): string {
  const isExpected =
    'isClusterCa' in certificate
      ? certificate.isClusterCa
      : 'isInjectedCa' in certificate
        ? certificate.isInjectedCa
        : 'isPublishedCa' in certificate
          ? certificate.isPublishedCa
          : undefined
  const notes = [
    ...(certificate.isCa ? [] : ['not a CA']),
    ...(isExpected === undefined ? [] : [isExpected ? 'expected' : 'not expected']),
    ...(certificate.signs === true ? ['signs now'] : [])
  ]

  return notes.length === 0 ? '' : `  ${notes.join(', ')}`
}

/** Everything about one certificate. */
export function certificateLines(certificate: Certificate): string[] {
  const { subject, issuer, subjectKeyId, sha256, notBefore, notAfter, isCa, isSelfIssued, key, signs } =
    certificate
  const { isClusterCa, isInjectedCa, isPublishedCa } = certificate
  const marks = [
    isCa ? 'CA' : 'not a CA',
    ...(isClusterCa === undefined ? [] : [isClusterCa ? 'current cluster CA' : 'not a current cluster CA']),
    ...(isInjectedCa === undefined ? [] : [isInjectedCa ? "the injector's CA" : "not the injector's CA"]),
    ...(isPublishedCa === undefined
      ? []
      : [isPublishedCa ? 'in the WebhookTrust' : 'not in the WebhookTrust']),
    ...(signs === undefined
      ? []
      : [signs ? 'signs the served certificate' : 'does not sign the served certificate'])
  ]

  return [
    `  - ${subject} (${marks.join(', ')})`,
    ...(isSelfIssued ? [] : [`    issuer   ${issuer}`]),
    `    key      ${key}, identifier ${subjectKeyId ?? 'none'}`,
    `    valid    ${notBefore} to ${notAfter}`,
    `    SHA-256  ${sha256}`
  ].map(escapeText)
}
