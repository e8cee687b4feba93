import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import { fileURLToPath } from 'node:url'

/** What a process has used so far. */
export interface Usage {
  /** User and system time of all its threads. */
  readonly cpuMicroseconds: number
  readonly peakKilobytes: number
  readonly residentKilobytes: number
  /** The number of HTTP and HTTPS requests that it sent, by host and port. */
  readonly requests: Readonly<Record<string, number>>
}

/** A Node process that reports its resource usage. */
export interface MeasuredProcess {
  /** Lines that it writes to standard output. */
  readonly lines: AsyncIterable<string>
  readonly startedAt: number
  readUsage(): Promise<Usage>
  /** Resolves when the process has ended by itself. */
  readonly ended: Promise<{
    readonly code: number | null
    readonly milliseconds: number
    readonly usage: Usage
  }>
  stop(): Promise<void>
}

const probe = new URL('../processes/usage-probe.js', import.meta.url).href

/** Starts `node file arguments` with the probe. The process inherits our standard error and environment. */
export function startMeasured(
  file: URL,
  args: readonly string[],
  environment: NodeJS.ProcessEnv = {}
): MeasuredProcess {
  const startedAt = performance.now()
  const child = spawn(process.execPath, ['--import', probe, fileURLToPath(file), ...args], {
    stdio: ['ignore', 'pipe', 'inherit', 'pipe'],
    env: { ...process.env, ...environment }
  })
  const told = createInterface({ input: child.stdio[3] as unknown as Readable })[Symbol.asyncIterator]() // a pipe, by `stdio`
  const readNext = async (): Promise<Usage> => {
    const { value } = await told.next()
    return JSON.parse(String(value)) as Usage // the probe writes nothing else
  }
  const ended = once(child, 'exit').then(async ([code]) => ({
    code: code as number | null,
    milliseconds: performance.now() - startedAt,
    usage: await readNext()
  }))
  ended.catch(() => undefined) // a caller that awaits `ended` still gets the error; a stopped server is killed by a signal and reports nothing

  return {
    lines: createInterface({ input: child.stdout as Readable })[Symbol.asyncIterator](),
    startedAt,
    ended,
    readUsage: () => {
      child.kill('SIGWINCH')
      return readNext()
    },
    stop: async () => {
      if (child.exitCode !== null || child.signalCode !== null) return
      child.kill('SIGKILL')
      await once(child, 'exit')
    }
  }
}
