import { Command } from 'commander'
import { type KubeClient } from '../kube/client.js'
import { readObject } from '../kube/read.js'
import type { Format } from '../output/formats.js'
import { type Status, statusExitCode, statusFormats } from '../output/status-text.js'
import { shippedIn, shippedNamespace } from '../status/shipped.js'
import { textOf } from '../text/record.js'
import { version } from '../version.js'
import { type ClusterChoice, connectCluster, notAccepted, unreachable } from './support/cluster.js'
import { assertNamespace } from './support/given-names.js'
import { type CheckedCluster, checksOf } from './support/installation-checks.js'
import { clusterFlags } from './support/kubectl.js'
import { configOption, kubeconfigOption, styleOptions, withOptions } from './support/options.js'
import { type Output, outputsOption, textOnly, writeOutputs } from './support/outputs.js'
import { checksBefore } from './support/preflight-checks.js'
import { loadShippedObjects } from './support/shipped-objects.js'
import { loadConfigFile } from './support/sources.js'
import { fileStyleOf, styleOf, type StyleOptions, type Terminal } from './support/terminal.js'

export interface StatusOptions extends ClusterChoice, StyleOptions {
  readonly output?: readonly Output<Format>[]
  readonly namespace: string
  readonly config?: string
  readonly pre?: boolean
}

export const statusCommand = (terminal: Terminal): Command =>
  withOptions(
    new Command('status')
      .description(
        'check irsa-guard itself in a cluster or, with --pre, whether it can be installed; changes nothing (exit codes: 0 nothing wrong, 1 something wrong, 2 it could not run)'
      )
      .option('--pre', 'check before installing: version, policies, your permissions, leftovers')
      .addOption(kubeconfigOption())
      .option('--context <name>', 'kubeconfig context of the cluster')
      .option('-n, --namespace <name>', 'namespace that irsa-guard is installed in', shippedNamespace)
      .addOption(configOption({ isFound: false }))
      .addOption(outputsOption(statusFormats)),
    styleOptions()
  )
    .addHelpText(
      'after',
      `
Examples:
  irsa-guard status --pre --context prod   # before: kubectl apply -k my-cluster
  irsa-guard status --context prod
  irsa-guard status -q || echo 'irsa-guard has a problem'
  irsa-guard status -o text -o json=status.json`
    )
    .action(async (options: StatusOptions) => {
      process.exitCode = await status(options, terminal)
    })

/**
 * Checks irsa-guard in a cluster, or the cluster before irsa-guard is installed. Returns the exit code; throws
 * ERR_USAGE, ERR_CONFIG, ERR_INPUT, ERR_OUTPUT and ERR_KUBECONFIG.
 */
export async function status(
  options: StatusOptions,
  terminal: Pick<Terminal, 'stdout' | 'screen' | 'hasColors'>,
  { environment = process.env, at = new Date() }: { environment?: NodeJS.ProcessEnv; at?: Date } = {}
): Promise<0 | 1 | 2> {
  const { namespace } = options
  assertNamespace(namespace)
  const config = await loadConfigFile(options.config)
  const shipped = shippedIn(await loadShippedObjects(), namespace)
  const client = connectCluster(options, environment)
  try {
    const kubernetes = await loadVersion(client)
    const flags = clusterFlags(options)
    const cluster: CheckedCluster = {
      installation: { namespace, kubectl: `kubectl${flags}`, clusterFlags: flags, at },
      client,
      shipped,
      config: options.config === undefined ? undefined : config,
      annotationPrefix: config.annotationPrefix,
      environment
    }
    const checks = options.pre === true ? await checksBefore(cluster, kubernetes) : await checksOf(cluster)
    const place = `${client.server} (Kubernetes ${kubernetes})`
    const isInstalled = !checks.some(({ check }) => check === 'installation')
    const found: Status = {
      about: isInstalled
        ? `${options.pre === true ? `before installing irsa-guard ${version}` : 'irsa-guard'} in namespace ${namespace} of ${place}`
        : `cluster ${place}`,
      checks
    }
    await writeOutputs(
      options.output ?? textOnly,
      ({ format, file }) =>
        statusFormats[format](found, file === undefined ? styleOf(options, terminal) : fileStyleOf(options)),
      terminal
    )

    return statusExitCode(checks)
  } finally {
    client.close()
  }
}

/**
 * The version of the API server. Throws ERR_KUBECONFIG if it does not respond or does not accept the
 * credentials.
 */
async function loadVersion(client: KubeClient): Promise<string> {
  const answer = await readObject(client, '/version', { name: 'the version of the API server' })
  if (answer.state === 'known') return textOf(answer.value?.['gitVersion']) ?? 'unknown'
  const { response, because } = answer
  if (response?.status === 401) throw notAccepted(client)
  if (response === undefined) throw unreachable(client, because)

  return 'unknown'
}
