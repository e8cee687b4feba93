import { escapeText, shortList } from '../text/escape.js'
import { foldShared } from './fold.js'
import type { ObjectReference, Report } from './report.js'

/** A report for people: a block for each finding, what could not be checked, and a closing line. */
export function reportTextOf({ findings, unchecked, summary }: Report): string {
  const blocks = foldShared(findings).map(
    ({ finding: { rule, severity, field, message, fix, waived }, objects }) =>
      [
        `${objects.length === 1 ? '' : `${many(objects.length, 'object')}: `}${firstFew(objects.map(placeOf))}`,
        `  ${waived === undefined ? severity : 'waived'} ${rule}: ${message}`,
        `  field: ${field}`,
        waived === undefined ? `  fix: ${fix}` : `  reason: ${waived}`
      ]
        .map(escapeText)
        .join('\n')
  )
  const open = [...Map.groupBy(unchecked, ({ because }) => because)].map(([reason, groups]) => {
    const count = Math.max(...groups.map((group) => group.count)) // one for each rule

    return escapeText(
      `not checked: ${shortList(groups.map(({ rule }) => rule))} (${many(count, 'object')}): ${reason}`
    )
  })
  const { objects, errors, warnings, waived } = summary
  const closing = `${many(objects, 'object')}: ${many(errors, 'error')}, ${many(warnings, 'warning')}, ${waived} waived, ${summary.unchecked} not checked`

  return `${[...blocks, ...open, closing].join('\n')}\n`
}

const placeOf = ({ file, line, kind, namespace, name }: ObjectReference): string =>
  `${file}:${line} ${kind} ${namespace === undefined ? '' : `${namespace}/`}${name}`

const few = 3

const firstFew = (places: readonly string[]): string =>
  places.length <= few
    ? places.join(', ')
    : `${places.slice(0, few).join(', ')} and ${places.length - few} more`

const many = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? '' : 's'}`
