import { LRUCache } from 'lru-cache'
import type { Lookup } from '../../facts/facts.js'
import { raceDeadline } from '../../model/deadline.js'
import { type Fact, known, unknown } from '../../model/fact.js'
import type { MaybePromise } from '../../model/maybe-promise.js'
import type { Budget, Turn } from './budget.js'
import type { Clock } from './clock.js'
import type { AwsResponse, Failure } from './failure.js'

/**
 * Lifetimes of an answer in milliseconds: how long it is used without another request, and how long it is
 * used while it is refreshed.
 */
export interface Lifetime {
  readonly good: number
  readonly stale: number
}

export interface CachedReaderOptions<Q, T> {
  keyOf(question: Q): string
  /**
   * Queries AWS; never rejects. The first request is already budgeted; await `another()` before each further
   * one.
   */
  read(question: Q, another: () => Promise<void>): Promise<AwsResponse<T>>
  lifetimeOf(answer: T): Lifetime
  readonly budget: Budget
  readonly clock: Clock
  readonly maxEntries: number
  /**
   * The maximum age in milliseconds of an answer on which a denial is based. It is also the minimum time between
   * two reads of the same key that bypass the cache.
   */
  readonly freshFor: number
}

interface Entry<T> {
  readonly triedAt: number
  readonly goodUntil: number
  /** The last answer from AWS, for as long as it may be used. */
  readonly last?: { readonly answer: T; readonly readAt: number; readonly staleUntil: number } | undefined
  readonly failure?: Failure | undefined
}

/** How long a refresh may wait for its turn. After that, the next caller tries again. */
const refreshWaits = 10_000

// A denied request stays denied until a policy is edited; a throttled one can succeed within seconds.
const failureLifetimes = {
  throttled: 5_000,
  timeout: 5_000,
  unreachable: 5_000,
  error: 10_000,
  'no-credentials': 10_000,
  refused: 30_000,
  'not-ours': 30_000
} satisfies Record<Failure['kind'], number>

/**
 * Builds a reader that caches answers and failures, each with its own lifetime, and has one request in flight
 * per key. A caller waits only until its own deadline; the request continues and fills the cache.
 */
export function buildCachedReader<Q, T extends object>(options: CachedReaderOptions<Q, T>) {
  const { budget, clock, freshFor } = options
  const entries = new LRUCache<string, Entry<T>>({ max: options.maxEntries })
  const flights = new Map<string, Promise<Entry<T>>>()
  const refreshing = new Set<string>()

  return (question: Q, { namespace, deadline, fresh = false }: Lookup): MaybePromise<Fact<T>> => {
    const key = options.keyOf(question)
    const isSettled = (entry: Entry<T>): boolean =>
      clock.now() < (fresh ? entry.triedAt + freshFor : entry.goodUntil)
    const entry = entries.get(key)
    if (entry !== undefined && isSettled(entry)) return factOf(entry, fresh)

    const turn = {
      namespace,
      key: fresh ? `${key} fresh` : key,
      begin: (): boolean => {
        const entry = entries.peek(key)
        if (flights.has(key) || (entry !== undefined && isSettled(entry))) return false
        flights.set(key, fly(key, question, namespace))
        return true
      }
    }
    if (!fresh && entry?.last !== undefined && clock.now() < entry.last.staleUntil) {
      refresh(key, turn)
      return factOf(entry, fresh)
    }

    return readAnew(key, turn, deadline.signal, fresh)
  }

  async function readAnew(key: string, turn: Turn, signal: AbortSignal, fresh: boolean): Promise<Fact<T>> {
    if (!flights.has(key) && !(await budget.turn(turn, signal))) {
      return unknown(`the limit of ${budget.requestsPerSecond} IAM requests per second has been reached`)
    }
    const flown = await raceDeadline(signal, flights.get(key) ?? entries.peek(key))

    return flown === undefined
      ? unknown('AWS did not answer before the deadline of this review')
      : factOf(flown, fresh)
  }

  function refresh(key: string, turn: Turn): void {
    if (flights.has(key) || refreshing.has(key)) return

    refreshing.add(key)
    void budget.turn(turn, AbortSignal.timeout(refreshWaits)).finally(() => refreshing.delete(key))
  }

  async function fly(key: string, question: Q, namespace: string): Promise<Entry<T>> {
    const triedAt = clock.now()
    try {
      const reply = await options.read(question, () => budget.another(namespace))
      const entry = entryOf(reply, triedAt, entries.peek(key))
      entries.set(key, entry)

      return entry
    } finally {
      flights.delete(key)
    }
  }

  function entryOf(reply: AwsResponse<T>, triedAt: number, before: Entry<T> | undefined): Entry<T> {
    if ('failure' in reply) {
      const { failure } = reply
      const usable = before?.last !== undefined && triedAt < before.last.staleUntil ? before.last : undefined
      return { triedAt, goodUntil: triedAt + failureLifetimes[failure.kind], last: usable, failure }
    }
    const { good, stale } = options.lifetimeOf(reply.answer)

    return {
      triedAt,
      goodUntil: triedAt + good,
      last: { answer: reply.answer, readAt: triedAt, staleUntil: triedAt + stale }
    }
  }

  function factOf({ last, failure }: Entry<T>, fresh: boolean): Fact<T> {
    if (last !== undefined && (!fresh || failure === undefined))
      return known(last.answer, new Date(last.readAt))

    return unknown(failure?.because ?? 'AWS was not queried')
  }
}
