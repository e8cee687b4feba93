import { spawn } from 'node:child_process'

/** What a finished command left: its exit code, its output, and `text`, both outputs together. */
export interface Finished {
  code: number
  stdout: string
  stderr: string
  text: string
}

/**
 * Runs a command to its end. Rejects only when it cannot be started (`ENOENT`); a failing command is an
 * answer.
 */
export function run(
  command: string,
  args: string[],
  options: { input?: string; cwd?: string; env?: NodeJS.ProcessEnv } = {}
): Promise<Finished> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd: options.cwd, env: options.env ?? process.env })
    let stdout = ''
    let stderr = ''
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => (stdout += chunk))
    child.stderr.setEncoding('utf8').on('data', (chunk: string) => (stderr += chunk))
    child.on('error', reject)
    child.on('close', (code) => resolve({ code: code ?? -1, stdout, stderr, text: stdout + stderr }))
    child.stdin.on('error', () => undefined) // a command may exit without reading its input (EPIPE); its exit code tells
    child.stdin.end(options.input ?? '')
  })
}
