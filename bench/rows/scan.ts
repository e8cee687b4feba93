import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { alternate, ratiosOf } from '../support/alternate.ts'
import { dist } from '../support/built.ts'
import { largeCluster } from '../support/large-cluster.ts'
import { type MeasuredProcess, startMeasured } from '../support/measured-process.ts'
import type { Row } from '../support/row.ts'
import { medianOf } from '../support/statistics.ts'

/**
 * Compares `irsa-guard scan` over the files of a cluster with 100,000 service accounts and 10,000 roles with a
 * tenth of them, and with the limits of one minute and 1 GiB.
 */
export const scan: Row = async ({ rounds, scale }) => {
  const folder = await mkdtemp(join(tmpdir(), 'irsa-guard-bench-'))
  const accounts = 100_000 * scale
  const filesOf = async (name: string, count: number): Promise<string[]> => {
    const { serviceAccounts, iam } = largeCluster(count)
    const [objects, facts] = [join(folder, `${name}.json`), join(folder, `${name}-iam.json`)]
    await writeFile(objects, JSON.stringify({ apiVersion: 'v1', kind: 'List', items: serviceAccounts }))
    await writeFile(facts, JSON.stringify(iam))

    return [objects, '--iam', facts]
  }
  try {
    const [all, tenth] = [await filesOf('all', accounts), await filesOf('tenth', accounts / 10)]
    const peaks: number[] = []
    const wall = await alternate(Math.min(rounds, 3), {
      all: async () => {
        const { milliseconds, peak } = await scanWith(all)
        peaks.push(peak)
        return milliseconds
      },
      tenth: async () => (await scanWith(tenth)).milliseconds
    })
    const what = `scan: ${accounts} service accounts in files`

    return [
      {
        what: `${what} / a tenth, wall time`,
        ratios: ratiosOf(wall.all, wall.tenth),
        budget: 11,
        absolute: `${(medianOf(wall.all) / 1000).toFixed(1)} s, a tenth ${(medianOf(wall.tenth) / 1000).toFixed(1)} s`
      },
      {
        what: `${what} / one minute`,
        ratios: wall.all.map((milliseconds) => milliseconds / 60_000),
        budget: 1,
        absolute: `${(medianOf(wall.all) / 1000).toFixed(1)} s`
      },
      {
        what: `${what} / 1 GiB, peak memory`,
        ratios: peaks.map((peak) => peak / 1024),
        budget: 1,
        absolute: `${medianOf(peaks).toFixed(0)} MiB`
      }
    ]
  } finally {
    await rm(folder, { recursive: true })
  }
}

/** A finished scan. The peak of memory is in MiB, and requests are counted by host and port. */
export interface MeasuredScan {
  readonly milliseconds: number
  readonly peak: number
  readonly requests: Readonly<Record<string, number>>
}

/** Scans a large cluster, in which one of ten service accounts has an error. */
export async function scanWith(
  args: readonly string[],
  environment?: NodeJS.ProcessEnv
): Promise<MeasuredScan> {
  const child: MeasuredProcess = startMeasured(new URL('cli.js', dist), ['scan', ...args], environment)
  for await (const line of child.lines) if (line === '') continue // the process would block if its output were not read
  const { code, milliseconds, usage } = await child.ended
  if (code !== 1) throw new Error(`expected exit code 1, got ${code}`)

  return { milliseconds, peak: usage.peakKilobytes / 1024, requests: usage.requests }
}
