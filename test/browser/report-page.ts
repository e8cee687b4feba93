import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Browser, BrowserContextOptions, Page } from 'playwright-core'
import { htmlReportOf } from '../../src/output/html/html.js'
import type { Report } from '../../src/output/report.js'
import { rules } from '../../src/rules/index.js'

/** A report that a browser shows, and what it complained about. */
export interface Opened {
  readonly page: Page
  readonly url: string
  /** Messages on the console, exceptions, and requests other than the one for the report. */
  readonly complaints: readonly string[]
  readonly close: () => Promise<void>
}

/** Opens a report as a file, at a fragment if there is one. `prepare` runs before the report is loaded. */
export async function openReport(
  browser: Browser,
  report: Report,
  {
    hash = '',
    prepare,
    ...options
  }: BrowserContextOptions & { hash?: string; prepare?: (page: Page) => Promise<unknown> } = {}
): Promise<Opened> {
  const folder = await mkdtemp(join(tmpdir(), 'irsa-guard-report-'))
  const file = join(folder, 'report.html')
  await writeFile(file, htmlReportOf(report, rules))
  const url = pathToFileURL(file).href
  const context = await browser.newContext({ viewport: { width: 1200, height: 900 }, ...options })
  const page = await context.newPage()
  const complaints: string[] = []
  page.on('console', (message) => complaints.push(`${message.type()}: ${message.text()}`))
  page.on('pageerror', (error) => complaints.push(error.message))
  page.on('request', (request) => {
    if (!request.url().startsWith(url) && !request.url().startsWith('data:'))
      complaints.push(`request for ${request.url()}`)
  })
  await prepare?.(page)
  await page.goto(`${url}${hash}`)

  return {
    page,
    url,
    complaints,
    async close() {
      await context.close()
      await rm(folder, { recursive: true, force: true })
    }
  }
}

/** The titles of the cards that are visible. */
export const rulesShown = async (page: Page): Promise<string[]> =>
  page.locator('[data-list="causes"] .card .rule').allTextContents()
