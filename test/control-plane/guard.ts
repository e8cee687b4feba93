import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { stringify } from 'yaml'
import { applyManifests } from './apply-manifests.ts'
import { startDaemon } from './daemon.ts'
import { findFreePort } from './free-port.ts'
import { mirrorSecret } from './mirror-secret.ts'
import { writeIdentity } from './service-account-identity.ts'
import type { ControlPlane } from './start.ts'
import { waitFor } from './wait.ts'

/** What can be chosen at the start. */
export interface GuardOptions {
  /** Added to the configuration of both processes, for example `{ iam: { files: ['/tmp/iam.json'] } }`. */
  config?: Readonly<Record<string, unknown>> & { readonly tls?: object }
  /** Added to the environment of both processes, for example the endpoint and credentials of an IAM API. */
  env?: Readonly<Record<string, string>>
  /**
   * Runs one of the two. Default: `node dist/cli.js`; a test may run the product's functions in its own
   * process instead.
   */
  run?: (process: GuardProcess) => Promise<RunningProcess>
  /**
   * Puts something between the API server and `serve`, given the port of the latter. Returns the port that the
   * API server is to call.
   */
  front?: (port: number) => Promise<number>
  /** Installs the guard, whose webhooks the API server is to call at this URL. Default: manifests/. */
  install?: (url: string) => Promise<void>
}

/** One of the guard's processes, and what it is started with. */
export interface GuardProcess {
  name: 'serve' | 'controller'
  /** Configuration file. */
  config: string
  kubeconfig: string
  env: NodeJS.ProcessEnv
  /** A module that Node loads before the program. */
  preload?: string | undefined
}

/** A process of the guard that runs, whether it is ready or not. */
export interface RunningProcess {
  output(): string
  stop(): Promise<void>
}

/** One more process of the guard. */
export interface AnotherProcess extends RunningProcess {
  /** `http://127.0.0.1:<port>`: /readyz, /metrics. */
  readonly health: string
  /** Where it answers reviews, if it is `serve`. */
  readonly url: string
  readonly port: number
  /** Its configuration file, by which its process is known. */
  readonly config: string
}

/** The guard, installed from manifests/, with its two processes beside the API server. */
export interface Guard {
  /** `http://127.0.0.1:<port>` of each process: /readyz, /metrics. */
  serveHealth: string
  controllerHealth: string
  /** Holds `serve.log` and `controller.log`. */
  folder: string
  serveLog(): string
  controllerLog(): string
  stopServe(): Promise<void>
  startServe(): Promise<void>
  stopController(): Promise<void>
  startController(): Promise<void>
  /** Applies the manifests again, with the URL in place of the Service. */
  reinstall(): Promise<void>
  /**
   * Starts one more process of the same kind, with ports of its own and, if given, a module that Node loads
   * before it. Resolves when it is ready.
   */
  startAnother(name: 'serve' | 'controller', preload?: string): Promise<AnotherProcess>
  /** Stops both processes; what is installed stays. */
  stop(): Promise<void>
}

/** How long a process may take to be ready, in milliseconds: a slow machine may be busy with much else. */
const patience = 240_000

const root = fileURLToPath(new URL('../..', import.meta.url))

/**
 * Applies manifests/ and starts `serve` and `controller` from dist/ with the identities that the manifests
 * give them. There is no kubelet, so the one change to the manifests is that the API server reaches the guard
 * by URL. Resolves when the API server asks it.
 */
export async function startGuard(
  controlPlane: ControlPlane,
  {
    config = {},
    env = {},
    run = runBuilt,
    front = (port) => Promise.resolve(port),
    install = (url) => applyManifests(controlPlane, url)
  }: GuardOptions = {}
): Promise<Guard> {
  const folder = join(controlPlane.folder, 'irsa-guard')
  const mount = join(folder, 'tls')
  await mkdir(mount, { recursive: true })
  const [port, serveHealth, controllerHealth] = [
    await findFreePort(),
    await findFreePort(),
    await findFreePort()
  ]
  const called = await front(port)
  const reinstall = () => install(`https://127.0.0.1:${called}/validate`)
  await reinstall()

  const tlsFiles = { certFile: join(mount, 'tls.crt'), keyFile: join(mount, 'tls.key') }
  const undo: (() => Promise<void>)[] = []
  const PATH = process.env['PATH']
  const identityOf = async (name: string) => {
    const identity = await writeIdentity(controlPlane, {
      namespace: 'irsa-guard',
      serviceAccount: `irsa-guard-${name}`,
      folder
    })
    undo.push(() => identity.stop())
    return identity.kubeconfig
  }
  const secret = mirrorSecret(controlPlane, {
    namespace: 'irsa-guard',
    name: 'irsa-guard-serving-cert',
    folder: mount
  })
  undo.push(() => secret.stop())

  const processes = new Map<string, RunningProcess>()
  const start = async (name: 'serve' | 'controller', healthPort: number, kubeconfig: string) => {
    const file = join(folder, `${name}.yaml`)
    const tls = { ...tlsFiles, hosts: ['127.0.0.1'], ...config.tls }
    await writeFile(file, stringify({ server: { port, healthPort }, ...config, tls }))
    processes.set(
      name,
      await run({
        name,
        config: file,
        kubeconfig,
        env: { PATH, HOME: folder, POD_NAMESPACE: 'irsa-guard', ...env }
      })
    )
    await waitFor(
      `irsa-guard ${name}`,
      async () => (await fetch(`http://127.0.0.1:${healthPort}/readyz`)).ok,
      patience
    ).catch((error: unknown) => {
      throw new Error(
        `irsa-guard ${name} is not ready; it wrote:\n${processes.get(name)?.output().slice(-2_000) ?? ''}`,
        { cause: error }
      )
    })
  }
  let others = 0
  const startAnother = async (name: 'serve' | 'controller', preload?: string): Promise<AnotherProcess> => {
    const [ownPort, healthPort] = [await findFreePort(), await findFreePort()]
    const directory = join(folder, `another-${others++}`)
    await mkdir(directory)
    const file = join(directory, `${name}.yaml`)
    const tls = { ...tlsFiles, hosts: ['127.0.0.1'], ...config.tls }
    await writeFile(file, stringify({ server: { port: ownPort, healthPort }, ...config, tls }))
    const process = await run({
      name,
      config: file,
      kubeconfig: name === 'serve' ? serveIdentity : controllerIdentity,
      env: { PATH, HOME: folder, POD_NAMESPACE: 'irsa-guard', ...env },
      preload
    })
    undo.push(() => process.stop())
    const health = `http://127.0.0.1:${healthPort}`
    await waitFor(`another irsa-guard ${name}`, async () => (await fetch(`${health}/readyz`)).ok, patience)
    return { ...process, health, url: `https://127.0.0.1:${ownPort}/validate`, port: ownPort, config: file }
  }
  const controllerIdentity = await identityOf('controller')
  const serveIdentity = await identityOf('serve')
  const startController = () => start('controller', controllerHealth, controllerIdentity)
  const startServe = () => start('serve', serveHealth, serveIdentity)
  const stopProcess = async (name: string) => {
    await processes.get(name)?.stop()
    processes.delete(name)
  }
  const stop = async () => {
    await Promise.all([stopProcess('serve'), stopProcess('controller')])
    for (let last = undo.pop(); last; last = undo.pop()) await last()
  }

  try {
    await startController()
    await secret.mounted
    await startServe()
    await waitUntilAsked(controlPlane)
  } catch (error) {
    await stop()
    throw error
  }

  return {
    serveHealth: `http://127.0.0.1:${serveHealth}`,
    controllerHealth: `http://127.0.0.1:${controllerHealth}`,
    folder,
    serveLog: () => processes.get('serve')?.output() ?? '',
    controllerLog: () => processes.get('controller')?.output() ?? '',
    startServe,
    stopServe: () => stopProcess('serve'),
    startController,
    stopController: () => stopProcess('controller'),
    reinstall,
    startAnother,
    stop
  }
}

export function runBuilt({ name, config, kubeconfig, env, preload }: GuardProcess): Promise<RunningProcess> {
  return startDaemon({
    name: `irsa-guard ${name}`,
    // As it runs in a cluster: what a test runner adds to its children (coverage) takes memory with each
    // review.
    command: 'env',
    args: [
      '-u',
      'NODE_OPTIONS',
      '-u',
      'NODE_V8_COVERAGE',
      process.execPath,
      ...(preload === undefined ? [] : ['--import', preload]),
      join(root, 'dist', 'cli.js'),
      name,
      '--config',
      config,
      '--kubeconfig',
      kubeconfig
    ],
    env,
    logFile: join(dirname(config), `${name}.log`),
    isReady: () => Promise.resolve(true), // its health is asked by whoever started it
    stopWithin: 20_000
  })
}

/**
 * An API server learns of a new caBundle a moment after it was written; a service account that must be denied
 * tells when.
 */
async function waitUntilAsked(controlPlane: ControlPlane): Promise<void> {
  const probe = {
    apiVersion: 'v1',
    kind: 'ServiceAccount',
    metadata: {
      name: 'probe',
      namespace: 'irsa-guard-canary',
      annotations: { 'eks.amazonaws.com/role-arn': 'arn:aws:iam::0:policy/probe' }
    }
  }
  await waitFor(
    'a review by the guard',
    async () => {
      const { stderr } = await controlPlane.kubectl(
        ['create', '--dry-run=server', '-f', '-'],
        JSON.stringify(probe)
      )

      return stderr.includes('validate.irsa-guard.io')
    },
    patience
  )
}
