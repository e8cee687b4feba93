import type { Sources } from '../facts/facts.js'
import { type ManifestObject, parseManifest } from '../input/manifests.js'
import type { KubeClient } from '../kube/client.js'
import type { Deadline } from '../model/deadline.js'
import type { Severity } from '../model/finding.js'
import { GuardError } from '../model/guard-error.js'
import { parseSubject, type Subject } from '../model/subject.js'
import { type ObjectReference, reportOf } from '../output/report.js'
import { reportTextOf } from '../output/text.js'
import { review } from '../review.js'
import { buildClusterOnDemand } from '../sources/cluster/on-demand.js'
import { buildLiveIam } from '../sources/iam/live.js'
import { buildObjectSources, type ObjectSources } from '../sources/objects/objects.js'
import { overlay } from '../sources/overlay.js'
import { escapeText } from '../text/escape.js'
import { textOf } from '../text/record.js'
import type { Verdict } from '../verdict/decide.js'
import { assertNamespace } from './support/given-names.js'
import { loadInput } from './support/read-input.js'
import { loadConfigFile, loadSources } from './support/sources.js'
import type { Terminal } from './support/terminal.js'

export interface CheckOptions {
  readonly output: 'text' | 'json'
  readonly iam: readonly string[]
  readonly aws?: boolean
  readonly config?: string
  readonly issuer?: string
  readonly clusterCa?: string
  readonly audience?: string
  readonly namespace?: string
  readonly context?: string
  readonly kubeconfig?: string
  readonly failOn: Severity | 'never'
  readonly failOnUnknown: boolean
}

const severities = ['error', 'warning', 'info'] as const

/**
 * Checks manifest files (`-`: standard input). Returns the exit code: 0, 1 (findings) or 2 (something could
 * not be read).
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
  const complain = (message: string): void => {
    unreadable++
    terminal.stderr(`${escapeText(message)}\n`)
  }

  for (const file of files) {
    const text = await loadInput(
      file,
      terminal,
      'manifests, YAML or JSON',
      `name its files, such as ${file}/*.yaml`
    ).catch((error: unknown) => {
      if (!(error instanceof GuardError)) throw error
      complain(error.message)
    })
    if (text === undefined) continue
    const manifest = parseManifest(file === '-' ? 'stdin' : file, text)
    for (const object of manifest.objects) objects.push(object) // a call takes some 100,000 arguments, and a file holds more objects
    for (const { file, line, message } of manifest.unreadable) complain(`${file}:${line}: ${message}`)
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
  // Its client takes as long to load as thousands of objects to check, and most checks ask no cluster.
  const clusters = isLive ? await import('./support/cluster.js') : undefined
  const client = clusters?.connectCluster(options, environment)
  const clusterCas = client && (await clusters?.loadClusterCa(client, new Date())) // first: a cluster that does not answer ends the command
  const identityWebhook =
    client && (await clusters?.readClusterIdentityWebhook(client, config.annotationPrefix))
  const live = client && liveSourcesOf(client, together, clusterCas?.confirmed)
  const context = {
    mode: 'enforce' as const,
    severities: config.severities,
    at: new Date(),
    deadline: unhurried,
    sources: {
      ...together,
      ...live,
      ...sources,
      clusterCa: sources.clusterCa ?? together.clusterCa ?? live?.clusterCa,
      identityWebhook: identityWebhook ?? sources.identityWebhook
    }
  }
  const verdicts = await Promise.all(
    judged.map(async (one) => toldOf(one, await review(one.subject, context)))
  )
  client?.close()
  const report = reportOf(objects.length, verdicts.flat())
  terminal.stdout(options.output === 'json' ? `${JSON.stringify(report, null, 2)}\n` : reportTextOf(report))

  if (unreadable > 0) return 2
  const limit = severities.findIndex((severity) => severity === options.failOn) // -1 for never
  if (
    report.findings.some(
      ({ severity, waived }) => waived === undefined && severities.indexOf(severity) <= limit
    )
  )
    return 1

  return options.failOnUnknown && report.unchecked.length > 0 ? 1 : 0
}

/** What a report tells of one object: nothing, mostly, and then nobody looks for its lines. */
function toldOf(
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

/** Nobody aborts a check. A signal for each who waits, for one that thousands listen to is slow. */
const unhurried: Deadline = {
  get signal() {
    return new AbortController().signal
  }
}

/** What the cluster tells besides the files; they stand before what it has. */
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
