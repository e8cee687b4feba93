import { settleTime } from '../changes/change.js'
import { buildBreaker } from './breaker.js'
import type { Clock } from './clock.js'
import type { Failure } from './failure.js'

/** A role or a provider that is read again and again. Times are in milliseconds. */
export interface FollowedKey {
  readonly account: string
  /** When the last successful read ended. */
  readAt?: number
  /** When the last read failed; undefined if it succeeded. */
  failedAt?: number | undefined
  /** When irsa-guard learned of a change that the next read must show. */
  changedAt?: number | undefined
}

export interface ReadingOrderOptions {
  readonly clock: Clock
  /** The age at which an answer is read again. */
  readonly readAgain: number
  /** The time after which a failed read is retried. */
  readonly retryAfter: number
}

/**
 * After this many refusals in a row, the whole account counts as refusing every read. If there are
 * fewer, they may be due to individual roles.
 */
const tolerated = 5
// A permission to read roles can cover only some of them, so a refusal may concern a single role.
const common: readonly Failure['kind'][] = ['throttled', 'no-credentials', 'not-ours']

/**
 * Decides which key is read next: new ones first, then those that have changed, those that failed, and those
 * with the oldest answers. If the oldest answer is also due, keys that have changed alternate with those that
 * have the oldest answers, so that a flood of changes does not keep the others from being read again.
 * Accounts take turns. While an account refuses everything, it is probed with one key at a time, after pauses
 * that grow to at most five minutes. Every operation takes constant time for each account.
 */
export class ReadingOrder<K extends FollowedKey> {
  readonly #accounts = new Map<string, AccountKeys<K>>()
  readonly #options: ReadingOrderOptions

  constructor(options: ReadingOrderOptions) {
    this.#options = options
  }

  add(key: K): void {
    this.#keysOf(key).fresh.add(key)
  }

  remove(key: K): void {
    const keys = this.#keysOf(key)
    const { fresh, changed, failed, read } = keys
    leaveQueues(keys, key)
    if ([fresh, changed, failed, read].every(({ size }) => size === 0) && keys.flights === 0)
      this.#accounts.delete(key.account)
  }

  /** Notes that a key has changed. Returns whether this was not yet known. */
  noteChanged(key: K, at: number): boolean {
    if (key.changedAt !== undefined) return false
    key.changedAt = at
    const { failed, read, changed } = this.#keysOf(key)
    if (failed.delete(key) || read.delete(key)) changed.add(key)

    return true
  }

  /** Takes the key that has to be read next out of the queues; undefined if none is due. */
  takeDue(): K | undefined {
    for (const [account, keys] of this.#accounts) {
      const due = this.#dueIn(keys)
      if (due === undefined) continue
      this.#accounts.delete(account) // move the account to the end
      this.#accounts.set(account, keys)
      keys.wasChanged = keys.changed.has(due)
      leaveQueues(keys, due)
      keys.flights++
      // A read that begins right after a change may not show the change.
      if (this.#hasSettled(due)) due.changedAt = undefined

      return due
    }

    return undefined
  }

  noteRead(key: K, readAt: number): void {
    const keys = this.#keysOf(key)
    keys.flights--
    keys.breaker.note(undefined)
    key.readAt = readAt
    key.failedAt = undefined
    this.#queue(key)
  }

  noteFailed(key: K, failure: Failure | undefined, at: number): void {
    const keys = this.#keysOf(key)
    keys.flights--
    if (failure !== undefined) keys.breaker.note(failure)
    key.failedAt = at
    this.#queue(key)
  }

  /** When the oldest answer in use was read; undefined if there is none. */
  oldestRead(): number | undefined {
    const times = [...this.#accounts.values()].flatMap(({ read, changed }) => [
      ...[...read].slice(0, 1),
      ...[...changed].filter(({ readAt }) => readAt !== undefined)
    ])

    return times.reduce<number | undefined>(
      (oldest, { readAt }) => (oldest === undefined || (readAt ?? oldest) < oldest ? readAt : oldest),
      undefined
    )
  }

  #dueIn({ breaker, flights, fresh, changed, failed, read, wasChanged }: AccountKeys<K>): K | undefined {
    if (breaker.open() !== undefined || (breaker.isProbing && flights > 0)) return undefined
    const now = this.#options.clock.now()
    const [oldest] = read
    // A key that was read before is the best probe: if it fails, the failure concerns the whole account.
    if (breaker.isProbing && oldest !== undefined) return oldest
    const [first] = fresh
    if (first !== undefined) return first
    const isOld = oldest?.readAt !== undefined && now - oldest.readAt >= this.#options.readAgain
    const [earliest] = changed
    if (earliest !== undefined && (breaker.isProbing || this.#hasSettled(earliest)) && !(wasChanged && isOld))
      return earliest
    const [retried] = failed
    if (
      retried?.failedAt !== undefined &&
      (breaker.isProbing || now - retried.failedAt >= this.#options.retryAfter)
    )
      return retried

    return isOld ? oldest : undefined
  }

  #hasSettled({ changedAt }: K): boolean {
    return changedAt !== undefined && this.#options.clock.now() - changedAt >= settleTime
  }

  #queue(key: K): void {
    const { fresh, changed, failed, read } = this.#keysOf(key)
    if (key.changedAt !== undefined) changed.add(key)
    else if (key.failedAt !== undefined) failed.add(key)
    else if (key.readAt !== undefined) read.add(key)
    else fresh.add(key)
  }

  #keysOf({ account }: K): AccountKeys<K> {
    const keys = this.#accounts.get(account) ?? {
      fresh: new Set<K>(),
      changed: new Set<K>(),
      failed: new Set<K>(),
      read: new Set<K>(),
      flights: 0,
      wasChanged: false,
      breaker: buildBreaker(this.#options.clock, tolerated, common)
    }
    this.#accounts.set(account, keys)

    return keys
  }
}

/** The keys of one AWS account, each queue in the order of insertion, so that the first one is the oldest. */
interface AccountKeys<K> {
  readonly fresh: Set<K>
  readonly changed: Set<K>
  readonly failed: Set<K>
  readonly read: Set<K>
  readonly breaker: ReturnType<typeof buildBreaker>
  flights: number
  /** Whether the key taken last was one that had changed. */
  wasChanged: boolean
}

function leaveQueues<K>({ fresh, changed, failed, read }: AccountKeys<K>, key: K): void {
  for (const queue of [fresh, changed, failed, read]) queue.delete(key)
}
