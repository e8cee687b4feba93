import { Command, Option } from 'commander'
import { diagnosisOf } from '../diagnosis/diagnose.js'
import type { Diagnosis } from '../diagnosis/diagnosis.js'
import type { Tools } from '../diagnosis/observations.js'
import type { KubeClient } from '../kube/client.js'
import { GuardError } from '../model/guard-error.js'
import { diagnosisExitCode, diagnosisFormats } from '../output/diagnosis-text.js'
import type { Format } from '../output/formats.js'
import { plainStyle } from '../output/style.js'
import type { FetchDocument } from '../sources/diagnosis/issuer-keys.js'
import { quote } from '../text/escape.js'
import { shellQuote } from '../text/shell.js'
import { awsFlags, clusterFlags } from './support/kubectl.js'
import { buildLiveAws } from './support/live-aws.js'
import { parseObjectReference } from './support/object-reference.js'
import { factOptions, kubeconfigOption, styleOptionsWithVerbose, withOptions } from './support/options.js'
import { type Output, outputsOption, textOnly, writeOutputs } from './support/outputs.js'
import { loadOwnConfigFile, loadSources } from './support/sources.js'
import {
  complain,
  type ErrorTerminal,
  styleOf,
  type StyleOptions,
  type Terminal
} from './support/terminal.js'

export interface DiagnoseOptions extends StyleOptions {
  readonly output?: readonly Output<Format>[]
  readonly iam: readonly string[]
  readonly aws?: boolean
  readonly config?: string
  readonly issuer?: string
  readonly audience?: string
  readonly clusterArn?: string
  readonly namespace?: string
  readonly context?: string
  readonly kubeconfig?: string
  readonly action?: string
  readonly resource?: string
}

export const diagnoseCommand = (terminal: Terminal): Command =>
  withOptions(
    new Command('diagnose')
      .description(
        'find out why pods have no AWS role, or the wrong one; changes nothing (exit codes: 0 no step is wrong, 1 a step is wrong, 2 it could not run, or no step could be judged)'
      )
      .argument(
        '<object...>',
        'pod/NAME, deploy/NAME, statefulset/NAME, daemonset/NAME, replicaset/NAME, job/NAME, cronjob/NAME or sa/NAME (or KIND NAME)'
      )
      .option('-n, --namespace <name>', "namespace of the object (default: that of the kubeconfig's context)")
      .option('--context <name>', 'kubeconfig context of the cluster')
      .addOption(kubeconfigOption())
      .addOption(
        new Option('--action <action>', 'also ask IAM if the role allows this action, such as s3:GetObject')
      )
      .addOption(new Option('--resource <arn>', 'the resource of --action (default: "*")')),
    factOptions(),
    [outputsOption(diagnosisFormats)],
    styleOptionsWithVerbose()
  )
    .addHelpText(
      'after',
      `
Examples:
  irsa-guard diagnose deploy/cart -n shop --aws
  irsa-guard diagnose pod/cart-6d5f7c9b84-x2x7q -n shop --aws --action s3:GetObject --resource 'arn:aws:s3:::carts/*'
  irsa-guard diagnose sa/cart -n shop --iam iam.json -o json

It reads the cluster with your own permissions, and creates a pod only in a dry
run. Without --aws or --iam, the steps in AWS are unknown.`
    )
    .action(async (given: string[], options: DiagnoseOptions) => {
      process.exitCode = await diagnose(given, options, terminal)
    })

/** What tests replace. */
export interface DiagnoseSurroundings {
  readonly environment?: NodeJS.ProcessEnv
  /** Reads the issuer's documents; `fetch` by default. */
  readonly fetchDocument?: FetchDocument
}

/**
 * Prints a diagnosis of one object. Returns the exit code; throws ERR_USAGE, ERR_INPUT, ERR_CONFIG,
 * ERR_IAM_SNAPSHOT, ERR_KUBECONFIG and ERR_OUTPUT.
 */
export async function diagnose(
  given: readonly string[],
  options: DiagnoseOptions,
  terminal: Terminal,
  { environment = process.env, fetchDocument }: DiagnoseSurroundings = {}
): Promise<0 | 1 | 2> {
  assertAction(options)
  // Loading the Kubernetes client is slow, so usage errors are reported first.
  const { connectCluster } = await import('./support/cluster.js')
  const client = connectCluster(options, environment)
  try {
    const diagnosis = await readDiagnosis(client, given, options, terminal, fetchDocument)
    const style = styleOf(options, terminal)
    await writeOutputs(
      options.output ?? textOnly,
      ({ format, file }) => diagnosisFormats[format](diagnosis, file === undefined ? style : plainStyle),
      terminal
    )

    return diagnosisExitCode(diagnosis)
  } finally {
    client.close()
  }
}

/** Reads everything about an object and diagnoses it. Throws as `diagnose` does. */
export async function readDiagnosis(
  client: KubeClient,
  given: readonly string[],
  options: DiagnoseOptions,
  terminal: ErrorTerminal,
  fetchDocument?: FetchDocument
): Promise<Diagnosis> {
  const reference = parseObjectReference(given, options.namespace, client.namespace)
  const config = await loadOwnConfigFile(options.config)
  const facts = await loadSources(options, config, client.clusterArn)
  const complaints = new Set<string>()
  const fromAws = options.aws
    ? await buildLiveAws(config, facts.clusterArn, ({ kind, because }) => {
        if (kind === 'no-credentials') complaints.add(because)
      })
    : {}
  const { observe } = await import('./support/observe.js')
  const { noteRefusals } = await import('../kube/refusals.js')
  const noting = noteRefusals(client, clusterFlags(options))
  const observations = await observe(noting.client, reference, {
    at: new Date(),
    config,
    given: { ...facts, ...fromAws },
    simulation: options.action === undefined ? undefined : simulationOf(options, options.action),
    tools: toolsOf(options),
    fetchDocument
  })
  for (const complaint of complaints) complain(terminal, `--aws: ${complaint}`)

  const diagnosis = diagnosisOf(observations)

  return {
    ...diagnosis,
    steps: diagnosis.steps.map((step) =>
      step.because === undefined ? step : { ...step, because: noting.explain(step.because) }
    )
  }
}

function assertAction({ action, resource }: DiagnoseOptions): void {
  if (action !== undefined && !/^[a-z0-9-]{1,64}:[A-Za-z0-9*]{1,128}$/.test(action))
    throw new GuardError('ERR_USAGE', `--action is ${quote(action)}; expected an action such as s3:GetObject`)
  if (resource === undefined) return
  if (action === undefined)
    throw new GuardError('ERR_USAGE', '--resource is given without --action; expected both')
  if (resource !== '*' && !resource.startsWith('arn:'))
    throw new GuardError('ERR_USAGE', `--resource is ${quote(resource)}; expected an ARN or "*"`)
}

const simulationOf = ({ resource = '*', aws }: DiagnoseOptions, action: string) => ({
  action,
  resource,
  isLive: aws === true
})

const toolsOf = (options: DiagnoseOptions): Tools => {
  const { aws, iam, config } = options
  const flags = clusterFlags(options)
  const iamFlags = [
    ...(aws === true ? [' --aws'] : iam.map((file) => ` --iam ${shellQuote(file)}`)),
    ...(config === undefined ? [] : [` --config ${shellQuote(config)}`])
  ].join('')

  return {
    kubectl: `kubectl${flags}`,
    clusterFlags: flags,
    waitFlags: `${flags}${awsFlags(options)}`,
    iamFlags
  }
}
