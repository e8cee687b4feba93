import { escapeJson } from '../text/escape.js'
import type { FormatContext } from './format-context.js'
import { githubOf } from './github.js'
import { htmlReportOf } from './html/html.js'
import { junitOf } from './junit.js'
import { markdownOf } from './markdown.js'
import type { Report } from './report.js'
import { sarifOf } from './sarif.js'
import { reportTextOf } from './text.js'

/** The formats that every command can print. */
export type Format = 'text' | 'json'

/** The formats of a report. */
export type ReportFormat = Format | 'sarif' | 'junit' | 'github' | 'markdown' | 'html'

/** A value as JSON, for machines. */
export const jsonOf = (value: unknown): string => `${escapeJson(JSON.stringify(value, null, 2))}\n`

/** How a report is printed, by format. */
export const reportFormats: Readonly<
  Record<ReportFormat, (report: Report, context: FormatContext) => string>
> = {
  text: (report, { style, run, complaints }) => reportTextOf(report, style, run, complaints.length > 0),
  json: jsonOf,
  sarif: (report, context) => jsonOf(sarifOf(report, context)),
  junit: junitOf,
  github: githubOf,
  markdown: markdownOf,
  html: (report, { rules }) => htmlReportOf(report, rules)
}
