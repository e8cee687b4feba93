import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { makeCertificate } from '../../test/support/certificate.ts'
import { dist } from './built.ts'
import { startCluster } from './cluster.ts'
import { type Clients, connectClients } from './load.ts'
import { type MeasuredProcess, startMeasured } from './measured-process.ts'
import { collections, iamSnapshot } from './review-body.ts'

/**
 * Files that the servers of a benchmark read: a certificate, facts about IAM, a configuration, a kubeconfig.
 */
export interface ServerFiles {
  readonly certFile: string
  readonly keyFile: string
  readonly configFile: string
  readonly kubeconfigFile: string
  remove(): Promise<void>
}

/**
 * Writes the files, with these facts about IAM, into a new temporary folder and starts the cluster that the
 * kubeconfig names.
 */
export async function writeServerFiles(iam: object = iamSnapshot, healthPort = 0): Promise<ServerFiles> {
  const folder = await mkdtemp(join(tmpdir(), 'irsa-guard-bench-'))
  const [certFile, keyFile, iamFile, configFile, kubeconfigFile] = [
    'tls.crt',
    'tls.key',
    'iam.json',
    'config.yaml',
    'kubeconfig'
  ].map((name) => join(folder, name)) as [string, string, string, string, string] // one path for each name
  const { certificate, key } = makeCertificate('127.0.0.1')
  const config = { server: { port: 0, healthPort }, iam: { files: [iamFile] }, tls: { certFile, keyFile } }
  const cluster = await startCluster(collections, kubeconfigFile)
  await Promise.all([
    writeFile(certFile, certificate),
    writeFile(keyFile, key),
    writeFile(iamFile, JSON.stringify(iam)),
    writeFile(configFile, JSON.stringify(config)) // JSON is YAML
  ])

  return {
    certFile,
    keyFile,
    configFile,
    kubeconfigFile,
    remove: async () => {
      cluster.stop()
      await rm(folder, { recursive: true })
    }
  }
}

/** Starts `serve`, by default from `dist/irsa-guard.mjs`. */
export const startServe = (
  { configFile, kubeconfigFile }: ServerFiles,
  file = new URL('irsa-guard.mjs', dist)
): MeasuredProcess => startMeasured(file, ['serve', '--config', configFile, '--kubeconfig', kubeconfigFile])

/** Starts one of the servers in `processes/`. */
export const startOther = (name: string, { certFile, keyFile }: ServerFiles): MeasuredProcess =>
  startMeasured(new URL(`../processes/${name}.ts`, import.meta.url), [certFile, keyFile])

/** Waits for the line that contains the port. */
export async function readPort({ lines }: MeasuredProcess): Promise<number> {
  for await (const line of lines) {
    const { port } = JSON.parse(line) as { port?: number } // all of our servers write JSON
    if (port !== undefined) return port
  }
  throw new Error('the server ended before it listened')
}

// An API server opens a handful of connections to a webhook and keeps them.
const connections = 16

// The requests in one turn. A turn is long compared with the time that a server needs to refill the
// processor's caches after another server's turn.
export const turn = 5000

// `serve` gets faster for about this many reviews, because the just-in-time compiler keeps inlining. A
// Fastify app alone needs a fifth of them. Replicas run for weeks, so only the speed after that matters.
export const warmUp = 100_000

/** A server that has reached its final speed, and the clients that warmed it up. */
export interface WarmServer extends Clients {
  /** Sends the requests of one turn. Returns the server's CPU time for each request, in microseconds. */
  readonly readCost: () => Promise<number>
}

/** Warms up a server. For `counter`, see `connectClients`. */
export async function warmUpServer(
  server: MeasuredProcess,
  { body, scale, counter }: { readonly body: string; readonly scale: number; readonly counter?: string }
): Promise<WarmServer> {
  const port = await readPort(server)
  const path = '/validate?timeout=3s'
  const clients = await connectClients({ port, path, body, connections, ...(counter && { counter }) })
  await clients.send(warmUp * scale)

  return {
    ...clients,
    readCost: async () => {
      const before = await server.readUsage()
      await clients.send(turn * scale)
      const after = await server.readUsage()
      return (after.cpuMicroseconds - before.cpuMicroseconds) / (turn * scale)
    }
  }
}
