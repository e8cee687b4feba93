import { preflightOf } from '../ca-bundle/preflight/preflight.js'
import { preflightJsonOf } from '../ca-bundle/preflight/preflight-json.js'
import { GuardError } from '../model/guard-error.js'
import { jsonOf } from '../output/formats.js'
import { preflightExitCode, preflightTextOf } from '../output/preflight-text.js'
import type { BundleFormat } from './support/bundle-output.js'
import { connectCluster } from './support/cluster.js'
import { type Output, textOnly, writeOutputs } from './support/outputs.js'
import { type PreflightOptions, readPreflightFacts } from './support/preflight-facts.js'
import { loadOwnConfigFile } from './support/sources.js'
import { fileStyleOf, styleOf, type StyleOptions, type Terminal } from './support/terminal.js'

export interface CaPreflightOptions extends PreflightOptions, StyleOptions {
  readonly output?: readonly Output<BundleFormat>[]
  readonly config?: string
}

/**
 * Reports what the activation of the next cluster CA breaks, and how to prepare for it. Returns the exit code:
 * 0 if nothing breaks, 1 if something lacks a CA, 2 if that could not be determined. Throws ERR_USAGE,
 * ERR_INPUT, ERR_CONFIG, ERR_KUBECONFIG and ERR_OUTPUT.
 */
export async function caPreflight(
  options: CaPreflightOptions,
  terminal: Pick<Terminal, 'stdout' | 'screen' | 'hasColors'>,
  { environment = process.env, at = new Date() }: { environment?: NodeJS.ProcessEnv; at?: Date } = {}
): Promise<0 | 1 | 2> {
  const outputs = (options.output ?? textOnly).map(({ format, file }) => {
    if (format === 'pem')
      throw new GuardError('ERR_USAGE', '--output is pem with --preflight; expected text or json')
    return { format, file }
  })
  const config = await loadOwnConfigFile(options.config)
  const client = connectCluster(options, environment)
  try {
    const preflight = preflightOf(await readPreflightFacts(client, options, { config, environment, at }))
    await writeOutputs(
      outputs,
      ({ format, file }) =>
        format === 'json'
          ? jsonOf(preflightJsonOf(preflight, at))
          : preflightTextOf(
              preflight,
              at,
              file === undefined ? styleOf(options, terminal) : fileStyleOf(options)
            ),
      terminal
    )

    return preflightExitCode(preflight)
  } finally {
    client.close()
  }
}
