#!/usr/bin/env node
import { Command, CommanderError, InvalidArgumentError, Option } from 'commander'
import { GuardError } from './model/guard-error.js'
import { modes, type Mode } from './verdict/decide.js'
import type { CaOptions } from './commands/ca.js'
import type { CheckOptions } from './commands/check.js'
import type { ServeOptions } from './commands/serve.js'

const program = new Command('irsa-guard')
  .description('stops broken IAM roles for service accounts (IRSA) where the mistake is made')
  .exitOverride()

const iamOption = new Option('--iam <file>', 'facts about IAM: an IamSnapshot file; may be repeated')
  .default([], 'none')
  .argParser((file: string, files: string[]) => [...files, file])
const clusterCaOption = new Option('--cluster-ca <file>', 'the current CAs of the cluster, PEM: kube-root-ca.crt')
const issuerOption = new Option('--issuer <url>', "the cluster's OIDC issuer")

program
  .command('check')
  .description('check manifests; exit code 1 for findings, 2 when something could not be read')
  .argument('<files...>', 'YAML or JSON files; - reads standard input')
  .addOption(new Option('--output <format>').choices(['text', 'json']).default('text'))
  .addOption(iamOption)
  .addOption(issuerOption)
  .addOption(clusterCaOption)
  .option('-n, --namespace <name>', 'the namespace of objects that name none')
  .addOption(
    new Option('--fail-on <severity>', 'lowest severity that makes the exit code 1')
      .choices(['error', 'warning', 'info', 'never'])
      .default('error')
  )
  .option('--fail-on-unknown', 'exit with 1 when something could not be checked', false)
  .addHelpText(
    'after',
    '\nExamples:\n  irsa-guard check manifests/*.yaml --iam iam.json\n  helm template shop ./chart | irsa-guard check -'
  )
  .action(async (files: string[], options: CheckOptions) => {
    const { check } = await import('./commands/check.js')
    process.exitCode = await check(files, options, {
      stdin: process.stdin,
      stdout: (text) => process.stdout.write(text),
      stderr: (text) => process.stderr.write(text)
    })
  })

program
  .command('ca')
  .description('say what the API server makes of a caBundle; exit code 1 when something is wrong with it')
  .requiredOption('--bundle <file>', 'the bundle: PEM, or the base64 text of clientConfig.caBundle')
  .option('--server <host:port>', 'the webhook; its certificates are fetched')
  .option('--chain <file>', "the webhook's certificates, PEM, leaf first; instead of --server")
  .option('--host <name>', 'the DNS name or IP address by which the API server calls the webhook')
  .addOption(clusterCaOption)
  .option('--go <version>', 'the Go that the API server is built with, such as 1.23')
  .option('--fix', 'print a clean bundle and the kubectl command that puts it there', false)
  .addOption(new Option('--output <format>').choices(['text', 'json']).default('text'))
  .addHelpText(
    'after',
    `
Examples:
  kubectl get mutatingwebhookconfiguration pod-identity-webhook -o jsonpath='{.webhooks[0].clientConfig.caBundle}' > bundle
  kubectl get configmap kube-root-ca.crt -o jsonpath='{.data.ca\\.crt}' > ca.crt
  irsa-guard ca --bundle bundle --cluster-ca ca.crt --fix
  irsa-guard ca --bundle ca.pem --server webhook.example.com:443
  irsa-guard ca --bundle ca.pem --chain tls.crt --host webhook.default.svc`
  )
  .action(async (options: CaOptions) => {
    const { ca } = await import('./commands/ca.js')
    process.exitCode = await ca(options, { stdout: (text) => process.stdout.write(text) })
  })

program
  .command('serve')
  .description('answer the admission reviews of an API server')
  .addOption(iamOption)
  .addOption(issuerOption)
  .addOption(new Option('--mode <mode>', 'what to do with findings').choices([...modes]).default('enforce' satisfies Mode))
  .requiredOption('--tls-cert <file>', 'serving certificate, PEM')
  .requiredOption('--tls-key <file>', 'its key, PEM')
  .option('--port <number>', 'TLS port', port, 9443)
  .addHelpText('after', '\nExample:\n  irsa-guard serve --tls-cert tls.crt --tls-key tls.key --iam iam.json')
  .action(async (options: Omit<ServeOptions, 'deadline'>) => {
    const { serve } = await import('./commands/serve.js')
    const app = await serve({ ...options, deadline: 2000 })
    process.stderr.write(`listening on port ${options.port}\n`)
    const { default: closeWithGrace } = await import('close-with-grace')
    closeWithGrace({ delay: 10_000 }, async () => app.close())
  })

function port(text: string): number {
  if (!/^\d{1,5}$/.test(text) || Number(text) > 65_535) throw new InvalidArgumentError('expected a number from 0 to 65535')

  return Number(text)
}

try {
  await program.parseAsync()
} catch (error) {
  // commander has printed its message already; --help and --version end here too, with exit code 0
  if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? 0 : 2
  else if (error instanceof GuardError) {
    process.stderr.write(`irsa-guard: ${error.message}\n`)
    process.exitCode = 2
  } else throw error
}
