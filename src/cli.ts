#!/usr/bin/env node
import { Command, CommanderError, Option } from 'commander'
import type { CaOptions } from './commands/ca.js'
import type { CaObjectOptions } from './commands/ca-object.js'
import type { CheckOptions } from './commands/check.js'
import type { ControllerOptions } from './commands/controller.js'
import type { ServeOptions } from './commands/serve.js'
import type { Terminal } from './commands/support/terminal.js'
import type { TrustOptions } from './commands/trust.js'
import { GuardError } from './model/guard-error.js'
import { escapeText } from './text/escape.js'
import { version } from './version.js'
import { isGoVersion } from './x509/go-version.js'

const program = new Command('irsa-guard')
  .description('stops broken IAM roles for service accounts (IRSA) where the mistake is made')
  .version(version)
  .exitOverride()

const terminal: Terminal = {
  stdin: process.stdin,
  stdout: (text) => process.stdout.write(text),
  stderr: (text) => process.stderr.write(text)
}

process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') return // as of `| head`: nobody reads on, and the exit code is still worth having
  complain(new GuardError('ERR_USAGE', `the output cannot be written (${error.code ?? error.message})`))
  process.exit(2)
})

// Nobody is left to tell when complaints cannot be written (a full disk, a reader that is gone); the exit
// code still says it.
process.stderr.on('error', () => undefined)

const iamOption = new Option('--iam <file>', 'facts about IAM: an IamSnapshot file; may be repeated')
  .default([], 'none')
  .argParser((file: string, files: string[]) => [...files, file])
const configOption = new Option('--config <file>', 'configuration, YAML')
const kubeconfigOption = new Option(
  '--kubeconfig <file>',
  'kubeconfig; else $KUBECONFIG, the token of the pod, ~/.kube/config'
)
const contextOption = new Option('--context <name>', 'the context of the kubeconfig')
const clusterCaOption = new Option(
  '--cluster-ca <file>',
  'the current CAs of the cluster, PEM: kube-root-ca.crt'
)
const audienceOption = new Option(
  '--audience <name>',
  'the audience that the identity webhook asks tokens for, when no annotation says another'
)
const awsOption = (): Option =>
  new Option('--aws', 'ask the IAM API, with your own AWS credentials and region').conflicts('iam')
const issuerOption = new Option('--issuer <url>', "the cluster's OIDC issuer")

program
  .command('check')
  .description(
    'check manifests; exit code 1 for findings, 2 when something could not be read, or standard input is empty'
  )
  .argument('<files...>', 'YAML or JSON files; - reads standard input')
  .addOption(new Option('--output <format>').choices(['text', 'json']).default('text'))
  .addOption(iamOption)
  .addOption(configOption)
  .addOption(
    new Option(
      '--context <name>',
      'ask this cluster, a context of the kubeconfig; without it nothing is asked'
    )
  )
  .addOption(new Option('--kubeconfig <file>', 'ask the cluster of this kubeconfig'))
  .addOption(awsOption())
  .addOption(issuerOption)
  .addOption(clusterCaOption)
  .addOption(audienceOption)
  .option('-n, --namespace <name>', 'the namespace of objects that name none')
  .addOption(
    new Option('--fail-on <severity>', 'lowest severity that makes the exit code 1')
      .choices(['error', 'warning', 'info', 'never'])
      .default('error')
  )
  .option('--fail-on-unknown', 'exit with 1 when something could not be checked', false)
  .addHelpText(
    'after',
    '\nExamples:\n  irsa-guard check manifests/*.yaml --iam iam.json\n  helm template shop ./chart | irsa-guard check - --aws --context prod'
  )
  .action(async (files: string[], options: CheckOptions) => {
    const { check } = await import('./commands/check.js')
    process.exitCode = await check(files, options, terminal)
  })

program
  .command('ca')
  .description(
    'say what the API server makes of a caBundle; exit code 1 when something is wrong with it, 2 when nobody could tell; warnings leave it 0'
  )
  .argument(
    '[object]',
    'mutatingwebhookconfiguration/NAME or validatingwebhookconfiguration/NAME, read from the cluster'
  )
  .addOption(kubeconfigOption)
  .addOption(contextOption)
  .option('--bundle <file>', 'the bundle: PEM, or the base64 text of clientConfig.caBundle')
  .option('--server <host:port>', 'the webhook; its certificates are fetched')
  .option('--chain <file>', "the webhook's certificates, PEM, leaf first; instead of --server")
  .option('--host <name>', 'the DNS name or IP address by which the API server calls the webhook')
  .addOption(clusterCaOption)
  .addOption(
    new Option('--go <version>', 'the Go that the API server is built with, such as 1.23').argParser(
      goVersionIn
    )
  )
  .option('--fix', 'print a clean bundle and the kubectl command that puts it there', false)
  .addOption(new Option('--output <format>').choices(['text', 'json']).default('text'))
  .addHelpText(
    'after',
    `
Examples:
  irsa-guard ca mutatingwebhookconfiguration/pod-identity-webhook --fix
  kubectl get mutatingwebhookconfiguration pod-identity-webhook -o jsonpath='{.webhooks[0].clientConfig.caBundle}' > bundle
  kubectl get configmap kube-root-ca.crt -o jsonpath='{.data.ca\\.crt}' > ca.crt
  irsa-guard ca --bundle bundle --cluster-ca ca.crt --fix
  irsa-guard ca --bundle ca.pem --server webhook.example.com:443
  irsa-guard ca --bundle ca.pem --chain tls.crt --host webhook.default.svc`
  )
  .action(
    async (
      object: string | undefined,
      options: CaObjectOptions & Omit<CaOptions, 'bundle'> & { bundle?: string }
    ) => {
      const { bundle } = options
      if (object === undefined && bundle === undefined) {
        throw new GuardError(
          'ERR_USAGE',
          'say which bundle is meant: mutatingwebhookconfiguration/NAME of a cluster, or --bundle FILE'
        )
      }
      if (object !== undefined && bundle !== undefined) {
        throw new GuardError(
          'ERR_USAGE',
          `both ${object} and --bundle ${bundle} are given; expected one of them`
        )
      }
      if (object !== undefined) {
        if (options.server !== undefined || options.chain !== undefined) {
          throw new GuardError('ERR_USAGE', '--server and --chain belong to --bundle')
        }
        const { caOfObject } = await import('./commands/ca-object.js')
        process.exitCode = await caOfObject(object, options, terminal)
      }
      if (bundle !== undefined) {
        const { ca } = await import('./commands/ca.js')
        process.exitCode = await ca({ ...options, bundle }, terminal)
      }
    }
  )

program
  .command('trust')
  .description(
    "judge one role's trust policy for one service account; exit code 1 for findings, 2 when the policy could not be read; with --fix 0 when a policy is printed, which lets the account in, else 1"
  )
  .option('--role <arn>', 'the role; its policy comes from --iam or --aws, unless --policy gives it')
  .option('--policy <file>', 'a trust policy; - reads standard input')
  .addOption(iamOption)
  .addOption(awsOption())
  .addOption(configOption)
  .addOption(issuerOption)
  .option('-n, --namespace <name>', 'namespace of the service account', 'default')
  .requiredOption('--service-account <name>', 'name of the service account')
  .option('--audience <name>', 'audience of its tokens (default: "sts.amazonaws.com")')
  .addOption(new Option('--output <format>').choices(['text', 'json']).default('text'))
  .option(
    '--fix',
    'print the policy as it should be and nothing else; exit code 1 and the reason when there is none',
    false
  )
  .addOption(
    new Option('--fail-on <severity>', 'lowest severity that makes the exit code 1')
      .choices(['error', 'warning', 'info', 'never'])
      .default('error')
  )
  .addHelpText(
    'after',
    `
Examples:
  irsa-guard trust --role arn:aws:iam::111122223333:role/team/cart --iam iam.json -n shop --service-account cart
  irsa-guard trust --role arn:aws:iam::111122223333:role/team/cart --aws --issuer https://oidc.eks.us-east-1.amazonaws.com/id/EXAMPLE -n shop --service-account cart
  irsa-guard trust --policy trust.json --issuer https://oidc.eks.us-east-1.amazonaws.com/id/EXAMPLE -n shop --service-account cart --fix > fixed.json &&
    aws iam update-assume-role-policy --role-name cart --policy-document file://fixed.json
  aws iam get-role --role-name cart --query Role.AssumeRolePolicyDocument | irsa-guard trust --policy - --iam iam.json -n shop --service-account cart`
  )
  .action(async (options: TrustOptions) => {
    const { trust } = await import('./commands/trust.js')
    process.exitCode = await trust(options, terminal)
  })

daemon('serve', 'answer the admission reviews of an API server')
  .addHelpText(
    'after',
    '\nExamples:\n  irsa-guard serve --config /etc/irsa-guard/config.yaml\n  irsa-guard serve --config config.yaml --iam iam.json   # without AWS'
  )
  .action(async (options: ServeOptions) => {
    const { serve } = await import('./commands/serve.js')
    await keepRunning(await serve(options))
  })

daemon('controller', "keep the guard's own certificates and webhook, and watch what goes stale by itself")
  .addHelpText('after', '\nExample:\n  irsa-guard controller --config /etc/irsa-guard/config.yaml')
  .action(async (options: ControllerOptions) => {
    const { controller } = await import('./commands/controller.js')
    await keepRunning(await controller(options))
  })

/** A command that runs until it is stopped, with the options of all such. */
function daemon(name: string, description: string): Command {
  const options = [configOption, kubeconfigOption, iamOption, issuerOption, clusterCaOption, audienceOption]

  return options.reduce(
    (command, option) => command.addOption(option),
    program.command(name).description(description)
  )
}

async function keepRunning(running: { close(): Promise<void> }): Promise<void> {
  const { runUntilSignal } = await import('./process/run-until-signal.js')
  runUntilSignal(running, complain)
}

function goVersionIn(text: string): string {
  if (!isGoVersion(text))
    throw new GuardError(
      'ERR_USAGE',
      `--go is ${JSON.stringify(text)}; expected a version of Go, such as 1.23 or 1.25.3`
    )

  return text
}

function complain({ message }: GuardError): void {
  process.stderr.write(`irsa-guard: ${message.split('\n').map(escapeText).join('\n')}\n`)
}

try {
  await program.parseAsync()
} catch (error) {
  // commander has printed its message already; --help and --version end here too, with exit code 0
  if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? 0 : 2
  else if (error instanceof GuardError) {
    complain(error)
    process.exitCode = 2
  } else throw error
}
