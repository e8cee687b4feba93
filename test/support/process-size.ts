import { readdirSync, readFileSync } from 'node:fs'
import { run } from '../control-plane/run.ts'

/** What a process of the guard holds. */
export interface ProcessSize {
  /** Resident memory in MB. */
  readonly memory: number
  /** Open files, sockets included. */
  readonly files: number
}

/** The size of the process that was started with this configuration file. */
export async function readProcessSize(command: 'serve' | 'controller', config: string): Promise<ProcessSize> {
  const { stdout } = await run('pgrep', ['-f', `cli.js ${command} --config ${config}`])
  const sizes = stdout
    .trim()
    .split('\n')
    .map((pid) => ({
      memory:
        Number(/^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) / 1024,
      files: readdirSync(`/proc/${pid}/fd`).length
    }))
  // The shell that ends the process with its parent has the same words in its command line, and is small.
  return sizes.reduce((one, other) => (other.memory > one.memory ? other : one), { memory: 0, files: 0 })
}
