import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { stringify } from 'yaml'
import { alternate, ratiosOf } from '../support/alternate.ts'
import { dist } from '../support/built.ts'
import { type MeasuredProcess, startMeasured } from '../support/measured-process.ts'
import { serviceAccountOf, snapshotAdmitting } from '../support/review-body.ts'
import type { Row } from '../support/row.ts'
import { medianOf } from '../support/statistics.ts'

/**
 * Compares the time and memory of `irsa-guard check` for a file with 10,000 service accounts with what the
 * yaml library alone needs to parse that file.
 */
export const check: Row = async ({ rounds, scale }) => {
  const folder = await mkdtemp(join(tmpdir(), 'irsa-guard-bench-'))
  const [manifest, iam] = [join(folder, 'accounts.yaml'), join(folder, 'iam.json')]
  const accounts = Array.from({ length: 10_000 * scale }, (_, index) => serviceAccountOf(`cart-${index}`))
  await writeFile(manifest, accounts.map((account) => stringify(account)).join('---\n'))
  await writeFile(iam, JSON.stringify(snapshotAdmitting('cart-*')))
  const peaks = { check: [] as number[], parse: [] as number[] }

  const run = async (process: MeasuredProcess, peak: number[]): Promise<number> => {
    for await (const line of process.lines) if (line === '') continue // the process would block if its output were not read
    const { code, milliseconds, usage } = await process.ended
    if (code !== 0) throw new Error(`expected exit code 0, got ${code}`)
    peak.push(usage.peakKilobytes / 1024)
    return milliseconds
  }
  try {
    const wall = await alternate(Math.min(rounds, 5), {
      check: () =>
        run(startMeasured(new URL('cli.js', dist), ['check', manifest, '--iam', iam]), peaks.check),
      parse: () =>
        run(startMeasured(new URL('../processes/parse-yaml.js', import.meta.url), [manifest]), peaks.parse)
    })
    const seconds = (figures: readonly number[]): string => `${(medianOf(figures) / 1000).toFixed(2)} s`
    const mebibytes = (figures: readonly number[]): string => `${medianOf(figures).toFixed(0)} MiB`

    return [
      {
        what: `check: ${accounts.length} service accounts / parsing them, wall time`,
        ratios: ratiosOf(wall.check, wall.parse),
        budget: 2,
        absolute: `check ${seconds(wall.check)}, yaml ${seconds(wall.parse)}`
      },
      {
        what: `check: ${accounts.length} service accounts / parsing them, peak memory`,
        ratios: ratiosOf(peaks.check, peaks.parse),
        budget: undefined,
        absolute: `check ${mebibytes(peaks.check)}, yaml ${mebibytes(peaks.parse)}`
      }
    ]
  } finally {
    await rm(folder, { recursive: true })
  }
}
