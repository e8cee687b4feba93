import type { Logger } from 'pino'
import type { KubeClient } from '../../kube/client.js'
import { listAndWatch, objectKeyOf, type Watched } from '../../kube/list-and-watch.js'
import { type KubeObject, listObjects, statusMessage } from '../../kube/read.js'
import type { ReportedFinding } from '../../output/report.js'
import { recordOf, textOf } from '../../text/record.js'
import type { NamespaceFindings } from './namespace-findings.js'
import { readReportKinds, type ReportKind, reportsPath } from './report-kinds.js'
import { findingsIn, printOf, reportContentOf, reportName, type ReportPrint } from './report-object.js'

/** Keeps one report in each namespace that has errors or warnings. */
export interface Reports {
  /**
   * Finds out which kind of reports can be written, and waits until the existing ones are known. Rejects if
   * the API server does not answer.
   */
  select(): Promise<void>
  /** Writes, corrects and deletes reports. Without findings, it deletes all of them. */
  sync(namespaces: ReadonlyMap<string, NamespaceFindings>): Promise<void>
  stop(): void
}

export interface ReportsOptions {
  readonly client: KubeClient
  readonly log: Logger
  readonly now: () => Date
  /** The time in milliseconds between two checks of which kinds the API server has. */
  readonly recheckEvery: number
  /** The time in milliseconds after which a report is written again if only its count of passes has changed. */
  readonly recountEvery: number
  /** Called when a report has changed. */
  readonly onChange: () => void
  /** Called with the findings of each report that exists at the start. */
  readonly onEarlier: (namespace: string, findings: readonly ReportedFinding[]) => void
}

interface StoredReport {
  readonly metadata: KubeObject
  readonly print: ReportPrint
}

/**
 * Trouble is logged only if it lasts this many milliseconds. When a kind is installed or removed, the API
 * server responds with 429 or 404 for a few seconds.
 */
const troubleTime = 10_000

const nameQuery = { fieldSelector: `metadata.name=${reportName}` }
const managedBy = { 'app.kubernetes.io/managed-by': 'irsa-guard' }
const omittedAnnotation = 'irsa-guard.io/omitted-results'

export function buildReports(options: ReportsOptions): Reports {
  const { client, log, now, recheckEvery, recountEvery, onChange, onEarlier } = options
  let kind: ReportKind | undefined
  let isSelected = false
  let selectedAt = -Infinity
  let stored: Watched<StoredReport> | undefined
  let isFirst = true
  const written = new Map<string, { readonly summary: string; readonly at: number }>()
  const prints = new WeakMap<NamespaceFindings, ReportPrint | 'none'>()
  let refusal: string | undefined
  let trouble: { readonly because: string; readonly since: number } | undefined
  let told: typeof trouble

  async function select(): Promise<void> {
    if (now().getTime() - selectedAt < recheckEvery) return
    const kinds = await readReportKinds(client)
    if (kinds === undefined) throw new Error('the API server did not say which kinds of reports it has')
    const [preferred, ...others] = kinds
    if (!isSelected || preferred?.plural !== kind?.plural) {
      isSelected = true
      follow(preferred)
      for (const other of others) await removeAll(other)
    }
    if (stored?.synced === false) await listed(stored)
    noteTrouble()
    selectedAt = now().getTime()
  }

  function follow(preferred: ReportKind | undefined): void {
    stored?.stop()
    trouble = undefined
    written.clear()
    kind = preferred
    stored = kind && watch(kind)
    if (kind === undefined)
      log.info('no report kind is installed, so findings are only in metrics, Events and the log')
    else log.info({ kind: kind.kind, apiVersion: kind.apiVersion }, 'findings are written to reports')
  }

  function watch(of: ReportKind): Watched<StoredReport> {
    return listAndWatch<StoredReport>(client, {
      path: reportsPath(of),
      query: nameQuery,
      keep: (report) => {
        const metadata = recordOf(report['metadata'])
        if (isFirst) onEarlier(textOf(metadata['namespace']) ?? '', findingsIn(report))

        return { metadata, print: printOf(report) }
      },
      onChange,
      onTrouble: (because) => {
        if (kind === of) trouble = because === undefined ? undefined : { because, since: now().getTime() }
      }
    })
  }

  /** Waits for the first list, but only for a limited time, because reports must not hold up the scan. */
  async function listed(watched: Watched<StoredReport>): Promise<void> {
    for (let wait = 0; wait < 50 && !watched.synced; wait++)
      await new Promise((resolve) => setTimeout(resolve, 100))
  }

  function noteTrouble(): void {
    if (trouble === undefined || trouble === told || now().getTime() - trouble.since < troubleTime) return
    log.warn({ because: trouble.because }, 'reports cannot be watched')
    told = trouble
  }

  async function removeAll(of: ReportKind): Promise<void> {
    const list = await listObjects(client, reportsPath(of), { query: nameQuery })
    for (const report of list.state === 'known' ? list.value : []) {
      const namespace = textOf(recordOf(report['metadata'])['namespace'])
      if (namespace !== undefined) await remove(of, namespace)
    }
  }

  const remove = async (of: ReportKind, namespace: string): Promise<void> =>
    send({ method: 'DELETE', path: `${reportsPath(of, namespace)}/${reportName}` })

  async function sync(namespaces: ReadonlyMap<string, NamespaceFindings>): Promise<void> {
    isFirst = false
    if (kind === undefined || stored?.synced !== true) return
    for (const [namespace, findings] of namespaces) await syncOne(kind, stored, namespace, findings)
    for (const { metadata } of [...stored.values()]) {
      const namespace = textOf(metadata['namespace']) ?? ''
      if (!namespaces.has(namespace)) await remove(kind, namespace)
    }
  }

  async function syncOne(
    of: ReportKind,
    reports: Watched<StoredReport>,
    namespace: string,
    findings: NamespaceFindings
  ): Promise<void> {
    const expected = expectedPrintOf(findings)
    const there = reports.get(objectKeyOf(namespace, reportName))
    if (expected === undefined) {
      if (there !== undefined) await remove(of, namespace)
      return
    }
    if (there !== undefined && !isOutdated(namespace, expected, there.print)) return
    const content = reportContentOf(findings)
    if (content === undefined) return
    const { labels, annotations, resourceVersion } = there?.metadata ?? {}
    const others = Object.entries(recordOf(annotations)).filter(([key]) => key !== omittedAnnotation)
    const report = {
      apiVersion: of.apiVersion,
      kind: of.kind,
      metadata: {
        name: reportName,
        namespace,
        labels: { ...recordOf(labels), ...managedBy },
        annotations: {
          ...Object.fromEntries(others),
          ...(content.omitted > 0 && { [omittedAnnotation]: String(content.omitted) })
        },
        ...(resourceVersion !== undefined && { resourceVersion })
      },
      scope: { apiVersion: 'v1', kind: 'Namespace', name: namespace },
      summary: content.summary,
      results: content.results
    }
    written.set(namespace, { summary: expected.summary, at: now().getTime() })
    await send(
      there === undefined
        ? { method: 'POST', path: reportsPath(of, namespace), body: report }
        : { method: 'PUT', path: `${reportsPath(of, namespace)}/${reportName}`, body: report }
    )
  }

  function expectedPrintOf(findings: NamespaceFindings): ReportPrint | undefined {
    const cached = prints.get(findings)
    if (cached !== undefined) return cached === 'none' ? undefined : cached
    const content = reportContentOf(findings)
    const print = content && printOf(content)
    prints.set(findings, print ?? 'none')

    return print
  }

  /** Whether a report has to be written. The count of passes changes with every pod, so it is written rarely. */
  function isOutdated(namespace: string, expected: ReportPrint, there: ReportPrint): boolean {
    if (expected.results !== there.results) return true
    if (expected.summary === there.summary) return false
    const last = written.get(namespace)

    return last?.summary !== there.summary || now().getTime() - last.at >= recountEvery
  }

  /** Sends a write. A refusal is logged once; the next run tries again. */
  async function send(request: {
    method: 'POST' | 'PUT' | 'DELETE'
    path: string
    body?: unknown
  }): Promise<void> {
    const response = await client.request(request)
    // The report, its namespace or its kind has changed in the meantime. The watch will soon show the change.
    if (response.status === 404) selectedAt = -Infinity
    if (response.status === 404 || response.status === 409) return
    const because = response.status < 300 ? undefined : statusMessage(response)
    // The kind is about to be removed, so the API server refuses to create objects of it.
    if (because?.includes('custom resource definition is terminating') === true) {
      selectedAt = -Infinity
      return
    }
    if (because === undefined || because === refusal) return
    log.warn({ because }, 'a report was not written')
    refusal = because
  }

  return { select, sync, stop: () => stored?.stop() }
}
