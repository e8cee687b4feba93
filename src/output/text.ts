import { allRules } from '../model/finding.js'
import { escapeText } from '../text/escape.js'
import { groupShared } from './group-shared.js'
import type { ObjectReference, Report } from './report.js'

/** A report for people: a block for each finding, what could not be checked, and a closing line. */
export function reportTextOf({ findings, unchecked, summary }: Report): string {
  const blocks = groupShared(findings).map(
    ({ finding: { rule, severity, field, alsoAt = [], message, fix, waived }, objects }) =>
      [
        `${objects.length === 1 ? '' : `${counted(objects.length, 'object')}: `}${firstFew(objects.map(placeOf))}`,
        `  ${waived === undefined ? severity : 'waived'} ${rule}: ${message}`,
        `  field: ${firstFew([field, ...alsoAt])}`,
        waived === undefined ? `  fix: ${fix}` : `  reason: ${waived}`
      ]
        .map(escapeText)
        .join('\n')
  )
  const notChecked = [...Map.groupBy(unchecked, ({ because }) => because)].map(([because, groups]) => {
    const names = groups.map(({ rule }) => rule)
    const rules = names.includes(allRules)
      ? 'all rules'
      : names.length <= maxShown
        ? names.join(', ')
        : counted(names.length, 'rule')
    const objects = Math.max(...groups.map(({ count }) => count)) // the rules can have different counts
    const places = names.includes(allRules)
      ? ` (${firstFew(groups.flatMap(({ objects }) => objects).map(placeOf))})`
      : ''

    return escapeText(`not checked: ${rules} for ${counted(objects, 'object')}${places}: ${because}`)
  })
  const { objects, errors, warnings, infos, waived } = summary
  const closing = [
    counted(errors, 'error'),
    counted(warnings, 'warning'),
    counted(infos, 'info'),
    `${waived} waived`
  ].join(', ')

  return `${[...blocks, ...notChecked, `${counted(objects, 'object')}: ${closing}`].join('\n')}\n`
}

const placeOf = ({ file, line, kind, namespace, name }: ObjectReference): string =>
  `${file}:${line} ${kind}${name === '' ? '' : ` ${namespace === undefined ? '' : `${namespace}/`}${name}`}`

const maxShown = 3

const firstFew = (places: readonly string[]): string =>
  places.length <= maxShown
    ? places.join(', ')
    : `${places.slice(0, maxShown).join(', ')} and ${places.length - maxShown} more`

const counted = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? '' : 's'}`
