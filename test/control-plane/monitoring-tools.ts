import { mkdir, readFile, rename } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { isExecutable } from './binaries.ts'
import { cachePathOf, hasCode, withLock } from './cache.ts'
import { startProgress } from './progress.ts'
import { run } from './run.ts'

/** Programs that check what irsa-guard offers to Prometheus and Grafana. */
export interface MonitoringTools {
  /** Prometheus' own tool: `promtool check metrics`, `check rules`, `test rules`. */
  readonly promtool: string
  /** Checks files of Grafana dashboards against Grafana's schema. */
  readonly dashboard: string
}

const source = fileURLToPath(new URL('modules/monitoring', import.meta.url))
// Service discovery, which these tests do not use, is a fifth of the packages, with the largest among them.
const tags = 'remove_all_sd'
const promtool = 'github.com/prometheus/prometheus/cmd/promtool'

/**
 * Finds the tools in the user's cache, or builds them with Go from their pinned modules. Rejects with what to
 * do when neither works.
 */
export async function findMonitoringTools(): Promise<MonitoringTools> {
  const versions = ['prometheus/prometheus', 'grafana/grafana-foundation-sdk/go']
  const lines = await readFile(join(source, 'go.mod'), 'utf8')
  const folder = cachePathOf(
    `monitoring-${versions.map((path) => new RegExp(`${path} v?(\\S+)`).exec(lines)?.[1] ?? '').join('-')}`
  )
  const tools = { promtool: join(folder, 'promtool'), dashboard: join(folder, 'dashboard') }

  return withLock(cachePathOf('monitoring.lock'), async () => {
    await mkdir(folder, { recursive: true })
    for (const [file, target] of [
      [tools.promtool, promtool],
      [tools.dashboard, '.']
    ] as const)
      if (!(await isExecutable(file))) await build(file, target)

    return tools
  })
}

async function build(file: string, target: string): Promise<void> {
  const progress = startProgress(`${target === '.' ? 'dashboard check' : 'promtool'}, built with Go`)
  const unfinished = `${file}.unfinished`
  try {
    const built = await run(
      'go',
      ['build', '-tags', tags, '-trimpath', '-ldflags', '-s -w', '-o', unfinished, target],
      { cwd: source, env: { ...process.env, CGO_ENABLED: '0' } }
    )
    if (built.code !== 0)
      throw new Error(`there is no ${file}; go build said: ${built.text.trim().slice(-2_000)}`)

    await rename(unfinished, file)
    progress.end('done')
  } catch (error) {
    progress.end('failed')
    if (hasCode(error, 'ENOENT'))
      throw new Error(`there is no ${file}: install Go; there is no go command`, { cause: error })

    throw error
  }
}

if (import.meta.main)
  for (const [name, file] of Object.entries(await findMonitoringTools())) console.log(`${name} ${file}`)
