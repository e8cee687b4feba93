import type { BundleReport } from '../ca-bundle/report.js'
import { escapeText } from '../text/escape.js'
import { paint, type Style, wrapped } from './style.js'

type Expected = NonNullable<BundleReport['expected']>[number]
type Certificate = BundleReport['certificates'][number]

/**
 * The CAs of a bundle and the expected ones, in columns. If a CA has the same name as the expected one but is
 * a different CA, `^^^` marks its key.
 */
export function certificateTable(
  inBundle: readonly Certificate[],
  expected: readonly Expected[],
  expectedLabel: string,
  style: Style
): string[] {
  const limit = style.verbosity === 'verbose' ? Infinity : mostShown
  const width = style.width ?? Infinity
  const rows = [...rowsOf('in the bundle', inBundle, limit), ...rowsOf(expectedLabel, expected, limit)]
  const withoutKind = rows.map((row) => ({ ...row, kind: '' }))
  const shortest = withoutKind.map((row) => ({
    ...row,
    notes: row.notes.filter((note) => !note.endsWith('expected'))
  }))
  // A narrow terminal has no room for everything; -v lists the details below the table.
  const fits = (lines: readonly string[]): boolean => lines.every(({ length }) => length <= width)
  const aligned = [rows, withoutKind, shortest].map(alignedLines).find(fits)
  const more = inBundle.length - limit

  return [
    ...(aligned ?? rows.flatMap((row) => rowLines(row, style))),
    ...(aligned === undefined ? [] : keyMark(inBundle, expected, aligned[0] ?? '', style)),
    ...(more > 0 ? [`${' '.repeat(18)}${more} more in the bundle (-v lists all)`] : [])
  ]
}

/** A row below its label, in as many lines as it needs. */
const rowLines = ({ label, name, key, until, notes }: Row, style: Style): string[] => [
  ...(label === '' ? [] : [`  ${label}`]),
  ...wrapped([name, key, until, ...notes].join(', '), '      ', style, '        ')
]

/** The rows as lines; a column that is empty in all rows is left out. */
function alignedLines(rows: readonly Row[]): string[] {
  const widthOf = (cellOf: (row: Row) => string): number =>
    rows.reduce((max, row) => Math.max(max, cellOf(row).length), 0)
  const columns = [
    (row: Row) => row.name,
    (row: Row) => row.key,
    (row: Row) => row.kind,
    (row: Row) => row.until,
    (row: Row) => row.notes.join(', ')
  ].map((cellOf) => ({ cellOf, width: widthOf(cellOf) }))

  return rows.map((row) =>
    `  ${row.label.padEnd(16)}${columns
      .filter(({ width }) => width > 0)
      .map(({ cellOf, width }) => cellOf(row).padEnd(width))
      .join('  ')}`.trimEnd()
  )
}

/**
 * Marks the key with `^^^` if the bundle's only CA has the same name as the only expected CA, but differs
 * from it.
 */
function keyMark(
  [one, ...others]: readonly Certificate[],
  [other, ...more]: readonly Expected[],
  line: string,
  style: Style
): string[] {
  if (one === undefined || other === undefined || others.length + more.length > 0) return []
  if (one.subject !== other.subject || one.sha256 === other.sha256) return []
  const key = keyTextOf(one)
  const start = line.lastIndexOf(key) + key.length - digits
  const what =
    one.subjectKeyId === undefined || one.subjectKeyId === other.subjectKeyId ? 'certificate' : 'key'

  return [`${' '.repeat(start)}${paint('^'.repeat(digits), 'red', style)} same name, other ${what}`]
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
  readonly notes: readonly string[]
}

const rowsOf = (label: string, certificates: readonly (Certificate | Expected)[], limit: number): Row[] =>
  certificates.slice(0, limit).map((certificate, index) => ({
    label: index === 0 ? label : '',
    name: shortName(certificate.subject),
    key: keyTextOf(certificate),
    kind: certificate.key,
    until: `until ${certificate.notAfter.slice(0, 10)}`,
    notes: notesOf(certificate)
  }))

const shortName = (subject: string): string => {
  const name = escapeText(subject)

  return name.length > 40 ? `${name.slice(0, 39)}…` : name
}

/** The start of the key identifier, or of the fingerprint if there is none. */
const keyTextOf = ({ subjectKeyId, sha256 }: Expected): string =>
  subjectKeyId === undefined ? `SHA-256 ${sha256.slice(0, digits)}` : `key ${subjectKeyId.slice(0, digits)}`

function notesOf(certificate: Certificate | Expected): string[] {
  const isExpected =
    'isClusterCa' in certificate
      ? certificate.isClusterCa
      : 'isInjectedCa' in certificate
        ? certificate.isInjectedCa
        : 'isPublishedCa' in certificate
          ? certificate.isPublishedCa
          : undefined

  return [
    ...(isExpected === undefined ? [] : [isExpected ? 'expected' : 'not expected']),
    ...(certificate.isCa ? [] : ['not a CA']),
    ...(certificate.signs === true ? ['signs now'] : [])
  ]
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
