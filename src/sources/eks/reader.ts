import { LRUCache } from 'lru-cache'
import type { AccountName, AssociationSource, Lookup } from '../../facts/facts.js'
import type { Association, AssociationLookup } from '../../model/association.js'
import { raceDeadline } from '../../model/deadline.js'
import { type Fact, known, unknown } from '../../model/fact.js'
import { type MaybePromise, thenMaybe } from '../../model/maybe-promise.js'
import { withoutAssociation } from '../associations/association-index.js'
import { type AssociationChange, isReadSince, type Noted, settleTime } from '../changes/change.js'
import { buildBreaker } from '../iam/breaker.js'
import type { Budget } from '../iam/budget.js'
import type { Clock } from '../iam/clock.js'
import type { Failure } from '../iam/failure.js'
import { AssociationTable, type Entry } from './association-table.js'
import type { EksCalls } from './calls.js'
import { readPages } from './read-pages.js'

/** The EKS Pod Identity associations of one cluster. */
export interface EksReader extends AssociationSource {
  /**
   * Keeps the list and the descriptions up to date. Unless this is called, both are read only when needed.
   */
  start(): void
  stop(): void
  /** Schedules a new description or list that shows a change, unless one was read after the change. */
  noteChange(change: Pick<AssociationChange, 'id' | 'at'>): Noted
  /** Why the last list failed; undefined if it succeeded, or if none has ended yet. */
  trouble(): string | undefined
}

export interface EksReaderOptions {
  readonly calls: EksCalls
  readonly budget: Budget
  readonly clock: Clock
  /** Called for each failure. */
  readonly onFailure: (failure: Failure) => void
  /** The maximum age of a description in milliseconds, as far as the rate limit permits; by default an hour. */
  readonly maxAge?: number | undefined
  /**
   * Called with the namespace of an association that was created, changed or deleted. Called without a
   * namespace when the first complete list shows which service accounts have no association.
   */
  readonly onChange?: ((namespace: string | undefined) => void) | undefined
}

const minute = 60_000
/** The longest time between two lists. */
const longestRound = 5 * minute
/** The shortest time between two lists, however many associations are created. */
const shortestRound = 30_000
/** How long a complete list proves that an association does not exist. */
const listProves = 2 * longestRound
/** How long an association and its description are used if EKS does not answer. */
const usableFor = 60 * minute
/** The maximum age of an answer on which a denial is based. */
const freshFor = 10_000
/**
 * The fraction of the maximum age after which an association is described again. The rest is for waiting in
 * the queue.
 */
const describeAgainAt = 0.75
/** With this many descriptions in flight, the background task starts no more. */
const maxFlights = 4
/** The pause if no description may be started now. */
const idle = 1000
/** The queue of background requests. No namespace can have this name. */
const background = ' '

const late = 'AWS did not answer before the deadline of this review'

/**
 * Builds the reader. A list shows which associations exist, but neither their roles nor their changes. The
 * reader therefore lists them at least every five minutes, describes new ones at once, and describes the others again
 * in turn.
 */
export function buildEksReader(options: EksReaderOptions): EksReader {
  const { calls, budget, clock, onFailure, maxAge = usableFor, onChange } = options
  const table = new AssociationTable({ describeAgain: maxAge * describeAgainAt, onChange })
  const round = Math.min(longestRound, maxAge / 3)
  const breakers = { list: buildBreaker(clock, 1), describe: buildBreaker(clock, 3) }
  const flights = new Map<string, Promise<void>>()
  const asking = new Map<string, Promise<Fact<AssociationLookup>>>()
  /** When EKS last answered that an account has no association, by account. */
  const absences = new LRUCache<string, number>({ max: 10_000 })
  let listedAt: number | undefined
  /** When irsa-guard learned of a change to an association that is not in the list. */
  let changedAt: number | undefined
  let listFailure: Failure | undefined
  let listing: Promise<void> | undefined
  let running = false

  return {
    findAssociation: (account, lookup) =>
      lookup.fresh === true ? findFresh(account, lookup) : find(account, lookup),
    readAssociation: (account, lookup) => {
      const entry = table.get(account)
      if (entry !== undefined) return read(entry, lookup)
      return thenMaybe(
        lookup.fresh === true ? findFresh(account, lookup) : find(account, lookup),
        (fact): MaybePromise<Fact<Association>> => {
          if (fact.state !== 'known') return fact
          const entry = table.get(account)
          return entry === undefined ? withoutAssociation : read(entry, lookup)
        }
      )
    },
    start: () => {
      if (running) return
      running = true
      void keepUpToDate()
    },
    stop: () => {
      running = false
    },
    noteChange: ({ id, at }) => {
      const entry = id === undefined ? undefined : table.find(id)
      const now = clock.now()
      // What has not been read yet will be read anyway.
      if (isReadSince((entry === undefined ? listedAt : entry.described?.readAt) ?? now, { at }))
        return 'outdated'
      if (entry !== undefined) return table.noteChanged(entry, now) ? 'used' : 'duplicate'
      if (changedAt !== undefined) return 'duplicate'
      changedAt = now

      return 'used'
    },
    trouble: () => listFailure?.because
  }

  function find(account: AccountName, lookup: Lookup): MaybePromise<Fact<AssociationLookup>> {
    listIfDue()
    const ready = seen(account)
    const answer =
      ready ??
      (listing === undefined
        ? unknown(listFailure?.because ?? late)
        : raceDeadline(lookup.deadline.signal, listing).then(
            () => seen(account) ?? unknown(listFailure?.because ?? late)
          ))

    return running ? answer : thenMaybe(answer, (fact) => withTime(account, fact, lookup))
  }

  /**
   * Describes an association that has only been listed, because a list does not show when it was created. A
   * reader that was started does so in the background instead.
   */
  function withTime(
    account: AccountName,
    fact: Fact<AssociationLookup>,
    lookup: Lookup
  ): MaybePromise<Fact<AssociationLookup>> {
    const entry = table.get(account)

    return entry === undefined || entry.described !== undefined
      ? fact
      : thenMaybe(read(entry, lookup), () => seen(account) ?? fact)
  }

  /** What is known about an account without sending a request; undefined if it is too old. */
  function seen(account: AccountName): Fact<AssociationLookup> | undefined {
    const now = clock.now()
    const entry = table.get(account)
    if (entry !== undefined) return now - entry.seenAt < usableFor ? existing(entry) : undefined

    return listedAt !== undefined && now - listedAt < listProves ? absentAt(listedAt) : undefined
  }

  /** Whether an account has an association, as read from EKS within the last ten seconds. */
  async function findFresh(account: AccountName, lookup: Lookup): Promise<Fact<AssociationLookup>> {
    const entry = table.get(account)
    if (entry !== undefined) {
      const fact = await read(entry, lookup)
      if (fact.state === 'unknown') return fact
      const after = table.get(account)
      if (after !== undefined) return existing(after)
    }

    const key = `${account.namespace}/${account.name}`
    const checkedAt = Math.max(absences.get(key) ?? 0, listedAt ?? 0)
    if (entry === undefined && clock.now() - checkedAt < freshFor) return absentAt(checkedAt)

    return askFor(account, key, lookup)
  }

  /** Lists the association of one account. */
  async function askFor(
    account: AccountName,
    key: string,
    { namespace, deadline }: Lookup
  ): Promise<Fact<AssociationLookup>> {
    const open = breakers.list.open()
    if (open !== undefined) return unknown(open.because)
    const begin = (): boolean => {
      if (asking.has(key)) return false
      asking.set(key, ask())
      return true
    }
    if (!asking.has(key) && !(await budget.turn({ namespace, key: `list ${key}`, begin }, deadline.signal)))
      return usedUp()

    return (await raceDeadline(deadline.signal, asking.get(key))) ?? unknown(late)

    async function ask(): Promise<Fact<AssociationLookup>> {
      const startedAt = clock.now()
      const page = await calls.list({ account }, () => budget.another(namespace))
      asking.delete(key)
      breakers.list.note('failure' in page ? page.failure : undefined)
      if ('failure' in page) {
        onFailure(page.failure)
        return unknown(page.failure.because)
      }
      for (const listed of page.answer.associations) table.see(listed, startedAt, startedAt)
      const entry = table.get(account)
      if (entry !== undefined) return existing(entry)
      absences.set(key, startedAt)

      return absentAt(startedAt)
    }
  }

  function existing(entry: Entry): Fact<AssociationLookup> {
    const since = entry.described?.since ?? new Date(entry.firstSeen)

    return known({ exists: true, since }, new Date(entry.seenAt))
  }

  /** The association as EKS described it. If the description is too old, EKS is queried for a new one. */
  function read(entry: Entry, lookup: Lookup): MaybePromise<Fact<Association>> {
    const maxAge = lookup.fresh === true ? freshFor : usableFor
    const ready = describedWithin(entry, maxAge)
    if (ready !== undefined) return ready
    if (entry.failure !== undefined && clock.now() - entry.failure.at < freshFor)
      return unknown(entry.failure.because)
    const open = breakers.describe.open()
    if (open !== undefined) return unknown(open.because)

    return readNow(entry, lookup, maxAge)
  }

  function describedWithin({ described }: Entry, maxAge: number): Fact<Association> | undefined {
    return described !== undefined && clock.now() - described.readAt < maxAge
      ? known(described.association, new Date(described.readAt))
      : undefined
  }

  async function readNow(
    entry: Entry,
    { namespace, deadline }: Lookup,
    maxAge: number
  ): Promise<Fact<Association>> {
    const begin = (): boolean => {
      if (flights.has(entry.id) || describedWithin(entry, maxAge) !== undefined) return false
      flights.set(entry.id, describe(entry, namespace))
      return true
    }
    if (!flights.has(entry.id)) {
      const turn = { namespace, key: `describe ${entry.id} ${maxAge}`, begin }
      if (!(await budget.turn(turn, deadline.signal))) return usedUp()
    }
    await raceDeadline(deadline.signal, flights.get(entry.id))
    const ready = describedWithin(entry, maxAge)
    if (ready !== undefined) return ready
    if (table.get(entry.account) !== entry) return withoutAssociation // deleted in the meantime

    return unknown(flights.has(entry.id) ? late : (entry.failure?.because ?? late))
  }

  async function describe(entry: Entry, namespace: string): Promise<void> {
    const startedAt = clock.now()
    table.noteBegun(entry, startedAt)
    const reply = await calls.describe(entry, () => budget.another(namespace))
    flights.delete(entry.id)
    if (reply === 'absent') {
      breakers.describe.note(undefined)
      table.removeGone(entry, clock.now())
    } else if ('failure' in reply) {
      breakers.describe.note(reply.failure)
      onFailure(reply.failure)
      table.noteFailed(entry, reply.failure, clock.now())
    } else {
      breakers.describe.note(undefined)
      table.noteDescribed(entry, reply.answer, startedAt)
    }
  }

  function listIfDue(): void {
    const now = clock.now()
    if (listing !== undefined || breakers.list.open() !== undefined) return
    if (listedAt !== undefined && listFailure === undefined && now < nextListAt(listedAt)) return

    changedAt = undefined
    listing = list().then((failure) => {
      const isFirst = listedAt === undefined
      listing = undefined
      listFailure = failure
      if (failure === undefined) listedAt = now
      else onFailure(failure)
      if (failure === undefined && isFirst) onChange?.(undefined)
    })
  }

  function nextListAt(last: number): number {
    if (changedAt === undefined) return last + round

    return Math.min(last + round, Math.max(last + shortestRound, changedAt + settleTime))
  }

  async function list(): Promise<Failure | undefined> {
    const startedAt = clock.now()
    const failure = await readPages(
      calls,
      () => budget.another(background),
      (page) => {
        breakers.list.note('failure' in page ? page.failure : undefined)
        if ('failure' in page) return
        for (const listed of page.answer.associations) table.see(listed, startedAt, clock.now())
      }
    )
    if (failure === undefined) table.removeUnseen(startedAt) // only a complete list removes anything

    return failure
  }

  async function keepUpToDate(): Promise<void> {
    const isRunning = (): boolean => running
    while (isRunning()) {
      listIfDue()
      const due = table.nextDue(clock.now())
      if (due === undefined || flights.size >= maxFlights || breakers.describe.open() !== undefined) {
        await new Promise<void>((resolve) => clock.after(idle, resolve))
        continue
      }
      await budget.another(background)
      const next = isRunning() ? table.nextDue(clock.now()) : undefined
      if (next !== undefined && !flights.has(next.id)) flights.set(next.id, describe(next, background))
    }
  }

  function usedUp(): Fact<never> {
    return unknown(`the limit of ${budget.requestsPerSecond} EKS requests per second has been reached`)
  }
}

const absentAt = (at: number): Fact<AssociationLookup> => known({ exists: false }, new Date(at))
