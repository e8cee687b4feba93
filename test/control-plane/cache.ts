import { mkdir, open, readFile, rm, stat, utimes } from 'node:fs/promises'
import { homedir, hostname } from 'node:os'
import { dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Progress, startProgress } from './progress.ts'

/** Names a path in the user's cache, `${XDG_CACHE_HOME:-~/.cache}/irsa-guard/…`. Creates nothing. */
export function cachePathOf(...parts: string[]): string {
  return join(process.env['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'irsa-guard', ...parts)
}

/**
 * Runs `work` while no other process runs work under the same lock file; waits for its turn, says so on
 * stderr.
 */
export async function withLock<Result>(file: string, work: () => Promise<Result>): Promise<Result> {
  await mkdir(dirname(file), { recursive: true })
  const owner = `${hostname()} ${process.pid} ${performance.timeOrigin}`
  let waiting: Progress | undefined
  while (!(await takeLock(file, owner))) {
    waiting ??= startProgress(`waiting for another process (lock ${file})`)
    await sleep(500)
  }
  waiting?.end('its turn is over')

  const heartbeat = setInterval(() => void utimes(file, new Date(), new Date()).catch(() => undefined), 5_000)
  heartbeat.unref()
  try {
    return await work()
  } finally {
    clearInterval(heartbeat)
    await rm(file, { force: true })
  }
}

// A holder touches its lock every 5 s, so 60 s of silence means it is gone, even in another container.
const silence = 60_000

async function takeLock(file: string, owner: string): Promise<boolean> {
  try {
    const handle = await open(file, 'wx')
    await handle.writeFile(owner)
    await handle.close()
    return true
  } catch (error) {
    if (!hasCode(error, 'EEXIST')) throw error
  }

  // Two waiters may both find a dead holder and both go on: then the work is done twice, which costs time and
  // breaks nothing.
  if (await isAbandoned(file)) await rm(file, { force: true })
  return false
}

async function isAbandoned(file: string): Promise<boolean> {
  try {
    const [host, pid] = (await readFile(file, 'utf8')).split(' ')
    if (host === hostname() && pid !== undefined && !isAlive(Number(pid))) return true

    return Date.now() - (await stat(file)).mtimeMs > silence
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return false

    throw error
  }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch (error) {
    return !hasCode(error, 'ESRCH')
  }
}

/** Tells whether something thrown is a system error with this code, for example `ENOENT`. */
export function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code
}
