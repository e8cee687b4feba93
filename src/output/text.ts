import { allRules } from '../model/finding.js'
import { argumentOf, escapeText } from '../text/escape.js'
import type { ObjectReference, Report, ReportedFinding, UncheckedGroup } from './report.js'
import { markOf, paint, type Style, wrapped } from './style.js'

/**
 * A report for people: one entry for each cause, by file, then what could not be checked, and a closing line
 * that sums up.
 */
export function reportTextOf(report: Report, style: Style): string {
  const shown = report.findings.filter(
    ({ severity, waived }) => style.verbosity !== 'quiet' || (severity === 'error' && waived === undefined)
  )
  const entries = [...Map.groupBy(shown, ({ cause }) => cause).values()]
  const files = Map.groupBy(entries, ([first]) => placeNameOf(first?.object))
  const blocks = [...files].map(([file, entries]) =>
    [paint(escapeText(file), 'bold', style), ...entriesText(file, entries, report, style)].join('\n')
  )
  const unchecked = style.verbosity === 'quiet' ? [] : notCheckedLines(report.unchecked, style)

  return `${[...blocks, ...(unchecked.length > 0 ? [unchecked.join('\n')] : []), closingLines(report, style).join('\n')].join('\n\n')}\n`
}

/** The heading that an object is listed under: its file or its cluster. */
const placeNameOf = (object: ObjectReference | undefined): string =>
  object?.file ?? object?.cluster ?? 'this cluster'

type Entry = readonly ReportedFinding[]

/** The entries of one file, their columns aligned. */
function entriesText(file: string, entries: readonly Entry[], report: Report, style: Style): string[] {
  const causes = new Map(report.causes.map((cause) => [cause.id, cause]))
  const sorted = entries.toSorted(([one], [other]) => (one?.object.line ?? 0) - (other?.object.line ?? 0))
  const heads = sorted.map((entry) => {
    const [first] = entry as readonly [ReportedFinding]
    return {
      first,
      entry,
      line: String(first.object.line ?? ''),
      severity: first.waived === undefined ? shortNames[first.severity] : 'waived',
      object: escapeText(entry.length === 1 ? nameOf(first.object) : objectsCounted(entry))
    }
  })
  const lineWidth = Math.max(...heads.map(({ line }) => line.length)) + 2
  const objectWidth = Math.min(60, Math.max(...heads.map(({ object }) => object.length)))
  const indent = ' '.repeat(lineWidth + 2)

  return heads.flatMap(({ first, entry, line, severity, object }) => {
    const { rule, waived, field, alsoAt = [], message, fix } = first
    const cause = causes.get(first.cause)
    const isShared = entry.length > 1
    const paragraph = (text: string, label = ''): string[] =>
      wrapped(escapeText(text), `${indent}${label}`, style, `${indent}${' '.repeat(label.length)}`)

    return [
      `${line.padStart(lineWidth)}  ${paint(severity.padEnd(6), severityColors[first.waived === undefined ? first.severity : 'info'], style)} ${object.padEnd(objectWidth)}  ${paint(rule, 'dim', style)}`,
      ...paragraph(isShared ? (cause?.summary ?? message) : message),
      ...(isShared ? paragraph(objectsListed(file, entry, style), 'affects ') : []),
      ...(style.verbosity === 'verbose' || alsoAt.length > 0
        ? paragraph(fewOf([field, ...alsoAt], style), 'at      ')
        : []),
      ...(waived === undefined
        ? paragraph(isShared ? (cause?.fix ?? fix) : fix, 'fix     ')
        : paragraph(waived, 'reason  '))
    ]
  })
}

const shortNames = { error: 'error', warning: 'warn', info: 'info' } as const
const severityColors = { error: 'red', warning: 'yellow', info: 'cyan' } as const

/** The kind and name of an object, such as `ServiceAccount shop/cart`. */
export const nameOf = ({ kind, namespace, name }: ObjectReference): string =>
  `${kind}${name === '' ? '' : ` ${shortNameOf({ namespace, name })}`}`

const shortNameOf = ({ namespace, name }: { namespace?: string | undefined; name: string }): string =>
  namespace === undefined ? name : `${namespace}/${name}`

/** How many objects an entry affects, such as `500 ServiceAccounts`. */
function objectsCounted(entry: Entry): string {
  const kinds = new Set(entry.map(({ object }) => object.kind))
  const [kind = ''] = kinds

  return `${entry.length} ${kinds.size === 1 ? `${kind}s` : 'objects'}`
}

/** The objects of an entry. Those in other files are named with their file and line. */
function objectsListed(file: string, entry: Entry, style: Style): string {
  const kinds = new Set(entry.map(({ object }) => object.kind))

  return fewOf(
    entry.map(({ object }) => {
      const name = kinds.size === 1 ? shortNameOf(object) : nameOf(object)
      const place = placeNameOf(object)

      return place === file ? name : `${name} (${place}${object.line === undefined ? '' : `:${object.line}`})`
    }),
    style
  )
}

const maxShown = 3

/** The first few texts, or all of them if the output is verbose. */
const fewOf = (texts: readonly string[], { verbosity }: Style): string =>
  texts.length <= maxShown || verbosity === 'verbose'
    ? texts.join(', ')
    : `${texts.slice(0, maxShown).join(', ')} and ${texts.length - maxShown} more (-v lists all)`

/** What was not checked: one line for each reason. */
export function notCheckedLines(unchecked: readonly UncheckedGroup[], style: Style): string[] {
  return [...Map.groupBy(unchecked, ({ because }) => because)].flatMap(([because, groups]) => {
    const names = groups.map(({ rule }) => rule)
    const rules = names.includes(allRules)
      ? 'all rules'
      : names.length <= maxShown || style.verbosity === 'verbose'
        ? names.join(', ')
        : counted(names.length, 'rule')
    const count = Math.max(...groups.map(({ count }) => count)) // the rules can have different counts
    const objects = groups.flatMap(({ objects }) => objects)
    const places =
      names.includes(allRules) || style.verbosity === 'verbose'
        ? ` (${[...new Set(objects.map(locationOf))].slice(0, maxShown).join(', ')}${count > maxShown ? ` and ${count - maxShown} more` : ''})`
        : ''
    const hint = groups.find((group) => group.hint !== undefined)?.hint

    return wrapped(
      escapeText(
        `not checked: ${rules} for ${counted(count, 'object')}${places}: ${because}${hint === undefined ? '' : ` (${hint})`}`
      ),
      '',
      style,
      '  '
    )
  })
}

const locationOf = (object: ObjectReference): string =>
  `${object.file === undefined ? '' : `${object.file}:${object.line ?? ''} `}${nameOf(object)}`

/** The numbers of a report, and how many objects were of kinds that are judged. */
function closingLines({ summary, causes, findings }: Report, style: Style): string[] {
  const { objects, judged, errors, warnings } = summary
  const mark = errors > 0 ? 'wrong' : warnings > 0 ? 'warning' : 'ok'
  const separator = style.ascii ? '-' : '·'
  const [worst] = causes.filter(({ id }) => findings.some(({ cause, waived }) => cause === id && !waived))

  return [
    `${markOf(mark, style)} ${outcomeOf(summary)} ${separator} ${judgedText(judged, objects)}`,
    ...(worst === undefined || style.verbosity === 'quiet'
      ? []
      : [paint(`  more about a rule: irsa-guard explain ${argumentOf(worst.rule, 'RULE')}`, 'dim', style)])
  ]
}

/** The numbers of findings, such as `2 errors, 1 warning`. */
export function outcomeOf({ errors, warnings, infos, waived }: Report['summary']): string {
  const counts = [
    ...(errors > 0 ? [counted(errors, 'error')] : []),
    ...(warnings > 0 ? [counted(warnings, 'warning')] : []),
    ...(infos > 0 ? [counted(infos, 'info')] : []),
    ...(waived > 0 ? [`${waived} waived`] : [])
  ]

  return counts.length === 0 ? 'no findings' : counts.join(', ')
}

/** How many of the objects irsa-guard judged, so that a file without such objects does not look checked. */
export function judgedText(judged: number, objects: number): string {
  if (objects === 0) return 'no objects'
  if (judged === 0)
    return objects === 1
      ? 'irsa-guard does not judge objects of this kind'
      : `irsa-guard judges none of the kinds of these ${objects} objects`

  return judged === objects
    ? `${counted(objects, 'object')} judged`
    : `${judged} of ${objects} objects judged`
}

/** A number of things, such as `3 objects`. */
export const counted = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? '' : 's'}`
