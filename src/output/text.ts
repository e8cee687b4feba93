import { escapeText } from '../model/text.js'
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
  const open = unchecked.map(({ rule, because, count }) =>
    escapeText(`not checked: ${rule} (${count} ${count === 1 ? 'object' : 'objects'}): ${because}`)
  )
  const { objects, errors, warnings, waived } = summary

  return `${[...blocks, ...open, `${objects} ${objects === 1 ? 'object' : 'objects'}: ${errors} errors, ${warnings} warnings, ${waived} waived, ${summary.unchecked} not checked`].join('\n')}\n`
}
