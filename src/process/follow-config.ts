import { readFile } from 'node:fs/promises'
import type { Logger } from 'pino'
import { GuardError } from '../model/guard-error.js'
import { repeat, type Repeated } from './repeat.js'

/** How a configuration is read, and what happens when it changes. */
export interface ConfigSource<T> {
  /** The configuration file, and the files that the current configuration references. */
  readonly files: () => readonly string[]
  /** Reads and checks the configuration. Throws a GuardError if the process would not start with it. */
  readonly load: () => Promise<T>
  /** How often the files are read, in milliseconds. */
  readonly interval?: number
}

/** The gauges that show whether the last change was accepted, and when the configuration in use was read. */
interface ReloadGauges {
  readonly configReloaded: { set(value: number): void }
  readonly configReloadedAt: { set(value: number): void }
}

const defaultInterval = 5000

/**
 * Follows the configuration: passes each changed configuration to `use`. A configuration that is refused, by
 * `load` or by `use`, is logged once and shown in the metrics, and the previous one stays in use. A change
 * counts only when two reads in a row agree, because an editor may empty a file before it writes it, and an
 * empty file is a valid configuration. The files are not watched, because the kubelet swaps symlinks.
 */
export function followConfig<T>(
  { files, load, interval = defaultInterval }: ConfigSource<T>,
  use: (loaded: T) => Promise<void>,
  { metrics, log }: { readonly metrics: ReloadGauges; readonly log: Logger }
): Repeated {
  let isFirst = true
  let lastRead: string | undefined
  let judged: string | undefined
  const markUsed = (): void => {
    metrics.configReloaded.set(1)
    metrics.configReloadedAt.set(Date.now() / 1000)
  }
  markUsed()

  return repeat('configuration', interval, log, async () => {
    const text = await contentOf(files())
    const isSettled = isFirst || text === lastRead
    lastRead = text
    if (!isSettled || text === judged) return

    judged = text
    try {
      // The first run repeats the load with which the process started, in case the files changed in between.
      await use(await load())
      markUsed()
      if (!isFirst) log.info('configuration replaced')
    } catch (error) {
      if (!(error instanceof GuardError)) throw error
      metrics.configReloaded.set(0)
      log.warn({ err: error }, 'the changed configuration was refused; the previous one is still in use')
    } finally {
      isFirst = false
    }
  })
}

/**
 * The contents of all files. If a file cannot be read, the error message takes the place of its contents, so
 * that a change is noticed when the file becomes readable again.
 */
const contentOf = async (files: readonly string[]): Promise<string> =>
  JSON.stringify(
    await Promise.all(
      files.map(async (file) => [
        file,
        await readFile(file, 'utf8').catch((error: unknown) => (error instanceof Error ? error.message : ''))
      ])
    )
  )
