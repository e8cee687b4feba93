import type { Severity } from '../model/finding.js'
import { escapeText } from '../text/escape.js'
import type { Cause } from './causes.js'
import { excerptLines, withoutExcerpt } from './excerpt-text.js'
import type { ObjectReference, ReportedFinding } from './reported-finding.js'
import { fewOf, paint, type Style, wrapped } from './style.js'

/** A cause, and the findings that it is shown for. */
export interface Entry {
  readonly first: ReportedFinding
  readonly findings: readonly ReportedFinding[]
  readonly cause: Cause | undefined
}

/** The entries of one file, in line order, with aligned columns. */
export function entriesText(place: string, entries: readonly Entry[], style: Style): string[] {
  const heads = entries
    .toSorted((one, other) => (one.first.object.line ?? 0) - (other.first.object.line ?? 0))
    .map((entry) => ({ entry, line: String(entry.first.object.line ?? ''), name: headingOf(entry) }))
  const lineWidth = widest(heads.map(({ line }) => line)) + 2
  // One long name must not push the rules of all other entries to the right.
  const nameWidth = widest(heads.map(({ name }) => name).filter(({ length }) => length <= longestName))
  const indent = ' '.repeat(lineWidth + 2)

  return heads.flatMap(({ entry, line, name }) => {
    const { severity, waived, rule } = entry.first
    const label = waived === undefined ? labels[severity] : ({ name: 'waived', color: 'dim' } as const)
    const start = `${line.padStart(lineWidth)}  ${paint(label.name.padEnd(6), label.color, style)} `
    const length = lineWidth + 9 + Math.max(name.length, nameWidth) + 2 + rule.length
    const head =
      length <= (style.width ?? Infinity)
        ? [`${start}${name.padEnd(nameWidth)}  ${paint(rule, 'dim', style)}`]
        : [...wrapped(name, start, style, indent), `${indent}${paint(rule, 'dim', style)}`]

    return [...head, ...bodyOf(place, entry, indent, style)]
  })
}

const longestName = 48

const widest = (texts: readonly string[]): number =>
  texts.reduce((max, { length }) => Math.max(max, length), 0)

const labels = {
  error: { name: 'error', color: 'red' },
  warning: { name: 'warn', color: 'yellow' },
  info: { name: 'info', color: 'cyan' }
} as const satisfies Record<Severity, { name: string; color: string }>

/** What is wrong, which objects it affects, and how to fix it. */
function bodyOf(place: string, entry: Entry, indent: string, style: Style): string[] {
  const { first, findings, cause } = entry
  const { message, fix, field, alsoAt = [], waived } = first
  const isVerbose = style.verbosity === 'verbose'
  const isShared = findings.length > 1
  const paragraph = (text: string, label = ''): string[] =>
    wrapped(escapeText(text), `${indent}${label}`, style, `${indent}${' '.repeat(label.length)}`)
  const excerpt = haveOne(findings, ({ excerpt }) => JSON.stringify(excerpt))
    ? excerptLines(first.excerpt, indent, style)
    : []
  const summary = isShared ? (cause?.summary ?? message) : message
  const isExampleShown = !isVerbose && !haveOne(findings, ({ message }) => message)
  const isEachShown = isVerbose && !haveOne(findings, ({ message, fix }) => JSON.stringify([message, fix]))

  return [
    ...paragraph(excerpt.length > 0 ? withoutExcerpt(summary, first.excerpt) : summary),
    ...excerpt,
    ...(isShared ? paragraph(objectsListed(place, findings, style), 'affects ') : []),
    ...(isExampleShown ? paragraph(`${shortNameOf(first.object)}: ${message}`, 'example ') : []),
    ...(isVerbose || alsoAt.length > 0 ? paragraph(fewOf([field, ...alsoAt], style), 'at      ') : []),
    ...(isEachShown
      ? findings.flatMap((finding) => [
          ...paragraph(`${shortNameOf(finding.object)}: ${finding.message}`, '-       '),
          ...paragraph(finding.fix, 'fix     ')
        ])
      : waived === undefined
        ? paragraph(isShared ? (cause?.fix ?? fix) : fix, 'fix     ')
        : []),
    ...(waived === undefined ? [] : paragraph(waived, 'reason  '))
  ]
}

const haveOne = (
  findings: readonly ReportedFinding[],
  propertyOf: (finding: ReportedFinding) => string | undefined
): boolean => new Set(findings.map(propertyOf)).size === 1

/** The object of an entry, or how many there are, such as `500 ServiceAccounts`. */
function headingOf({ first, findings }: Entry): string {
  if (findings.length === 1) return escapeText(nameOf(first.object))

  return escapeText(`${findings.length} ${haveOne(findings, kindOf) ? `${first.object.kind}s` : 'objects'}`)
}

const kindOf = ({ object }: ReportedFinding): string => object.kind

/** The objects of an entry. Those in other files are named with their file and line. */
function objectsListed(place: string, findings: readonly ReportedFinding[], style: Style): string {
  const haveOneKind = haveOne(findings, kindOf)
  const names = findings.map(({ object }) => {
    const name = haveOneKind ? shortNameOf(object) : nameOf(object)

    return placeNameOf(object) === place ? name : `${name} (${placeOf(object)})`
  })

  return fewOf(names, style)
}

/** The heading that an object is listed under: its file or its cluster. */
export const placeNameOf = ({ file, cluster }: ObjectReference): string => file ?? cluster ?? 'this cluster'

const placeOf = (object: ObjectReference): string =>
  `${placeNameOf(object)}${object.line === undefined ? '' : `:${object.line}`}`

/** The kind, namespace and name of an object. */
export const nameOf = (object: ObjectReference): string =>
  `${object.kind}${object.name === '' ? '' : ` ${shortNameOf(object)}`}`

const shortNameOf = ({ namespace, name }: ObjectReference): string =>
  namespace === undefined ? name : `${namespace}/${name}`

/** Where an object is: its file and line, if it is in a file, and its name. */
export const locationOf = (object: ObjectReference): string =>
  `${object.file === undefined ? '' : `${placeOf(object)} `}${nameOf(object)}`
