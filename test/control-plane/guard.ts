import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseAllDocuments, stringify } from 'yaml'
import { startDaemon } from './daemon.ts'
import { findFreePort } from './free-port.ts'
import { mirrorSecret } from './mirror-secret.ts'
import { writeIdentity } from './service-account-identity.ts'
import type { ControlPlane } from './start.ts'
import { waitFor } from './wait.ts'

/** What can be chosen at the start. */
export interface GuardOptions {
  /** Added to the configuration of both processes, for example `{ iam: { files: ['/tmp/iam.json'] } }`. */
  config?: Readonly<Record<string, unknown>>
  /** Added to the environment of both processes, for example the endpoint and credentials of an IAM API. */
  env?: Readonly<Record<string, string>>
  /**
   * Runs one of the two. Default: `node dist/cli.js`; a test may run the product's functions in its own
   * process instead.
   */
  run?: (process: GuardProcess) => Promise<RunningProcess>
  /**
   * Puts something between the API server and `serve`, given the port of the latter. Returns the port that the API
   * server is to call.
   */
  front?: (port: number) => Promise<number>
}

/** One of the guard's processes, and what it is started with. */
export interface GuardProcess {
  name: 'serve' | 'controller'
  /** Configuration file. */
  config: string
  kubeconfig: string
  env: NodeJS.ProcessEnv
}

/** A process of the guard that runs, whether it is ready or not. */
export interface RunningProcess {
  output(): string
  stop(): Promise<void>
}

/** One more replica of `serve`. */
export interface Replica {
  port: number
  /** Its configuration file, by which its process is known. */
  config: string
  /** Ends it with SIGTERM, and resolves when it is gone. */
  stop(): Promise<void>
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
  /** Starts one more replica of `serve`, with ports of its own. Resolves when it is ready. `stop` ends it too. */
  addServe(): Promise<Replica>
  /** Stops both processes; what is installed stays. */
  stop(): Promise<void>
}

const root = fileURLToPath(new URL('../..', import.meta.url))

/**
 * Applies manifests/ and starts `serve` and `controller` from dist/ with the identities that the manifests
 * give them. There is no kubelet, so the one change to the manifests is that the API server reaches the guard
 * by URL. Resolves when the API server asks it.
 */
export async function startGuard(
  controlPlane: ControlPlane,
  { config = {}, env = {}, run = runBuilt, front = (port) => Promise.resolve(port) }: GuardOptions = {}
): Promise<Guard> {
  const folder = join(controlPlane.folder, 'irsa-guard')
  const mount = join(folder, 'tls')
  await mkdir(mount, { recursive: true })
  const [port, serveHealth, controllerHealth] = [
    await findFreePort(),
    await findFreePort(),
    await findFreePort()
  ]
  await applyManifests(controlPlane, `https://127.0.0.1:${await front(port)}/validate`)

  const undo: (() => Promise<void>)[] = []
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
  const start = async (
    name: 'serve' | 'controller',
    healthPort: number,
    kubeconfig: string,
    { port, key }: { port: number; key: string }
  ) => {
    const file = join(folder, `${key}.yaml`)
    const tls = { certFile: join(mount, 'tls.crt'), keyFile: join(mount, 'tls.key'), hosts: ['127.0.0.1'] }
    await writeFile(file, stringify({ server: { port, healthPort }, tls, ...config }))
    processes.set(
      key,
      await run({
        name,
        config: file,
        kubeconfig,
        env: { PATH: process.env['PATH'], HOME: folder, POD_NAMESPACE: 'irsa-guard', ...env }
      })
    )
    await waitFor(
      `irsa-guard ${name}`,
      async () => (await fetch(`http://127.0.0.1:${healthPort}/readyz`)).ok
    ).catch((error: unknown) => {
      throw new Error(
        `irsa-guard ${name} is not ready; it wrote:\n${processes.get(key)?.output().slice(-2_000) ?? ''}`,
        { cause: error }
      )
    })
  }
  const controllerIdentity = await identityOf('controller')
  const serveIdentity = await identityOf('serve')
  const startController = () =>
    start('controller', controllerHealth, controllerIdentity, { port, key: 'controller' })
  const startServe = () => start('serve', serveHealth, serveIdentity, { port, key: 'serve' })
  const stopProcess = async (name: string) => {
    await processes.get(name)?.stop()
    processes.delete(name)
  }
  const stop = async () => {
    await Promise.all([...processes.keys()].map(stopProcess))
    for (let last = undo.pop(); last; last = undo.pop()) await last()
  }

  let added = 0
  const addServe = async (): Promise<Replica> => {
    const key = `serve-${++added}`
    const ownPort = await findFreePort()
    await start('serve', await findFreePort(), serveIdentity, { port: ownPort, key })
    return { port: ownPort, config: join(folder, `${key}.yaml`), stop: () => stopProcess(key) }
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
    addServe,
    stop
  }
}

function runBuilt({ name, config, kubeconfig, env }: GuardProcess): Promise<RunningProcess> {
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
      join(root, 'dist', 'cli.js'),
      name,
      '--config',
      config,
      '--kubeconfig',
      kubeconfig
    ],
    env,
    logFile: config.replace(/yaml$/, 'log'),
    isReady: () => Promise.resolve(true), // its health is asked by whoever started it
    stopWithin: 20_000
  })
}

async function applyManifests(controlPlane: ControlPlane, url: string): Promise<void> {
  const rendered = await controlPlane.kubectl(['kustomize', join(root, 'manifests')])
  if (rendered.code !== 0) throw new Error(`kubectl kustomize manifests: ${rendered.stderr}`)

  const objects = parseAllDocuments(rendered.stdout).map((document) => document.toJS() as unknown)
  for (const object of objects)
    if (isWebhookConfiguration(object)) for (const webhook of object.webhooks) webhook.clientConfig = { url }
  const list = { apiVersion: 'v1', kind: 'List', items: objects }
  // The first round may come before the API server serves the custom resource's kind, as for everybody who
  // applies the folder.
  await waitFor('kubectl apply -k manifests', async () => {
    const applied = await controlPlane.kubectl(['apply', '-f', '-'], JSON.stringify(list))
    if (applied.code !== 0) throw new Error(applied.stderr)

    return true
  })
}

interface WebhookConfiguration {
  kind: 'ValidatingWebhookConfiguration'
  webhooks: { clientConfig: unknown }[]
}

function isWebhookConfiguration(object: unknown): object is WebhookConfiguration {
  return (
    typeof object === 'object' &&
    object !== null &&
    'kind' in object &&
    object.kind === 'ValidatingWebhookConfiguration'
  )
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
  await waitFor('a review by the guard', async () => {
    const { stderr } = await controlPlane.kubectl(
      ['create', '--dry-run=server', '-f', '-'],
      JSON.stringify(probe)
    )

    return stderr.includes('validate.irsa-guard.io')
  })
}
