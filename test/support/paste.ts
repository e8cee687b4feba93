import { chmodSync, writeFileSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { findBinaries } from '../control-plane/binaries.ts'
import { type Finished, run } from '../control-plane/run.ts'

/**
 * Makes a function that runs a command as a user pastes it into a shell. `kubectl` is the real one,
 * `irsa-guard` the built one, and `aws` sends its requests with the SDK. Files go to `directory`.
 */
export async function startShell(
  directory: string,
  environment: NodeJS.ProcessEnv
): Promise<(command: string) => Promise<Finished>> {
  const { kubectl } = await findBinaries()
  const tools = {
    kubectl: `'${kubectl}'`,
    'irsa-guard': `'${process.execPath}' '${resolve('dist/cli.js')}'`,
    aws: `'${process.execPath}' '${resolve('test/support/aws-cli.ts')}'`
  }
  for (const [name, program] of Object.entries(tools)) {
    writeFileSync(`${directory}/${name}`, `#!/bin/sh\nexec ${program} "$@"\n`)
    chmodSync(`${directory}/${name}`, 0o755)
  }
  const env = { PATH: `${directory}:${dirname(process.execPath)}:/usr/bin:/bin`, ...environment }

  return async (command) => run('sh', ['-c', command], { cwd: directory, env })
}
