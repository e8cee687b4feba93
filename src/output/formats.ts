import type { Rule } from '../rules/define-rule.js'
import { htmlReportOf } from './html/html.js'
import type { Report } from './report.js'
import type { Style } from './style.js'
import { reportTextOf } from './text.js'

/** The formats that every command can print. */
export type Format = 'text' | 'json'

/** The formats of a report. */
export type ReportFormat = Format | 'html'

/** A value as JSON, for machines. */
export const jsonOf = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`

/** What a format can use besides the report. */
export interface FormatContext {
  /** The rules that were applied. */
  readonly rules: readonly Rule[]
  /** Only texts for people have a style. */
  readonly style: Style
}

/** How a report is printed, by format. */
export const reportFormats: Readonly<
  Record<ReportFormat, (report: Report, context: FormatContext) => string>
> = {
  text: (report, { style }) => reportTextOf(report, style),
  json: jsonOf,
  html: (report, { rules }) => htmlReportOf(report, rules)
}
