import { spawn } from 'node:child_process'
import { appendFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { waitFor } from './wait.ts'

/** A program that runs until it is stopped, or until this Node process ends in whatever way. */
export interface Daemon {
  /** The newest 100,000 characters that it wrote. */
  output(): string
  /**
   * Ends it with SIGTERM, and with SIGKILL when that takes too long. Resolves when it is gone; does nothing
   * when it is gone already.
   */
  stop(): Promise<void>
}

/** What to run, and how to tell that it is ready. `name` is for messages. */
export interface DaemonOptions {
  name: string
  command: string
  args: string[]
  env?: NodeJS.ProcessEnv
  /** Everything that it writes is appended to this file. */
  logFile?: string
  isReady: () => Promise<boolean>
  /** How long it may take to be ready, in milliseconds. */
  readyWithin?: number
  /** How long it may take to end after SIGTERM, in milliseconds, before it gets SIGKILL. */
  stopWithin?: number
}

// Descriptor 3 is a pipe from this process that nobody writes to. It ends when this process does, even by
// SIGKILL, which no handler sees; `cat` then returns and the program is killed. The shell becomes the program
// (exec), so that both have one process id.
const untilParentEnds = '{ cat; kill -KILL $$; } <&3 >/dev/null 2>&1 & exec "$@" 3<&-'

/**
 * Starts a program and waits until it is ready. Rejects, with the end of its output and nothing left running,
 * when it never is.
 */
export async function startDaemon(options: DaemonOptions): Promise<Daemon> {
  const { name, command, args, env, isReady, readyWithin, stopWithin = 10_000 } = options
  const child = spawn('/bin/sh', ['-c', untilParentEnds, name, command, ...args], {
    env: env ?? process.env,
    stdio: ['ignore', 'pipe', 'pipe', 'pipe']
  })
  let output = ''
  const keep = (chunk: string) => {
    output = (output + chunk).slice(-100_000)
    if (options.logFile !== undefined) appendFileSync(options.logFile, chunk)
  }
  child.stdout?.setEncoding('utf8').on('data', keep)
  child.stderr?.setEncoding('utf8').on('data', keep)

  let end: string | undefined
  const ended = new Promise<void>((resolve) => {
    const finish = (reason: string) => {
      end = reason
      child.stdio[3]?.destroy() // at once: later, the process id that `cat` would have killed may be somebody else's
      resolve()
    }
    child.once('error', (error) => finish(error.message))
    child.once('exit', (code, signal) => finish(signal ?? `exit code ${code}`))
  })
  const stop = async () => {
    const patience = new AbortController()
    child.kill('SIGTERM')
    void sleep(stopWithin, undefined, { signal: patience.signal }).then(
      () => child.kill('SIGKILL'),
      () => undefined // ended in time
    )
    await ended
    patience.abort()
  }

  try {
    await waitFor(name, async () => end !== undefined || (await isReady()), readyWithin)
    if (end === undefined) return { output: () => output, stop }
    throw new Error(`${name} ended before it was ready (${end})`)
  } catch (error) {
    await stop()
    const reason = error instanceof Error ? error.message : String(error)
    throw new Error(`${reason}; it wrote:\n${output.trim().slice(-2_000)}`, { cause: error })
  }
}
