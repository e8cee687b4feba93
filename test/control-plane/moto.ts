import { createHash } from 'node:crypto'
import { access, mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { cachePathOf, hasCode, withLock } from './cache.ts'
import { startDaemon } from './daemon.ts'
import { findFreePort } from './free-port.ts'
import { startProgress } from './progress.ts'
import { type Finished, run } from './run.ts'

/**
 * A running moto server: the AWS APIs, IAM and STS among them, over plain HTTP. Every server begins empty.
 */
export interface Moto {
  /**
   * The endpoint for every AWS client, `http://127.0.0.1:<port>`. Any region and access key will do until
   * `requireAuthorization`.
   */
  url: string
  /**
   * From now on refuses what the caller's own IAM policies do not allow, and unknown access keys, as AWS
   * does.
   */
  requireAuthorization(): Promise<void>
  /** Answers everybody again, to prepare the next test. */
  allowEverybody(): Promise<void>
  stop(): Promise<void>
}

/**
 * Starts moto's server on a free port; the first time, installs it into the user's cache with python3 and
 * pip.
 */
export async function startMoto(): Promise<Moto> {
  const python = await installMoto()
  const port = await findFreePort()
  const url = `http://127.0.0.1:${port}`
  const daemon = await startDaemon({
    name: 'moto',
    command: python,
    args: ['-m', 'moto.server', '--host', '127.0.0.1', '--port', `${port}`],
    isReady: async () => (await fetch(`${url}/moto-api/`)).ok
  })
  /**
   * https://docs.getmoto.org/en/latest/docs/iam.html: how many requests are answered before the first one is
   * checked.
   */
  const answerUnchecked = async (requests: string) => {
    const answer = await fetch(`${url}/moto-api/reset-auth`, { method: 'POST', body: requests })
    if (!answer.ok) throw new Error(`moto does not change its authorization: HTTP ${answer.status}`)
  }
  return {
    url,
    requireAuthorization: () => answerUnchecked('0'),
    allowEverybody: () => answerUnchecked('inf'),
    stop: () => daemon.stop()
  }
}

const requirements = fileURLToPath(new URL('moto-requirements.txt', import.meta.url))

/** Installs moto, unless that was done before, and resolves to the Python that has it. */
export async function installMoto(): Promise<string> {
  const key = createHash('sha256')
    .update(await readFile(requirements))
    .digest('hex')
    .slice(0, 12)
  const folder = cachePathOf(`moto-${key}`)
  const python = join(folder, 'bin', 'python')
  const complete = join(folder, 'complete')
  if (await exists(complete)) return python

  await withLock(cachePathOf('moto.lock'), async () => {
    if (await exists(complete)) return // another process had the lock, and did the work

    const progress = startProgress('moto, installed with pip')
    try {
      await rm(folder, { recursive: true, force: true })
      await mkdir(folder, { recursive: true })
      await makeEnvironment(folder)
      const installed = await run(python, [
        '-m',
        'pip',
        'install',
        '--quiet',
        '--disable-pip-version-check',
        '-r',
        requirements
      ])
      if (installed.code !== 0)
        throw new Error(`moto cannot be installed; pip said: ${installed.text.trim().slice(-2_000)}`)

      await writeFile(complete, '')
      progress.end('done')
    } catch (error) {
      progress.end('failed')
      throw error
    }
  })
  return python
}

async function makeEnvironment(folder: string): Promise<void> {
  const help =
    'install Python 3.10 or newer with its venv module (Debian and Ubuntu: apt-get install python3-venv)'
  let made: Finished
  try {
    made = await run('python3', ['-m', 'venv', folder])
  } catch (error) {
    if (hasCode(error, 'ENOENT'))
      throw new Error(`moto needs Python, and there is no python3: ${help}`, { cause: error })

    throw error
  }
  if (made.code !== 0)
    throw new Error(
      `python3 cannot make a virtual environment for moto: ${help}; it said: ${made.text.trim()}`
    )
}

async function exists(file: string): Promise<boolean> {
  return access(file).then(
    () => true,
    () => false // whatever the reason, it is then made anew, which tells
  )
}

if (import.meta.main) console.log(`moto ${await installMoto()}`)
