import { Command } from 'commander'
import { GuardError } from '../model/guard-error.js'
import { exitCodeOf, type FailOn } from '../output/exit-code.js'
import type { FormatContext } from '../output/format-context.js'
import { type ReportFormat, reportFormats } from '../output/formats.js'
import { scanTextOf } from '../output/scan-text.js'
import { rules } from '../rules/index.js'
import { loadBaseline } from './support/baseline.js'
import { chooseContexts } from './support/contexts.js'
import { assertNamespace, assertRules } from './support/given-names.js'
import { readManifests } from './support/manifests.js'
import {
  factOptions,
  failOnOption,
  kubeconfigOption,
  styleOptionsWithVerbose,
  withOptions
} from './support/options.js'
import { type Output, outputsOption, textOnly, writeOutputs } from './support/outputs.js'
import { buildProgress } from './support/progress.js'
import { reportTime } from './support/report-time.js'
import { buildRequestCounter } from './support/request-counter.js'
import {
  scanContext,
  type ScannedCluster,
  scanObjects,
  type ScanOptions,
  type ScanSetting
} from './support/scan-cluster.js'
import { scanReportOf } from './support/scan-report.js'
import { loadOwnConfigFile } from './support/sources.js'
import { complain, fileStyleOf, styleOf, type StyleOptions, type Terminal } from './support/terminal.js'
import { timeGiven } from './support/time-given.js'

export interface ScanCommandOptions extends StyleOptions, Omit<ScanOptions, 'selector'> {
  readonly output?: readonly Output<ReportFormat>[]
  readonly context?: readonly string[]
  readonly allContexts?: boolean
  readonly selector?: string
  readonly rule?: readonly string[]
  readonly config?: string
  readonly baseline?: string
  readonly createdAfter?: string
  readonly failOn: FailOn
  readonly failOnNew?: boolean
  readonly unused?: boolean
}

const collect = (given: string, others: readonly string[] = []): string[] => [...others, given]

export const scanCommand = (terminal: Terminal): Command =>
  withOptions(
    new Command('scan')
      .description(
        'check whole clusters for broken IAM roles; changes nothing (exit codes: 0 ok, 1 findings, 2 something could not be read, 130 interrupted)'
      )
      .argument(
        '[files...]',
        'YAML or JSON files with the objects of a cluster, or directories of such files, to read instead of the cluster'
      )
      .option('--context <names>', 'kubeconfig contexts, separated by commas; repeatable', collect)
      .option('--all-contexts', 'scan the clusters of all kubeconfig contexts')
      .addOption(kubeconfigOption())
      .option('-n, --namespace <name>', 'scan one namespace')
      .option('-l, --selector <labels>', 'only service accounts, workloads and pods with these labels')
      .option('--created-after <time>', 'only objects that were created after this time (RFC 3339)')
      .option('--rule <id>', 'apply only this rule; repeatable', collect)
      .option('--baseline <file>', 'an earlier JSON report, to show what is new and what is gone')
      .addOption(failOnOption())
      .option('--fail-on-new', 'exit with 1 only for findings that are not in the baseline')
      .option(
        '--unused',
        'list service accounts that have a role but that no workload uses, and roles that no service account can use (with --aws, this needs iam:ListRoles)'
      ),
    factOptions(),
    [outputsOption(reportFormats)],
    styleOptionsWithVerbose()
  )
    .addHelpText(
      'after',
      `
Examples:
  irsa-guard scan --aws
  irsa-guard scan --context prod-eu,prod-us --aws -o text -o json=report.json
  irsa-guard scan --baseline report.json --fail-on-new
  irsa-guard scan -n shop --rule pod-not-mutated --created-after 2026-11-26T11:43Z`
    )
    .action(async (files: string[], options: ScanCommandOptions) => {
      const interrupt = new AbortController()
      const stop = (): void => interrupt.abort()
      process.once('SIGINT', stop)
      try {
        process.exitCode = await scan(files, options, terminal, process.env, interrupt.signal)
        // Requests to AWS that are still waiting for their turn would keep the process running for minutes.
        if (interrupt.signal.aborted) process.exit()
      } finally {
        process.off('SIGINT', stop)
      }
    })

/**
 * Scans the clusters of kubeconfig contexts, or objects from files. Returns the exit code: 0, 1 (findings), 2
 * (something could not be read) or 130 (interrupted; what was found so far is printed). Throws ERR_USAGE,
 * ERR_INPUT, ERR_CONFIG, ERR_IAM_SNAPSHOT, ERR_KUBECONFIG and ERR_OUTPUT.
 */
export async function scan(
  files: readonly string[],
  options: ScanCommandOptions,
  terminal: Terminal,
  environment: NodeJS.ProcessEnv = process.env,
  signal?: AbortSignal
): Promise<0 | 1 | 2 | 130> {
  const started = performance.now()
  const createdAt = reportTime(environment)
  assertUsage(files, options)
  const config = await loadOwnConfigFile(options.config)
  const earlier = options.baseline === undefined ? undefined : await loadBaseline(options.baseline)
  const progress = buildProgress(terminal)
  const problems: string[] = []
  let noCredentials: string | undefined
  const iamRequests = buildRequestCounter()
  const setting: ScanSetting = {
    config,
    severities: severitiesFor(options.rule, config.ruleSettings.severities),
    createdAfter: timeGiven('--created-after', options.createdAfter),
    at: new Date(),
    signal,
    progress,
    environment,
    onNoCredentials: (because) => (noCredentials ??= because),
    iamRequests
  }
  const clusters =
    files.length > 0
      ? await scanFiles(files, options, setting, terminal, problems)
      : await scanContexts(options, setting, problems)
  const isFileUnread = files.length > 0 && problems.length > 0
  progress.clear()
  if (noCredentials !== undefined) problems.push(`--aws: ${noCredentials}`)

  const report = await scanReportOf(clusters, {
    ...options,
    earlier,
    createdAt,
    severities: setting.severities,
    isPartial: signal?.aborted === true || isFileUnread
  })
  const style = styleOf(options, terminal)
  const seconds = (performance.now() - started) / 1000
  const withContext = options.context !== undefined || options.allContexts === true
  const formats = {
    ...reportFormats,
    text: (_: unknown, { style }: Pick<FormatContext, 'style'>) =>
      scanTextOf(report, style, {
        at: createdAt,
        seconds,
        iam: iamRequests.counted(),
        withContext,
        kubeconfig: options.kubeconfig,
        summaryOf: summaryOfRule
      })
  }
  if (clusters.length > 0)
    await writeOutputs(
      options.output ?? textOnly,
      ({ format, file }) =>
        formats[format](report, {
          rules,
          style: file === undefined ? style : fileStyleOf(options),
          failOn: options.failOn,
          complaints: problems,
          workingDirectory: process.cwd()
        }),
      terminal
    )
  for (const problem of problems) complain(terminal, problem)
  if (signal?.aborted === true) return 130
  if (problems.length > 0) return 2
  const fresh = new Set(report.baseline?.new)

  return exitCodeOf(
    options.failOnNew === true
      ? report.findings.filter(({ fingerprint }) => fresh.has(fingerprint))
      : report.findings,
    options.failOn
  )
}

const summaryOfRule = (id: string): string => rules.find((rule) => rule.id === id)?.summary ?? id

function assertUsage(files: readonly string[], options: ScanCommandOptions): void {
  assertNamespace(options.namespace)
  assertRules(
    options.rule ?? [],
    rules.map(({ id }) => id)
  )
  const { context, allContexts, kubeconfig, namespace, selector } = options
  const reject = (message: string): never => {
    throw new GuardError('ERR_USAGE', message)
  }
  if (context !== undefined && allContexts === true)
    reject('--context and --all-contexts are given together; expected one of them')
  if (options.failOnNew === true && options.baseline === undefined)
    reject('--fail-on-new is given without --baseline FILE; expected an earlier JSON report to compare with')
  if (files.length === 0) return
  const flag = Object.entries({
    '--context': context,
    '--all-contexts': allContexts,
    '--kubeconfig': kubeconfig,
    '--namespace': namespace,
    '--selector': selector
  }).find(([, value]) => value !== undefined)?.[0]
  if (flag !== undefined)
    reject(`files are given together with ${flag}, which is for clusters; expected one of them`)
}

/** The configured severities of the rules. With `--rule`, all rules but the named ones are off. */
const severitiesFor = (
  chosen: readonly string[] | undefined,
  configured: ScanSetting['severities']
): ScanSetting['severities'] =>
  chosen === undefined
    ? configured
    : new Map([
        ...configured,
        ...rules.filter(({ id }) => !chosen.includes(id)).map(({ id }) => [id, 'off'] as const)
      ])

async function scanFiles(
  files: readonly string[],
  options: ScanCommandOptions,
  setting: ScanSetting,
  terminal: Terminal,
  problems: string[]
): Promise<ScannedCluster[]> {
  const { objects, complaints } = await readManifests(files, terminal)
  problems.push(...complaints)

  return objects.length === 0
    ? []
    : [
        await scanObjects(
          objects.map(({ object }) => object),
          options,
          setting
        )
      ]
}

/** Scans one cluster at a time, so that only one is read into memory at once. */
async function scanContexts(
  options: ScanCommandOptions,
  setting: ScanSetting,
  problems: string[]
): Promise<ScannedCluster[]> {
  const contexts = chooseContexts(options, setting.environment)
  const [, second] = contexts
  const flag =
    options.clusterArn !== undefined ? '--cluster-arn' : options.issuer !== undefined ? '--issuer' : undefined
  if (second !== undefined && flag !== undefined)
    throw new GuardError(
      'ERR_USAGE',
      `${flag} applies to one cluster only; expected a single context with it`
    )

  const clusters: ScannedCluster[] = []
  for (const context of contexts) {
    if (setting.signal?.aborted === true) break
    try {
      const scanned = await scanContext(context, options, setting)
      clusters.push(scanned)
      problems.push(...lostIn(scanned))
    } catch (error) {
      if (!(error instanceof GuardError) || second === undefined) throw error
      problems.push(`context ${context}: ${error.message}`)
    }
  }

  return clusters
}

/**
 * Collections that could not be read because the API server stopped responding. Missing permissions (403) do
 * not count.
 */
const lostIn = ({ name, unread }: ScannedCluster): string[] =>
  unread
    .filter(({ status }) => status !== 403)
    .slice(0, 1)
    .map(
      ({ because }) =>
        `context ${name}: ${because}${unread.length > 1 ? `, and ${unread.length - 1} more` : ''}`
    )
