import { escapeText, shortList } from '../model/text.js'
import type { Report } from './report.js'

/** A report for people: a block for each finding, what could not be checked, and a closing line. */
export function textOf({ findings, unchecked, summary }: Report): string {
  const blocks = findings.map(({ object, rule, severity, field, message, fix, waived }) =>
    [
      `${object.file}:${object.line} ${object.kind} ${object.namespace === undefined ? '' : `${object.namespace}/`}${object.name}`,
      `  ${waived === undefined ? severity : 'waived'} ${rule}: ${message}`,
      `  field: ${field}`,
      waived === undefined ? `  fix: ${fix}` : `  reason: ${waived}`
    ]
      .map(escapeText)
      .join('\n')
  )
  const reasons = [...new Set(unchecked.map(({ because }) => because))]
  const open = reasons.map((reason) => {
    const groups = unchecked.filter(({ because }) => because === reason)
    const count = Math.max(...groups.map((group) => group.count))

    return escapeText(`not checked: ${shortList(groups.map(({ rule }) => rule))} (${many(count, 'object')}): ${reason}`)
  })
  const { objects, errors, warnings, waived } = summary
  const closing = `${many(objects, 'object')}: ${many(errors, 'error')}, ${many(warnings, 'warning')}, ${waived} waived, ${summary.unchecked} not checked`

  return `${[...blocks, ...open, closing].join('\n')}\n`
}

const many = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? '' : 's'}`
