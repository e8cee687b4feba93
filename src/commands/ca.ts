import { Command, Option } from 'commander'
import { GuardError } from '../model/guard-error.js'
import { isGoVersion } from '../x509/go-version.js'
import type { CaObjectOptions } from './ca-object.js'
import type { CaPreflightOptions } from './ca-preflight.js'
import { bundleFormats } from './support/bundle-output.js'
import { ca, type CaOptions } from './support/bundles.js'
import {
  clusterArnOption,
  clusterCaOption,
  configOption,
  kubeconfigOption,
  styleOptionsWithVerbose,
  withOptions
} from './support/options.js'
import { outputsOption } from './support/outputs.js'
import type { Terminal } from './support/terminal.js'

export const caCommand = (terminal: Terminal): Command =>
  withOptions(
    new Command('ca')
      .description(
        "check whether the API server would accept a webhook's caBundle (exit codes: 0 ok or warnings only, 1 broken, 2 undetermined)"
      )
      .argument(
        '[object...]',
        'mutatingwebhookconfiguration/NAME or validatingwebhookconfiguration/NAME in the cluster (or KIND NAME)'
      )
      .addOption(kubeconfigOption())
      .option('--context <name>', 'kubeconfig context of the cluster')
      .option('--bundle <file>', 'the bundle: PEM, or the base64 string of clientConfig.caBundle')
      .option('--server <host:port>', 'the webhook server to fetch the certificates from')
      .option('--chain <file>', "the webhook server's certificates (PEM, leaf first) instead of --server")
      .option('--host <name>', 'DNS name or IP address by which the API server calls the webhook')
      .addOption(clusterCaOption())
      .addOption(
        new Option('--go <version>', 'Go version that the API server is built with, such as 1.23').argParser(
          parseGoVersion
        )
      )
      .option(
        '--fix',
        'print only the kubectl command that installs a clean bundle (-o pem: the bundle); the report goes to stderr',
        false
      )
      .option(
        '--preflight',
        'check what the activation of the next cluster CA breaks: webhooks, APIServices, conversions, kubeconfigs, nodes, pods (exit codes: 0 nothing breaks, 1 something lacks a CA, 2 undetermined)',
        false
      )
      .option(
        '--check-kubeconfig <file>',
        'another kubeconfig to check with --preflight, besides the one in use; repeatable',
        (file: string, files: readonly string[] | undefined) => [...(files ?? []), file]
      )
      .option('--aws', "with --preflight: read the cluster's certificate authorities from EKS")
      .addOption(clusterArnOption('ARN of the EKS cluster, for --aws'))
      .addOption(configOption())
      .addOption(outputsOption(bundleFormats)),
    styleOptionsWithVerbose()
  )
    .addHelpText(
      'after',
      `
Examples:
  irsa-guard ca mutatingwebhookconfiguration/pod-identity-webhook
  irsa-guard ca mutatingwebhookconfiguration/pod-identity-webhook --fix | sh
  kubectl get mutatingwebhookconfiguration pod-identity-webhook -o jsonpath='{.webhooks[0].clientConfig.caBundle}' > bundle
  kubectl get configmap kube-root-ca.crt -o jsonpath='{.data.ca\\.crt}' > ca.crt
  irsa-guard ca --bundle bundle --cluster-ca ca.crt --fix -o pem > clean.pem
  irsa-guard ca --bundle ca.pem --server webhook.example.com:443
  irsa-guard ca --bundle ca.pem --chain tls.crt --host webhook.default.svc
  irsa-guard ca --preflight --aws
  irsa-guard ca --preflight --aws --check-kubeconfig ci/kubeconfig -o text -o json=preflight.json`
    )
    .action(
      async (
        words: readonly string[],
        options: CaObjectOptions & Omit<CaOptions, 'bundle'> & PreflightFlags & { bundle?: string }
      ) => {
        const { bundle } = options
        if (options.preflight) {
          assertPreflight(words, options)
          const { caPreflight } = await import('./ca-preflight.js')
          process.exitCode = await caPreflight(options, terminal)
          return
        }
        const flag = Object.entries(preflightFlags).find(([, key]) => options[key] !== undefined)?.[0]
        if (flag !== undefined) throw new GuardError('ERR_USAGE', `${flag} can only be used with --preflight`)
        const object = words.length === 0 ? undefined : words.join(words.length === 2 ? '/' : ' ')
        if (object !== undefined && bundle !== undefined)
          throw new GuardError(
            'ERR_USAGE',
            `both ${object} and --bundle ${bundle} are given; expected only one`
          )
        if (bundle !== undefined) {
          process.exitCode = await ca({ ...options, bundle }, terminal)
          return
        }
        if (object === undefined) {
          throw new GuardError(
            'ERR_USAGE',
            'no bundle given; expected mutatingwebhookconfiguration/NAME in a cluster, or --bundle FILE'
          )
        }
        if (options.server !== undefined || options.chain !== undefined)
          throw new GuardError('ERR_USAGE', '--server and --chain can only be used with --bundle')

        const { caOfObject } = await import('./ca-object.js') // the Kubernetes client is slow to load
        process.exitCode = await caOfObject(object, options, terminal)
      }
    )

/** The options of `ca --preflight`, including that flag. */
type PreflightFlags = Omit<CaPreflightOptions, 'output'> & { readonly preflight: boolean }

const preflightFlags = {
  '--check-kubeconfig': 'checkKubeconfig',
  '--aws': 'aws',
  '--cluster-arn': 'clusterArn',
  '--config': 'config'
} as const

/** Throws ERR_USAGE if `--preflight` is given together with an option or argument for a single bundle. */
function assertPreflight(
  words: readonly string[],
  { bundle, server, chain, host, fix }: Partial<CaOptions>
): void {
  const others = { '--bundle': bundle, '--server': server, '--chain': chain, '--host': host }
  const [given] = [
    ...words,
    ...Object.entries(others).flatMap(([flag, value]) => (value === undefined ? [] : [flag])),
    ...(fix === true ? ['--fix'] : [])
  ]
  if (given !== undefined)
    throw new GuardError(
      'ERR_USAGE',
      `${given} is given together with --preflight, which checks the whole cluster; expected one of them`
    )
}

function parseGoVersion(text: string): string {
  if (!isGoVersion(text))
    throw new GuardError(
      'ERR_USAGE',
      `--go is ${JSON.stringify(text)}; expected a Go version, such as 1.23 or 1.25.3`
    )

  return text
}
