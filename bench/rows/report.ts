import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Browser } from 'playwright-core'
import { startChromium } from '../../test/browser/chromium.ts'
import { alternate, ratiosOf } from '../support/alternate.ts'
import { load } from '../support/built.ts'
import type { Row } from '../support/row.ts'
import { medianOf } from '../support/statistics.ts'

const many = 10_000
const few = 100

/**
 * Compares the HTML report of 10,000 findings with that of 100 in Chromium: until it first paints something, and
 * from a letter in the search field to the next frame that the browser has painted.
 */
export const report: Row = async ({ rounds }) => {
  const folder = await mkdtemp(join(tmpdir(), 'irsa-guard-bench-'))
  const browser = await startChromium()
  try {
    const urls = { many: await writeReport(folder, many), few: await writeReport(folder, few) }
    const filterTimes = { many: [] as number[], few: [] as number[] }
    const measure = async (side: 'many' | 'few'): Promise<number> => {
      const { paint, filter } = await timesOf(browser, urls[side])
      filterTimes[side].push(filter)

      return paint
    }
    const paints = await alternate(rounds, { many: () => measure('many'), few: () => measure('few') })

    return [
      {
        what: 'report: first paint, 10,000 findings / 100',
        ratios: ratiosOf(paints.many, paints.few),
        budget: 4,
        absolute: `${medianOf(paints.many).toFixed(0)} ms against ${medianOf(paints.few).toFixed(0)} ms`
      },
      {
        what: 'report: a letter in the search field, 10,000 findings / 100',
        ratios: ratiosOf(filterTimes.many, filterTimes.few),
        budget: 4,
        absolute: `${medianOf(filterTimes.many).toFixed(0)} ms against ${medianOf(filterTimes.few).toFixed(0)} ms`
      }
    ]
  } finally {
    await browser.close()
    await rm(folder, { recursive: true, force: true })
  }
}

/** Writes the report of this many findings; half of them have one cause, the others are causes by themselves. */
async function writeReport(folder: string, count: number): Promise<string> {
  const { htmlReportOf } = (await load(
    'output/html/html.js'
  )) as typeof import('../../src/output/html/html.js')
  const { reportOf } = (await load('output/report.js')) as typeof import('../../src/output/report.js')
  const { rules } = (await load('rules/index.js')) as typeof import('../../src/rules/index.js')
  const verdicts = Array.from({ length: count }, (_, index) => ({
    object: {
      apiVersion: 'v1',
      kind: 'ServiceAccount',
      namespace: `team-${index % 100}`,
      name: `app-${index}`,
      cluster: 'prod'
    },
    findings: [
      {
        rule: index % 2 === 0 ? 'trust-subject-mismatch' : 'role-missing',
        severity: 'error' as const,
        docs: '',
        field: 'metadata.annotations["eks.amazonaws.com/role-arn"]',
        message: `role arn:aws:iam::111122223333:role/app-${index} does not exist or does not trust app-${index}`,
        fix: `create the role, or point the annotation of app-${index} to an existing one`,
        ...(index % 2 === 0 && { cause: 'arn:aws:iam::111122223333:role/shared' })
      }
    ],
    unchecked: []
  }))
  const file = join(folder, `report-${count}.html`)
  await writeFile(
    file,
    htmlReportOf(
      reportOf({ objects: count, judged: count }, verdicts, (id) => id),
      rules
    )
  )

  return pathToFileURL(file).href
}

const paintScript = `new Promise((resolve) => {
  const observer = new PerformanceObserver((list) => {
    for (const { name, startTime } of list.getEntries())
      if (name === 'first-contentful-paint') resolve(startTime)
  })
  observer.observe({ type: 'paint', buffered: true })
})`

/** Two frames later, the browser has painted what the letter changed. */
const filterScript = `new Promise((resolve) => {
  const field = document.querySelector('#text')
  const start = performance.now()
  field.value = 'app-9'
  field.dispatchEvent(new Event('input', { bubbles: true }))
  requestAnimationFrame(() => requestAnimationFrame(() => resolve(performance.now() - start)))
})`

async function timesOf(browser: Browser, url: string): Promise<{ paint: number; filter: number }> {
  const page = await browser.newPage({ viewport: { width: 1200, height: 900 } })
  try {
    await page.goto(url)
    const paint = await page.evaluate<number>(paintScript)

    return { paint, filter: await page.evaluate<number>(filterScript) }
  } finally {
    await page.close()
  }
}
