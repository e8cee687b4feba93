import { type Logger, pino } from 'pino'
import { findCluster } from '../kube/connect.js'
import { type RunningServer, startServer } from '../server/serve.js'
import { type FactsByHand, loadConfigFile, loadSources } from './support/sources.js'

export interface ServeOptions extends FactsByHand {
  readonly config?: string | undefined
  readonly kubeconfig?: string | undefined
}

/** Starts the admission server. Throws ERR_CONFIG, ERR_SERVING_CERT, ERR_KUBECONFIG when it cannot. */
export async function serve(
  options: ServeOptions,
  {
    environment = process.env,
    log = pino(),
    drain
  }: { environment?: NodeJS.ProcessEnv; log?: Logger; drain?: number } = {}
): Promise<RunningServer> {
  const config = await loadConfigFile(options.config)
  const given = await loadSources(options, config)
  const client = findCluster(options, environment)

  return startServer({ client, config, given, log, ...(drain !== undefined && { drain }) })
}
