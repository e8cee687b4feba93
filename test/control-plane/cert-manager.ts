import { cp, mkdir, readdir, readFile, rename } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { isExecutable } from './binaries.ts'
import { cachePathOf, hasCode, withLock } from './cache.ts'
import { type Daemon, startDaemon } from './daemon.ts'
import { startProgress } from './progress.ts'
import { run } from './run.ts'
import { writeIdentity } from './service-account-identity.ts'
import type { ControlPlane } from './start.ts'
import { waitFor } from './wait.ts'

/**
 * What of cert-manager the tests use: the program of its cainjector, and a folder with its
 * CustomResourceDefinitions.
 */
export interface CertManager {
  readonly cainjector: string
  readonly crds: string
}

const source = fileURLToPath(new URL('modules/cert-manager', import.meta.url))
const module = 'github.com/cert-manager/cert-manager'

/**
 * Finds cert-manager in the user's cache, or builds its cainjector with Go from the pinned module, which
 * holds its definitions too. Rejects with what to do when neither has it.
 */
export async function findCertManager(): Promise<CertManager> {
  const [, version] =
    new RegExp(`${module} (v\\S+)`).exec(await readFile(join(source, 'go.mod'), 'utf8')) ?? []
  if (version === undefined) throw new Error(`${source}/go.mod names no version of cert-manager`)

  const folder = cachePathOf(`cert-manager-${version}`)
  const found = { cainjector: join(folder, 'cainjector'), crds: join(folder, 'crds') }

  return withLock(cachePathOf('cert-manager.lock'), async () => {
    if (!(await isExecutable(found.cainjector))) await build(folder, version)
    return found
  })
}

async function build(folder: string, version: string): Promise<void> {
  const unfinished = `${folder}.unfinished`
  await mkdir(unfinished, { recursive: true })
  const progress = startProgress(`cert-manager's cainjector ${version}, built with Go`)
  const go = async (...args: string[]): Promise<string> => {
    const { code, stdout, text } = await run('go', args, {
      cwd: source,
      env: { ...process.env, CGO_ENABLED: '0' }
    })
    if (code !== 0)
      throw new Error(`there is no cainjector; go ${args[0] ?? ''} said: ${text.trim().slice(-2_000)}`)

    return stdout.trim()
  }
  try {
    await go('build', '-trimpath', '-ldflags', '-s -w', '-o', join(unfinished, 'cainjector'), '.')
    const downloaded = await go('list', '-m', '-f', '{{.Dir}}', module)
    await cp(join(downloaded, 'deploy', 'crds'), join(unfinished, 'crds'), { recursive: true })
    await rename(unfinished, folder)
    progress.end('done')
  } catch (error) {
    progress.end('failed')
    if (hasCode(error, 'ENOENT'))
      throw new Error('there is no cainjector: install Go; there is no go command', { cause: error })

    throw error
  }
}

/**
 * Installs cert-manager's definitions and runs its cainjector, as the user that cert-manager's own
 * installation gives it.
 */
export async function startCertManager(
  controlPlane: ControlPlane,
  { cainjector, crds }: CertManager
): Promise<Daemon> {
  const kubectl = async (args: string[], input?: string): Promise<void> => {
    const { code, stderr } = await controlPlane.kubectl(args, input)
    if (code !== 0) throw new Error(`kubectl ${args.join(' ')}: ${stderr.trim()}`)
  }
  const definitions = (await readdir(crds)).filter((file) => file.startsWith('cert-manager.io_'))
  for (const file of definitions) await kubectl(['apply', '--server-side', '-f', join(crds, file)])
  const names = definitions.map(
    (file) => `crd/${file.replace(/^cert-manager\.io_|\.yaml$/g, '')}.cert-manager.io`
  )
  await kubectl(['wait', '--for=condition=Established', ...names])

  const [namespace, serviceAccount] = ['cert-manager', 'cert-manager-cainjector']
  await kubectl(['create', 'namespace', namespace])
  await kubectl(['create', 'serviceaccount', serviceAccount, '-n', namespace])
  // Its own role is not what anybody tests here.
  await kubectl([
    'create',
    'clusterrolebinding',
    serviceAccount,
    '--clusterrole=cluster-admin',
    `--serviceaccount=${namespace}:${serviceAccount}`
  ])
  const identity = await writeIdentity(controlPlane, {
    namespace,
    serviceAccount,
    folder: controlPlane.folder
  })
  const daemon = await startDaemon({
    name: 'cainjector',
    command: cainjector,
    args: [],
    env: { PATH: process.env['PATH'], KUBECONFIG: identity.kubeconfig },
    isReady: () => Promise.resolve(true)
  })
  await waitFor('cainjector', () => Promise.resolve(daemon.output().includes('Starting workers'))).catch(
    (error: unknown) => {
      throw new Error(`cainjector is not ready; it wrote:\n${daemon.output().slice(-2_000)}`, {
        cause: error
      })
    }
  )

  return {
    output: () => daemon.output(),
    stop: async () => {
      await daemon.stop()
      await identity.stop()
    }
  }
}

if (import.meta.main) console.log(Object.values(await findCertManager()).join('\n'))

if (import.meta.main)
  for (const [name, path] of Object.entries(await findCertManager())) console.log(`${name} ${path}`)
