import type { Command } from 'commander'
import type { Logger } from 'pino'
import type { Sources } from '../facts/facts.js'
import { findCluster } from '../kube/connect.js'
import { buildLog } from '../process/log.js'
import { type RunningServer, startServer } from '../server/serve.js'
import { daemonCommand, keepRunning } from './support/daemon.js'
import { loadFollowed } from './support/followed-config.js'
import type { FactsByHand } from './support/sources.js'
import type { Terminal } from './support/terminal.js'

export interface ServeOptions extends FactsByHand {
  readonly config?: string | undefined
  readonly kubeconfig?: string | undefined
}

export const serveCommand = (terminal: Terminal): Command =>
  daemonCommand('serve', 'run the admission server, which answers the AdmissionReviews of the API server')
    .addHelpText(
      'after',
      `
Examples:
  irsa-guard serve --config /etc/irsa-guard/config/config.yaml
  irsa-guard serve --config config.yaml --iam iam.json   # without AWS`
    )
    .action(async (options: ServeOptions) => keepRunning(await serve(options), terminal))

/** Starts the admission server. Throws ERR_CONFIG, ERR_SERVING_CERT or ERR_KUBECONFIG if it cannot start. */
export async function serve(
  options: ServeOptions,
  {
    environment = process.env,
    log = buildLog(),
    drain,
    sources,
    configInterval
  }: {
    environment?: NodeJS.ProcessEnv
    log?: Logger
    drain?: number
    /** Sources of facts, in addition to those named in the options and the configuration. */
    sources?: Sources | undefined
    /** How often the configuration is read again, in milliseconds. */
    configInterval?: number
  } = {}
): Promise<RunningServer> {
  const { loaded, source } = await loadFollowed(options, { sources, interval: configInterval })
  const client = findCluster(options, environment)

  return startServer({ client, ...loaded, source, log, ...(drain !== undefined && { drain }) })
}
