import type { Rule } from '../rules/define-rule.js'
import type { Report } from './report.js'
import { reportTextOf } from './text.js'

/** The formats that every command can print. */
export type Format = 'text' | 'json'

/** The formats of a report. */
export type ReportFormat = Format

/** A value as JSON, for machines. */
export const jsonOf = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`

/** How a report is printed, by format. `rules` are those that were applied. */
export const reportFormats: Readonly<
  Record<ReportFormat, (report: Report, rules: readonly Rule[]) => string>
> = {
  text: reportTextOf,
  json: jsonOf
}
