import { Command } from 'commander'
import type { Sources } from '../facts/facts.js'
import { type ManifestObject, parseManifest } from '../input/manifests.js'
import type { KubeClient } from '../kube/client.js'
import type { Deadline } from '../model/deadline.js'
import { GuardError } from '../model/guard-error.js'
import { parseSubject, type Subject } from '../model/subject.js'
import { exitCodeOf, type FailOn } from '../output/exit-code.js'
import { type ReportFormat, reportFormats } from '../output/formats.js'
import { type ObjectReference, reportOf } from '../output/report.js'
import { review } from '../review.js'
import { rules } from '../rules/index.js'
import { buildClusterOnDemand } from '../sources/cluster/on-demand.js'
import { buildLiveIam } from '../sources/iam/live.js'
import { buildObjectSources, type ObjectSources } from '../sources/objects/objects.js'
import { overlay } from '../sources/overlay.js'
import { textOf } from '../text/record.js'
import type { Verdict } from '../verdict/decide.js'
import { assertNamespace } from './support/given-names.js'
import {
  audienceOption,
  awsOption,
  clusterCaOption,
  configOption,
  failOnOption,
  iamOption,
  issuerOption,
  outputOption
} from './support/options.js'
import { loadInput } from './support/read-input.js'
import { loadConfigFile, loadSources } from './support/sources.js'
import { complaintOf, type Terminal } from './support/terminal.js'

export interface CheckOptions {
  readonly output: ReportFormat
  readonly iam: readonly string[]
  readonly aws?: boolean
  readonly config?: string
  readonly issuer?: string
  readonly clusterCa?: string
  readonly audience?: string
  readonly namespace?: string
  readonly context?: string
  readonly kubeconfig?: string
  readonly failOn: FailOn
  readonly failOnUnknown: boolean
}

export const checkCommand = (terminal: Terminal): Command =>
  new Command('check')
    .description('check manifests for broken IAM roles (exit codes: 0 ok, 1 findings, 2 unreadable input)')
    .argument('<files...>', 'YAML or JSON files; - reads stdin')
    .addOption(outputOption(reportFormats))
    .addOption(iamOption())
    .addOption(configOption())
    .option('--context <name>', 'query this kubeconfig context (default: stay offline)')
    .option('--kubeconfig <file>', 'query the cluster of this kubeconfig (default: stay offline)')
    .addOption(awsOption())
    .addOption(issuerOption())
    .addOption(clusterCaOption())
    .addOption(audienceOption())
    .option('-n, --namespace <name>', 'namespace of objects that name none')
    .addOption(failOnOption())
    .option('--fail-on-unknown', 'exit with 1 if a rule could not be checked', false)
    .addHelpText(
      'after',
      `
Examples:
  irsa-guard check manifests/*.yaml --iam iam.json
  helm template shop ./chart | irsa-guard check - --aws --context prod`
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
  const config = await loadConfigFile(options.config)
  const given = await loadSources(options, config)
  const sources: Sources = options.aws
    ? { ...given, iam: await buildLiveIam({ ...config.iam, patient: true }) }
    : given
  const objects: ManifestObject[] = []
  let unreadable = 0
  const reportUnreadable = (message: string): void => {
    unreadable++
    terminal.stderr(complaintOf(message))
  }

  for (const file of files) {
    const text = await loadInput(
      file,
      terminal,
      'manifests in YAML or JSON',
      `name its files, such as ${file}/*.yaml`
    ).catch((error: unknown) => {
      if (!(error instanceof GuardError)) throw error
      reportUnreadable(error.message)
    })
    if (text === undefined) continue
    const manifest = parseManifest(file === '-' ? 'stdin' : file, text)
    for (const object of manifest.objects) objects.push(object) // not with spread: a call takes some 100,000 arguments
    for (const { file, line, message } of manifest.unreadable) reportUnreadable(`${file}:${line}: ${message}`)
  }

  const judged = objects.flatMap((object) => {
    const subject = parseSubject(object.object, { stage: 'source', namespace: options.namespace })
    return subject === undefined ? [] : [{ ...object, subject }]
  })
  const together = buildObjectSources(
    judged.map(({ subject }) => subject),
    objects.map(({ object }) => object),
    options.namespace
  )
  const isLive = options.context !== undefined || options.kubeconfig !== undefined
  // The Kubernetes client takes as long to load as checking thousands of objects, and most checks stay
  // offline.
  const clusters = isLive ? await import('./support/cluster.js') : undefined
  const client = clusters?.connectCluster(options, environment)
  const clusterCas = client && (await clusters?.loadClusterCa(client, new Date())) // first, because an unreachable cluster ends the command
  const identityWebhook =
    client && (await clusters?.readClusterIdentityWebhook(client, config.annotationPrefix))
  const live = client && liveSourcesOf(client, together, clusterCas?.confirmed)
  const context = {
    mode: 'enforce' as const,
    severities: config.severities,
    at: new Date(),
    deadline: noDeadline,
    sources: {
      ...together,
      ...live,
      ...sources,
      clusterCa: sources.clusterCa ?? together.clusterCa ?? live?.clusterCa,
      identityWebhook: identityWebhook ?? sources.identityWebhook
    }
  }
  const verdicts = await Promise.all(
    judged.map(async (one) => reportedOf(one, await review(one.subject, context)))
  )
  client?.close()
  const report = reportOf(objects.length, verdicts.flat())
  if (objects.length > 0 || unreadable === 0 || options.output !== 'text')
    terminal.stdout(reportFormats[options.output](report, rules))

  if (unreadable > 0) return 2
  if (options.failOnUnknown && report.unchecked.length > 0) return 1

  return exitCodeOf(report.findings, options.failOn)
}

/** The part of a report about one object. Most have none, and then their line numbers are not computed. */
function reportedOf(
  { subject, object, file, lineOf }: ManifestObject & { readonly subject: Subject },
  { findings, unchecked }: Verdict
): Parameters<typeof reportOf>[1] {
  if (findings.length === 0 && unchecked.length === 0) return []

  const { apiVersion, kind } = object
  const reference: ObjectReference = {
    apiVersion: textOf(apiVersion) ?? '',
    kind: textOf(kind) ?? '',
    ...('namespace' in subject && { namespace: subject.namespace }),
    name: subject.name,
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

/** A check has no deadline. Each lookup gets a signal of its own: one that thousands listen to is slow. */
const noDeadline: Deadline = {
  get signal() {
    return new AbortController().signal
  }
}

/** Facts from the cluster. Objects in the files win over those in the cluster. */
function liveSourcesOf(client: KubeClient, together: ObjectSources, clusterCa: string | undefined): Sources {
  const cluster = buildClusterOnDemand(client)
  const seen = overlay({ ...together.accounts, ...together.namespaces, ...together.webhooks }, cluster)

  return { cluster, accounts: seen, namespaces: seen, webhooks: seen, clusterCa }
}

/** The keys of a field's path: `metadata.annotations["a.b/c"]` has three. */
function pathOf(field: string): string[] {
  return [...field.matchAll(/\["((?:[^"\\]|\\.)*)"\]|([^.[\]]+)/g)].map(
    ([, quoted, plain]) => quoted ?? plain ?? ''
  )
}
