import { setTimeout as sleep } from 'node:timers/promises'
import type { Logger } from 'pino'
import type { Config } from '../../config.js'
import type { Metrics } from '../../process/metrics.js'
import { repeat } from '../../process/repeat.js'
import { type Change, type NoChange, type Noted, parseChange } from '../../sources/changes/change.js'
import type { EksReader } from '../../sources/eks/reader.js'
import type { FollowedIam } from '../../sources/iam/followed-iam.js'

export interface ChangesOptions {
  readonly config: Pick<Config, 'scan' | 'eks'>
  /** Undefined if IAM is not read. */
  readonly followed: Pick<FollowedIam, 'noteChange'> | undefined
  /** Undefined if EKS is not read. */
  readonly eks: Pick<EksReader, 'noteChange'> | undefined
  readonly metrics: Pick<Metrics, 'changeMessages' | 'changeQueue'>
  readonly log: Logger
}

/** A queue of changes that is being read. */
export interface FollowedChanges {
  /** Why the queue cannot be read; undefined if it can. */
  trouble(): string | undefined
  stop(): Promise<void>
}

/** How long SQS waits for a message, in seconds. This is the maximum that it permits. */
const longestPoll = 20
/** How long SQS waits for a further batch, in seconds. With 0, it would not query all of its servers. */
const shortestPoll = 1
/** The longest pause after a failure, in milliseconds. */
const longestPause = 300_000
/** The pause between two batches, in milliseconds: at most 200 messages a second. */
const betweenBatches = 50
/** At most this many batches are read in one run. At the end of a run, an earlier failure counts as resolved. */
const maxBatches = 100

/**
 * Reads the queue of changes, if one is configured: what a message names is soon read again from IAM or EKS,
 * within their rate limits. A message is never trusted and never kept: every message is deleted, whatever it
 * contains. Without a working queue, the scan finds the same changes later, when it reads everything again.
 */
export async function followChanges(options: ChangesOptions): Promise<FollowedChanges | undefined> {
  const { config, followed, eks, metrics, log } = options
  const { changeQueue: url } = config.scan
  metrics.changeQueue.remove()
  if (url === undefined) return undefined
  if (followed === undefined && eks === undefined) {
    log.warn('scan.changeQueue is not used, because neither IAM nor EKS is read')
    return undefined
  }
  const { buildChangeQueue } = await import('../../sources/changes/queue.js') // the AWS SDK is slow to load
  const queue = buildChangeQueue(url)
  const stopped = new AbortController()

  async function receive(wait: number): Promise<boolean> {
    const messages = await queue.receive(wait, stopped.signal)
    metrics.changeQueue.set(Date.now() / 1000)
    for (const { Body: body = '' } of messages) {
      const change = parseChange(body, Date.now())
      metrics.changeMessages.inc({ result: typeof change === 'string' ? change : resultOf(change, options) })
    }
    if (messages.length > 0) await queue.remove(messages)

    return messages.length > 0
  }

  const reading = repeat('changeQueue', longestPause, log, async () => {
    let isMore = await receive(longestPoll)
    for (let batch = 1; isMore && batch < maxBatches; batch++) {
      await sleep(betweenBatches)
      isMore = await receive(shortestPoll)
    }
    reading.now()
  })

  return {
    trouble: () => reading.trouble(),
    stop: () => {
      stopped.abort()
      return reading.stop()
    }
  }
}

/** Passes a change to the reader that it affects. Returns what came of it. */
export function resultOf(change: Change, { config, followed, eks }: ChangesOptions): Noted | NoChange {
  if (change.kind !== 'association') return followed?.noteChange(change) ?? 'unrelated'
  const { account, region, name } = config.eks.clusterArn ?? {}
  const isOurs = change.account === account && change.region === region && (change.cluster ?? name) === name

  return (isOurs ? eks?.noteChange(change) : undefined) ?? 'unrelated'
}
