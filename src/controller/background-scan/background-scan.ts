import { setTimeout as sleep } from 'node:timers/promises'
import type { Logger } from 'pino'
import type { Config } from '../../config.js'
import type { KubeClient } from '../../kube/client.js'
import type { Finding } from '../../model/finding.js'
import type { Metrics } from '../../process/metrics.js'
import { repeat } from '../../process/repeat.js'
import { watchObjects } from '../../scan/watch-objects.js'
import type { EksReader } from '../../sources/eks/reader.js'
import type { FollowedIam } from '../../sources/iam/followed-iam.js'
import { buildLiveFollowedIam } from '../../sources/iam/live.js'
import { followChanges } from './change-queue.js'
import { buildFindingEvents } from './finding-events.js'
import { buildReports } from './reports.js'
import { buildScanSources, type ScanSourcesOptions } from './scan-sources.js'
import { buildScanner } from './scanner.js'

export interface BackgroundScanOptions extends Omit<ScanSourcesOptions, 'objects' | 'issuer'> {
  readonly client: KubeClient
  readonly config: Config
  readonly metrics: Metrics
  readonly log: Logger
  /** The reader of the cluster's associations, if they are read from EKS. */
  readonly eks: EksReader | undefined
  /** Called when the findings may have changed. */
  readonly onFindings: () => void
}

/** A running background scan. */
export interface BackgroundScan {
  /** Notes that the facts about a namespace have changed; without a name, those about all namespaces. */
  note(namespace: string | undefined): void
  findings(): Iterable<Pick<Finding, 'rule' | 'severity'>>
  /** Why the scan or its reports do not work, or are not complete. */
  trouble(): string | undefined
  /** Why the queue of changes does not work. Undefined if it works, or if there is none. */
  queueTrouble(): string | undefined
  readonly lastEvents: Readonly<Record<string, Date | undefined>>
  stop(): Promise<void>
}

// Changes often come in groups: a service account, its pods, the pods' ReplicaSet. In milliseconds, at most.
const settleTime = 2000
/** Scans may use a fifth of one processor core. */
const restFactor = 4
const longestWait = 60_000

/**
 * Starts the background scan. Watches show what changes in the cluster. Roles, providers and associations are
 * read from AWS again when they are old. A namespace is judged again when something about it has changed. All
 * namespaces are judged three times per interval. Findings become metrics, Events and reports.
 */
export async function startBackgroundScan(options: BackgroundScanOptions): Promise<BackgroundScan> {
  const { client, config, given, eks, metrics, log, onFindings } = options
  const { interval } = config.scan
  const now = (): Date => new Date()
  const settle = Math.min(settleTime, interval / 10)
  let wake: NodeJS.Timeout | undefined
  /** The processor time of the last scan, in milliseconds. */
  let lastCost = 0
  const stopped = new AbortController()
  const isStopped = (): boolean => stopped.signal.aborted

  const followed: FollowedIam | undefined = given.iam
    ? undefined
    : await buildLiveFollowedIam(
        {
          ...config.iam,
          onRequest: (operation, result) => metrics.iamRequests.inc({ operation, result })
        },
        { maxAge: interval, onChange: (namespaces) => namespaces.forEach(note) }
      )
  const objects = watchObjects(client, {
    onChange: (namespace) => note(namespace),
    onTrouble: (collection, because) => {
      if (because === undefined) log.info({ collection }, 'watch works again')
      else log.warn({ collection, because }, 'watch does not work')
    }
  })
  const scanner = buildScanner({
    objects,
    readSources: buildScanSources({
      ...options,
      objects,
      issuer: config.issuer,
      given: { ...given, iam: given.iam ?? followed }
    }),
    ...config.ruleSettings,
    sweepEvery: interval / 3,
    now,
    signal: stopped.signal
  })
  const events = buildFindingEvents(client, log, now)
  const reports = buildReports({
    client,
    log,
    now,
    recheckEvery: interval / 15,
    recountEvery: interval,
    onChange: () => reporting.now(),
    onEarlier: (namespace, findings) => scanner.adopt(namespace, findings)
  })
  let isComplete = false

  // The pause grows with the cost of a scan, so that scans of a large cluster use no larger share of the processor.
  function note(namespace: string | undefined): void {
    scanner.note(namespace)
    wake ??= setTimeout(
      () => {
        wake = undefined
        scanning.now()
      },
      Math.max(settle, restFactor * lastCost)
    )
  }

  const reporting = repeat('reports', interval / 15, log, async () => {
    await reports.select()
    if (isComplete) await reports.sync(scanner.namespaces)
  })
  const scanning = repeat('backgroundScan', interval / 3, log, async () => {
    for (let waited = 0; objects.pending.length > 0 && waited < longestWait && !isStopped(); waited += 100)
      await sleep(100)
    await reporting.begun // so that it is known since when earlier findings have existed
    if (isStopped()) return
    const [began, usage] = [performance.now(), process.cpuUsage()]
    const changes = await scanner.scan()
    const { user, system } = process.cpuUsage(usage)
    lastCost = (user + system) / 1000
    if (changes.isSweep) {
      isComplete = true
      followed?.forgetUnasked()
      metrics.backgroundScan.set(Date.now() / 1000)
      metrics.backgroundScanDuration.set((performance.now() - began) / 1000)
    }
    const oldest = followed?.oldestRead()
    if (oldest === undefined) metrics.oldestAnswer.remove()
    else metrics.oldestAnswer.set(oldest.getTime() / 1000)
    onFindings()
    reporting.now()
    await events.write(changes)
  })
  followed?.start()
  const changes = await followChanges({ config, followed, eks, metrics, log })

  return {
    note,
    *findings() {
      for (const { findings } of scanner.namespaces.values()) yield* findings
      yield* scanner.configurationFindings
    },
    trouble: () => scanning.trouble() ?? reporting.trouble() ?? objects.unread[0]?.because,
    queueTrouble: () => changes?.trouble(),
    get lastEvents() {
      return objects.lastEvents
    },
    stop: async () => {
      stopped.abort()
      followed?.stop()
      objects.stop()
      await Promise.all([scanning.stop(), reporting.stop(), changes?.stop()])
      reports.stop() // only now, because a run that had begun may have started a watch
      clearTimeout(wake)
    }
  }
}

/**
 * Deletes the reports of an earlier background scan, once, because the background scan is switched off now.
 */
export async function removeReports(client: KubeClient, log: Logger): Promise<void> {
  const reports = buildReports({
    client,
    log,
    now: () => new Date(),
    recheckEvery: 0,
    recountEvery: 0,
    onChange: () => undefined,
    onEarlier: () => undefined
  })
  try {
    await reports.select()
    await reports.sync(new Map())
  } catch (err) {
    log.warn({ err }, 'reports of an earlier background scan were not deleted')
  } finally {
    reports.stop()
  }
}
