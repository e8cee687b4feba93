import { join } from 'node:path'
import { type Browser, chromium } from 'playwright-core'
import { isExecutable } from '../control-plane/binaries.ts'
import { cachePathOf, hasCode, withLock } from '../control-plane/cache.ts'
import { startProgress } from '../control-plane/progress.ts'
import { type Finished, run } from '../control-plane/run.ts'

/**
 * Starts Chromium without a window: the one that CHROMIUM names, or one on the PATH. If there is none, installs
 * Debian's package.
 */
export async function startChromium(): Promise<Browser> {
  return chromium.launch({
    executablePath: await findChromium(),
    // Chromium's sandbox refuses to run as root, as in a container. The pages are our own.
    chromiumSandbox: process.getuid?.() !== 0
  })
}

/** Finds Chromium, or installs it with apt-get. Rejects with what was tried and what to do. */
export async function findChromium(): Promise<string> {
  const named = process.env['CHROMIUM']
  if (named) {
    if (await isExecutable(named)) return named
    throw new Error(`CHROMIUM is ${named}, which is no program; set it to a Chromium or Chrome, or unset it`)
  }

  return (await findOnPath()) ?? (await withLock(cachePathOf('chromium.lock'), install))
}

const names = ['chromium', 'chromium-browser', 'google-chrome-stable', 'google-chrome']

async function findOnPath(): Promise<string | undefined> {
  const folders = (process.env['PATH'] ?? '').split(':').filter(Boolean)
  for (const name of names)
    for (const folder of folders) if (await isExecutable(join(folder, name))) return join(folder, name)

  return undefined
}

async function install(): Promise<string> {
  const found = await findOnPath() // another process may have had the lock, and done the work
  if (found !== undefined) return found

  const progress = startProgress('chromium, installed with apt-get')
  try {
    await aptGet('update')
    await aptGet('install', '-y', '--no-install-recommends', 'chromium')
    const installed = await findOnPath()
    if (installed === undefined) throw new Error(`apt-get installed no chromium: ${help}`)
    progress.end('done')

    return installed
  } catch (error) {
    progress.end('failed')
    throw error
  }
}

const help = 'install Chromium or Chrome, or set CHROMIUM to one'

async function aptGet(...args: string[]): Promise<void> {
  const isRoot = process.getuid?.() === 0
  const command = isRoot ? 'apt-get' : 'sudo'
  const before = isRoot ? [] : ['-n', 'apt-get']
  let finished: Finished
  try {
    finished = await run(command, [...before, '-q', ...args], {
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
    })
  } catch (error) {
    if (hasCode(error, 'ENOENT'))
      throw new Error(`there is no Chromium, and no ${command} to install it with: ${help}`, {
        cause: error
      })

    throw error
  }
  if (finished.code !== 0)
    throw new Error(
      `there is no Chromium, and apt-get ${args[0] ?? ''} failed: ${help}; it said: ${finished.text.trim().slice(-2_000)}`
    )
}

if (import.meta.main) console.log(`chromium ${await findChromium()}`)
