import { Command } from 'commander'
import type { Sources } from '../facts/facts.js'
import { defaultIdentityWebhook, withAnnotationPrefix } from '../identity-webhook/settings.js'
import type { ManifestObject } from '../input/manifests.js'
import { noDeadline } from '../model/deadline.js'
import { ownerOf } from '../model/kubernetes-object.js'
import { exitCodeOf, type FailOn } from '../output/exit-code.js'
import { type ReportFormat, reportFormats } from '../output/formats.js'
import { type ObjectReference, type ObjectVerdict, reportOf } from '../output/report.js'
import { type ObjectReview, reviewObjects } from '../review-objects.js'
import { rules } from '../rules/index.js'
import { referenceOf } from '../scan/references.js'
import { liveSourcesOf } from '../sources/cluster/live-sources.js'
import { overlaySettings } from '../sources/overlay.js'
import { assertNamespace } from './support/given-names.js'
import { buildLiveAws } from './support/live-aws.js'
import { readManifests } from './support/manifests.js'
import {
  clusterCaOption,
  factOptions,
  failOnOption,
  styleOptionsWithVerbose,
  withOptions
} from './support/options.js'
import { type Output, outputsOption, textOnly, writeOutputs } from './support/outputs.js'
import { reportTime } from './support/report-time.js'
import { loadOwnConfigFile, loadSources } from './support/sources.js'
import { complain, fileStyleOf, styleOf, type StyleOptions, type Terminal } from './support/terminal.js'

export interface CheckOptions extends StyleOptions {
  readonly output?: readonly Output<ReportFormat>[]
  readonly iam: readonly string[]
  readonly aws?: boolean
  readonly config?: string
  readonly issuer?: string
  readonly clusterCa?: string
  readonly clusterArn?: string
  readonly audience?: string
  readonly namespace?: string
  readonly context?: string
  readonly kubeconfig?: string
  readonly failOn: FailOn
  readonly failOnUnknown: boolean
}

export const checkCommand = (terminal: Terminal): Command =>
  withOptions(
    new Command('check')
      .description('check manifests for broken IAM roles (exit codes: 0 ok, 1 findings, 2 unreadable input)')
      .argument('<files...>', 'YAML or JSON files, or directories of them; - reads stdin')
      .option('--context <name>', 'query this kubeconfig context (default: stay offline)')
      .option('--kubeconfig <file>', 'query the cluster of this kubeconfig (default: stay offline)')
      .addOption(clusterCaOption())
      .option('-n, --namespace <name>', 'namespace for objects that name none')
      .addOption(failOnOption())
      .option('--fail-on-unknown', 'exit with 1 if a rule could not be checked', false),
    factOptions(),
    [outputsOption(reportFormats)],
    styleOptionsWithVerbose()
  )
    .addHelpText(
      'after',
      `
Examples:
  irsa-guard check manifests/*.yaml --iam iam.json
  helm template shop ./chart | irsa-guard check - --aws --context prod
  irsa-guard check deploy/ --iam iam.json -o github -o sarif=irsa-guard.sarif
  irsa-guard check deploy/ --iam iam.json -o text -o junit=irsa-guard.xml`
    )
    .action(async (files: string[], options: CheckOptions) => {
      process.exitCode = await check(files, options, terminal)
    })

/**
 * Checks manifest files (`-`: stdin). Returns the exit code: 0, 1 (findings) or 2 (an input could not be
 * read).
 */
export async function check(
  files: readonly string[],
  options: CheckOptions,
  terminal: Terminal,
  environment: NodeJS.ProcessEnv = process.env
): Promise<0 | 1 | 2> {
  assertNamespace(options.namespace)
  const started = performance.now()
  const createdAt = reportTime(environment)
  const config = await loadOwnConfigFile(options.config)
  const isLive = options.context !== undefined || options.kubeconfig !== undefined
  // Loading the Kubernetes client takes as long as checking thousands of objects, and most checks stay
  // offline.
  const clusters = isLive ? await import('./support/cluster.js') : undefined
  const client = clusters?.connectCluster(options, environment)
  const given = await loadSources(options, config, client?.clusterArn)
  let noCredentials: string | undefined
  const sources: Sources = options.aws
    ? {
        ...given,
        ...(await buildLiveAws(config, given.clusterArn, ({ kind, because }) => {
          if (kind === 'no-credentials') noCredentials ??= because
        }))
      }
    : given
  const { objects, complaints, notes } = await readManifests(files, terminal)
  for (const message of [...complaints, ...notes]) complain(terminal, message)

  const clusterCas = client && (await clusters?.loadClusterCa(client, new Date())) // first, because an unreachable cluster ends the command
  const liveIdentityWebhook =
    client && (await clusters?.readClusterIdentityWebhook(client, config.annotationPrefix))
  const reviews = await reviewObjects(
    objects.map(({ object }) => object),
    {
      namespace: options.namespace ?? client?.namespace,
      ...config.ruleSettings,
      at: new Date(),
      deadline: noDeadline,
      sourcesWith: (together) => {
        const live = client && liveSourcesOf(client, together, clusterCas?.confirmed)

        return {
          ...together,
          ...live,
          ...sources,
          clusterCa: sources.clusterCa ?? together.clusterCa,
          identityWebhook: withAnnotationPrefix(
            overlaySettings(together.identityWebhook, liveIdentityWebhook) ?? defaultIdentityWebhook,
            config.annotationPrefix
          )
        }
      }
    }
  )
  client?.close()
  const report = reportOf(
    {
      objects: objects.length,
      judged: reviews.filter(({ subject }) => subject !== undefined).length,
      createdAt
    },
    objects.flatMap((object, index) => reportedOf(object, reviews[index])),
    (id) => rules.find((rule) => rule.id === id)?.summary ?? id
  )
  if (noCredentials !== undefined) complain(terminal, `--aws: ${noCredentials}`)
  await writeOutputs(
    // If nothing could be read, the error messages on stderr are enough, and no text report is printed.
    (options.output ?? textOnly).filter(
      ({ format, file }) =>
        objects.length > 0 || complaints.length === 0 || format !== 'text' || file !== undefined
    ),
    ({ format, file }) =>
      reportFormats[format](report, {
        rules,
        style: file === undefined ? styleOf(options, terminal) : fileStyleOf(options),
        failOn: options.failOn,
        complaints: noCredentials === undefined ? complaints : [...complaints, `--aws: ${noCredentials}`],
        workingDirectory: process.cwd(),
        run: {
          files: new Set(objects.map(({ file }) => file)).size,
          seconds: (performance.now() - started) / 1000
        }
      }),
    terminal
  )

  if (complaints.length > 0 || noCredentials !== undefined) return 2
  if (options.failOnUnknown && (report.unchecked.length > 0 || notes.length > 0)) return 1

  return exitCodeOf(report.findings, options.failOn)
}

/**
 * The entries of the report for one object. Most objects have nothing to report, so their line numbers are not
 * computed.
 */
function reportedOf(
  { object, file, lineOf }: ManifestObject,
  reviewed: ObjectReview | undefined
): readonly ObjectVerdict[] {
  if (reviewed === undefined || (reviewed.findings.length === 0 && reviewed.unchecked.length === 0)) return []

  const { subject, findings, unchecked } = reviewed
  const reference: ObjectReference = {
    ...referenceOf(object, subject, ownerOf(object)),
    file,
    line: lineOf([])
  }

  return [
    {
      object: reference,
      findings: findings.map((finding) => ({ ...finding, line: lineOf(pathOf(finding.field)) })),
      unchecked
    }
  ]
}

/** The keys of a field's path: `metadata.annotations["a.b/c"]` has three. */
function pathOf(field: string): string[] {
  return [...field.matchAll(/\["((?:[^"\\]|\\.)*)"\]|([^.[\]]+)/g)].map(
    ([, quoted, plain]) => quoted ?? plain ?? ''
  )
}
