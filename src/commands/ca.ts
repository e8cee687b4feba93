import { Command, Option } from 'commander'
import { GuardError } from '../model/guard-error.js'
import { isGoVersion } from '../x509/go-version.js'
import type { CaObjectOptions } from './ca-object.js'
import { bundleFormats } from './support/bundle-output.js'
import { ca, type CaOptions } from './support/bundles.js'
import {
  asciiOption,
  clusterCaOption,
  colorOption,
  kubeconfigOption,
  quietOption,
  verboseOption
} from './support/options.js'
import { outputsOption } from './support/outputs.js'
import type { Terminal } from './support/terminal.js'

export const caCommand = (terminal: Terminal): Command =>
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
    .option('--server <host:port>', 'the webhook server; its certificates are fetched')
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
    .addOption(outputsOption(bundleFormats))
    .addOption(colorOption())
    .addOption(asciiOption())
    .addOption(verboseOption())
    .addOption(quietOption())
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
  irsa-guard ca --bundle ca.pem --chain tls.crt --host webhook.default.svc`
    )
    .action(
      async (
        words: readonly string[],
        options: CaObjectOptions & Omit<CaOptions, 'bundle'> & { bundle?: string }
      ) => {
        const { bundle } = options
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

function parseGoVersion(text: string): string {
  if (!isGoVersion(text))
    throw new GuardError(
      'ERR_USAGE',
      `--go is ${JSON.stringify(text)}; expected a Go version, such as 1.23 or 1.25.3`
    )

  return text
}
