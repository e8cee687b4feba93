import { mkdir, rename } from 'node:fs/promises'
import { join } from 'node:path'
import { isExecutable } from './binaries.ts'
import { cachePathOf, hasCode, withLock } from './cache.ts'
import { startProgress } from './progress.ts'
import { run } from './run.ts'

const name = 'amazon-eks-pod-identity-webhook'
const module = `github.com/aws/${name}`
const version = 'v0.6.14'

/**
 * Finds the program of the real identity webhook: in KUBEBUILDER_ASSETS, in the user's cache, or installed
 * with Go from its pinned version. Rejects with what to do when none of these has it, for example because the
 * Go module proxy does not serve the module.
 */
export async function findIdentityWebhook(): Promise<string> {
  const folder = cachePathOf(`identity-webhook-${version}`)
  const cached = join(folder, name)
  for (const file of [join(process.env['KUBEBUILDER_ASSETS'] || folder, name), cached])
    if (await isExecutable(file)) return file

  return withLock(cachePathOf('identity-webhook.lock'), async () => {
    if (!(await isExecutable(cached))) await install(folder, cached) // another process may have had the lock, and done the work
    return cached
  })
}

async function install(folder: string, file: string): Promise<void> {
  const unfinished = `${folder}.unfinished`
  await mkdir(unfinished, { recursive: true })
  const progress = startProgress(`${name} ${version}, built with Go`)
  const help = `there is no ${name}: put it into ${file} or a folder named by KUBEBUILDER_ASSETS`
  try {
    const built = await run('go', ['install', '-trimpath', '-ldflags', '-s -w', `${module}@${version}`], {
      env: { ...process.env, CGO_ENABLED: '0', GOBIN: unfinished }
    })
    if (built.code !== 0)
      throw new Error(`${help}; go install ${module}@${version} said: ${built.text.trim().slice(-2_000)}`)

    await mkdir(folder, { recursive: true })
    await rename(join(unfinished, name), file)
    progress.end('done')
  } catch (error) {
    progress.end('not available')
    if (hasCode(error, 'ENOENT'))
      throw new Error(`${help}, or install Go; there is no go command`, { cause: error })

    throw error
  }
}

if (import.meta.main) console.log(`${name} ${await findIdentityWebhook()}`)
