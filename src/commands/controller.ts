import { existsSync, readFileSync } from 'node:fs'
import type { Command } from 'commander'
import type { Logger } from 'pino'
import { type RunningController, startController } from '../controller/controller.js'
import type { Sources } from '../facts/facts.js'
import { buildLog } from '../process/log.js'
import { connectCluster } from './support/cluster.js'
import { daemonCommand, keepRunning } from './support/daemon.js'
import { loadFollowed } from './support/followed-config.js'
import type { FactsByHand } from './support/sources.js'
import type { Terminal } from './support/terminal.js'

export interface ControllerOptions extends FactsByHand {
  readonly config?: string | undefined
  readonly kubeconfig?: string | undefined
}

export const controllerCommand = (terminal: Terminal): Command =>
  daemonCommand(
    'controller',
    "run the controller, which manages irsa-guard's certificates and caBundle, watches for drift and scans the cluster"
  )
    .addHelpText(
      'after',
      `
Example:
  irsa-guard controller --config /etc/irsa-guard/config/config.yaml`
    )
    .action(async (options: ControllerOptions) => keepRunning(await controller(options), terminal))

/** Starts the controller of a cluster. Throws ERR_CONFIG or ERR_KUBECONFIG if it cannot start. */
export async function controller(
  options: ControllerOptions,
  {
    environment = process.env,
    log = buildLog(),
    sources,
    configInterval,
    heapShare
  }: {
    environment?: NodeJS.ProcessEnv
    log?: Logger
    /** Sources of facts, in addition to those named in the options and the configuration. */
    sources?: Sources | undefined
    /** How often the configuration is read again, in milliseconds. */
    configInterval?: number
    heapShare?: number | undefined
  } = {}
): Promise<RunningController> {
  const { loaded, source } = await loadFollowed(options, { sources, interval: configInterval })
  const client = connectCluster(options, environment)

  return startController({ client, ...loaded, source, namespace: ownNamespace(environment), heapShare, log })
}

// https://kubernetes.io/docs/tasks/run-application/access-api-from-pod/
const namespaceFile = '/var/run/secrets/kubernetes.io/serviceaccount/namespace'

function ownNamespace(environment: NodeJS.ProcessEnv): string {
  const { POD_NAMESPACE: given } = environment
  if (given !== undefined && given !== '') return given

  return existsSync(namespaceFile) ? readFileSync(namespaceFile, 'utf8').trim() : 'irsa-guard'
}
