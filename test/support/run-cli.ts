import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { text as readStream } from 'node:stream/consumers'

/** The exit code and the output of a command. */
export interface Ended {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

/** Runs the built command as a user does. */
export async function runCli(
  args: readonly string[],
  stdin = '',
  environment: NodeJS.ProcessEnv = {}
): Promise<Ended> {
  const child = spawn(process.execPath, ['dist/cli.js', ...args], {
    env: { PATH: process.env['PATH'], ...environment }
  })
  child.stdin.end(stdin)
  const [stdout, stderr, [code]] = await Promise.all([
    readStream(child.stdout),
    readStream(child.stderr),
    once(child, 'close') as Promise<[number]>
  ])

  return { code, stdout, stderr }
}
