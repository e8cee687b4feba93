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
}

export interface ReadingOrderOptions {
  readonly clock: Clock
  /** The age at which an answer is read again. */
  readonly readAgain: number
  /** The time after which a failed read is retried. */
  readonly retryAfter: number
}

/** So many refusals in a row may be about single roles; after more, the whole account counts as refusing. */
const tolerated = 5
// A permission to read roles can cover only some of them, so a refusal may concern a single role.
const common: readonly Failure['kind'][] = ['throttled', 'no-credentials', 'not-ours']

/**
 * Decides which key is read next: new ones first, then those that failed, then those with the oldest answers.
 * Accounts take turns. While an account refuses everything, one key at a time probes it, after pauses that
 * grow up to five minutes. Every operation takes constant time for each account.
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
    leaveQueues(keys, key)
    if (keys.fresh.size + keys.failed.size + keys.read.size + keys.flights === 0)
      this.#accounts.delete(key.account)
  }

  /** Takes the key that has to be read next out of the queues; undefined if none is due. */
  takeDue(): K | undefined {
    for (const [account, keys] of this.#accounts) {
      const due = this.#dueIn(keys)
      if (due === undefined) continue
      this.#accounts.delete(account) // move the account to the end
      this.#accounts.set(account, keys)
      leaveQueues(keys, due)
      keys.flights++

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
    const times = [...this.#accounts.values()].flatMap(({ read }) => [...read].slice(0, 1))

    return times.reduce<number | undefined>(
      (oldest, { readAt }) => (oldest === undefined || (readAt ?? oldest) < oldest ? readAt : oldest),
      undefined
    )
  }

  #dueIn({ breaker, flights, fresh, failed, read }: AccountKeys<K>): K | undefined {
    if (breaker.open() !== undefined || (breaker.isProbing && flights > 0)) return undefined
    const now = this.#options.clock.now()
    const [oldest] = read
    // A key that AWS answered before is the best probe: its failure is the account's.
    if (breaker.isProbing && oldest !== undefined) return oldest
    const [first] = fresh
    if (first !== undefined) return first
    const [retried] = failed
    if (
      retried?.failedAt !== undefined &&
      (breaker.isProbing || now - retried.failedAt >= this.#options.retryAfter)
    )
      return retried

    return oldest?.readAt !== undefined && now - oldest.readAt >= this.#options.readAgain ? oldest : undefined
  }

  #queue(key: K): void {
    const { fresh, failed, read } = this.#keysOf(key)
    if (key.failedAt !== undefined) failed.add(key)
    else if (key.readAt !== undefined) read.add(key)
    else fresh.add(key)
  }

  #keysOf({ account }: K): AccountKeys<K> {
    const keys = this.#accounts.get(account) ?? {
      fresh: new Set<K>(),
      failed: new Set<K>(),
      read: new Set<K>(),
      flights: 0,
      breaker: buildBreaker(this.#options.clock, tolerated, common)
    }
    this.#accounts.set(account, keys)

    return keys
  }
}

/** The keys of one AWS account, each queue in the order of insertion, so that the first one is the oldest. */
interface AccountKeys<K> {
  readonly fresh: Set<K>
  readonly failed: Set<K>
  readonly read: Set<K>
  readonly breaker: ReturnType<typeof buildBreaker>
  flights: number
}

function leaveQueues<K>({ fresh, failed, read }: AccountKeys<K>, key: K): void {
  for (const queue of [fresh, failed, read]) queue.delete(key)
}
