import { Command, Option } from 'commander'
import type { Diagnosis } from '../diagnosis/diagnosis.js'
import type { AssociationSource } from '../facts/facts.js'
import { defaultIdentityWebhook } from '../identity-webhook/settings.js'
import type { KubeClient } from '../kube/client.js'
import { raceDeadline } from '../model/deadline.js'
import { GuardError } from '../model/guard-error.js'
import type { Format } from '../output/formats.js'
import { plainStyle } from '../output/style.js'
import { waitFormats, type WaitReport } from '../output/wait-text.js'
import { parseDuration } from '../text/duration.js'
import { quote } from '../text/escape.js'
import { readDiagnosis } from './diagnose.js'
import { type AttemptContext, attemptIdentity } from './support/identity-attempt.js'
import { awsFlags, clusterFlags } from './support/kubectl.js'
import { buildLiveAws } from './support/live-aws.js'
import { parseObjectReference } from './support/object-reference.js'
import { awsOptions, kubeconfigOption, styleOptions, withOptions } from './support/options.js'
import { type Output, outputsOption, textOnly, writeOutputs } from './support/outputs.js'
import { type LastAttempt, repeatAttempts } from './support/repeat-attempts.js'
import { loadOwnConfigFile, loadSources } from './support/sources.js'
import { complain, styleOf, type StyleOptions, type Terminal } from './support/terminal.js'

export interface WaitOptions extends StyleOptions {
  readonly output?: readonly Output<Format>[]
  readonly namespace?: string
  /** How long to wait, in milliseconds. */
  readonly timeout: number
  readonly aws?: boolean
  readonly config?: string
  readonly issuer?: string
  readonly clusterArn?: string
  readonly context?: string
  readonly kubeconfig?: string
}

export const waitCommand = (terminal: Terminal): Command =>
  withOptions(
    new Command('wait')
      .description(
        'wait until new pods of a service account or workload get their AWS identity, through IRSA or EKS Pod Identity; creates pods in dry runs only (exit codes: 0 ready, 1 not within the timeout, 2 it could not run or could not tell)'
      )
      .argument('<object...>', 'sa/NAME, deploy/NAME, or another workload (or KIND NAME)')
      .option('-n, --namespace <name>', 'namespace of the object (default: that of the kubeconfig context)')
      .addOption(
        new Option('--for <condition>', 'what to wait for').choices(['identity']).default('identity')
      )
      .addOption(
        new Option('--timeout <duration>', 'how long to wait, such as 30s or 1m30s; 0 tries once')
          .argParser(parseTimeout)
          .default(120_000, '2m')
      )
      .addOption(kubeconfigOption())
      .option('--context <name>', 'kubeconfig context of the cluster'),
    awsOptions(),
    [outputsOption(waitFormats)],
    styleOptions()
  )
    .addHelpText(
      'after',
      `
Examples:
  irsa-guard wait sa/cart -n shop --for=identity
  irsa-guard wait deploy/cart -n shop --timeout 30s && kubectl rollout restart deploy/cart -n shop
  irsa-guard wait sa/cart -n shop --aws   # also know whether the service account has an association`
    )
    .action(async (words: string[], options: WaitOptions) => {
      const interrupted = new AbortController()
      process.once('SIGINT', () => interrupted.abort())
      process.exitCode = await waitForIdentity(words, options, terminal, { interrupted: interrupted.signal })
      // Requests to AWS that are still waiting would keep the process running.
      if (interrupted.signal.aborted) process.exit()
    })

const longestTimeout = 24 * 3_600_000

function parseTimeout(text: string): number {
  const timeout = parseDuration(text)
  if (timeout !== undefined && timeout <= longestTimeout) return timeout

  throw new GuardError(
    'ERR_USAGE',
    `--timeout is ${quote(text)}; expected a duration of at most 24h, such as 30s, 2m or 1m30s`
  )
}

/** What tests replace. */
export interface WaitSurroundings {
  readonly interrupted?: AbortSignal
  readonly environment?: NodeJS.ProcessEnv
  /** The time between two dry runs, in milliseconds. */
  readonly interval?: number
}

/**
 * Waits until new pods get their identity, and prints the result. Returns the exit code; throws ERR_USAGE,
 * ERR_INPUT, ERR_CONFIG and ERR_KUBECONFIG if the first attempt cannot be made, and ERR_OUTPUT.
 */
export async function waitForIdentity(
  words: readonly string[],
  options: WaitOptions,
  terminal: Terminal,
  {
    interrupted = new AbortController().signal,
    environment = process.env,
    interval = 1000
  }: WaitSurroundings = {}
): Promise<0 | 1 | 2 | 130> {
  const config = await loadOwnConfigFile(options.config)
  // The Kubernetes client is slow to load.
  const { connectCluster, readClusterIdentityWebhook } = await import('./support/cluster.js')
  const client = connectCluster(options, environment)
  try {
    const reference = parseObjectReference(words, options.namespace, client.namespace)
    const { kind, namespace, name } = reference
    const shown = `${kind.short}/${name}`
    if (kind.kind === 'Pod')
      throw new GuardError(
        'ERR_USAGE',
        `${shown} is a pod, whose identity never changes; wait for its service account (sa/NAME) or its workload`
      )
    const flags = clusterFlags(options)
    const context: AttemptContext = {
      client,
      reference,
      settings: (await readClusterIdentityWebhook(client, config.annotationPrefix)) ?? defaultIdentityWebhook,
      associations: await loadAssociations(),
      flags
    }
    const last = await repeatAttempts(async (signal) => attemptIdentity(context, signal), {
      timeout: options.timeout,
      interval,
      interrupted,
      onWaiting: (because) => {
        if (options.quiet !== true) complain(terminal, `waiting for ${shown}: ${because}`)
      }
    })
    const isAbsent = last.attempt?.state === 'absent' && !interrupted.aborted
    const diagnosis = isAbsent
      ? await readCause(client, [shown], options, { terminal, interrupted })
      : undefined
    const report = reportOf(last, {
      subject: { kind: kind.kind, namespace, name },
      isInterrupted: interrupted.aborted,
      diagnose: `irsa-guard diagnose ${shown} -n ${namespace}${flags}${awsFlags(options)}`,
      diagnosis
    })
    const style = styleOf(options, terminal)
    await writeOutputs(
      options.output ?? textOnly,
      ({ format, file }) => waitFormats[format](report, file === undefined ? style : plainStyle),
      terminal
    )

    return exitCodes[report.state]
  } finally {
    client.close()
  }

  async function loadAssociations(): Promise<AssociationSource | undefined> {
    const { clusterArn, associations } = await loadSources({ ...options, iam: [] }, config, client.clusterArn)
    if (options.aws !== true) return associations
    if (clusterArn === undefined)
      throw new GuardError(
        'ERR_USAGE',
        'with --aws, the EKS cluster must be known; pass the output of this command with --cluster-arn: aws eks describe-cluster --name CLUSTER --query cluster.arn --output text'
      )

    const complained = new Set<string>()
    const note = ({ because }: { readonly because: string }): void => {
      if (!complained.has(because)) complain(terminal, `--aws: ${because}`)
      complained.add(because)
    }

    return (await buildLiveAws(config, clusterArn, note)).associations
  }
}

const exitCodes = {
  ready: 0,
  absent: 1,
  unknown: 2,
  interrupted: 130
} as const satisfies Record<WaitReport['state'], number>

function reportOf(
  { attempt, attempts, seconds }: LastAttempt,
  {
    subject,
    isInterrupted,
    diagnose,
    diagnosis
  }: Pick<WaitReport, 'subject'> & {
    readonly isInterrupted: boolean
    /** The command that diagnoses the subject. */
    readonly diagnose: string
    readonly diagnosis: Diagnosis | undefined
  }
): WaitReport {
  if (attempt?.state === 'present') {
    const { chain, role } = attempt
    return { subject, state: 'ready', chain, ...(role !== undefined && { role }), attempts, seconds, fix: [] }
  }

  const broken = diagnosis?.steps.find(({ step }) => step === diagnosis.first)

  return {
    subject,
    state: isInterrupted ? 'interrupted' : (attempt?.state ?? 'unknown'),
    because: attempt?.because ?? 'the first dry run did not end in time',
    ...(broken && { step: broken.step, cause: broken.message }),
    attempts,
    seconds,
    fix: [diagnose]
  }
}

const diagnosedWithin = 15_000

/** The diagnosis of a subject whose pods get no identity; undefined if it cannot be made in time. */
async function readCause(
  client: KubeClient,
  words: readonly string[],
  options: WaitOptions,
  { terminal, interrupted }: { readonly terminal: Terminal; readonly interrupted: AbortSignal }
): Promise<Diagnosis | undefined> {
  try {
    return await raceDeadline(
      AbortSignal.any([interrupted, AbortSignal.timeout(diagnosedWithin)]),
      readDiagnosis(client, words, { ...options, iam: [] }, terminal)
    )
  } catch (error) {
    if (error instanceof GuardError) return undefined // the reason from the last dry run is reported
    throw error
  }
}
