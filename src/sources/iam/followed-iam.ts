import type { IamSource, Lookup, ProviderLookup, ProviderQuestion, RoleLookup } from '../../facts/facts.js'
import { noDeadline } from '../../model/deadline.js'
import { type Fact, known, unknown } from '../../model/fact.js'
import type { RoleArn } from '../../model/role-arn.js'
import { isReadSince, type Noted, type ProviderChange, type RoleChange } from '../changes/change.js'
import { type Clock, systemClock } from './clock.js'
import type { Failure } from './failure.js'
import { type FollowedKey, ReadingOrder } from './reading-order.js'

/**
 * IAM facts that are available at once, as they were last read. Roles and providers are read in the
 * background.
 */
export interface FollowedIam extends IamSource {
  start(): void
  stop(): void
  /** Stops reading what no query has asked for since the previous call. */
  forgetUnasked(): void
  /**
   * Schedules the changed role or providers to be read again soon, unless they were read after the change.
   */
  noteChange(change: RoleChange | ProviderChange): Noted
  /** When the oldest answer in use was read; undefined if there is none. */
  oldestRead(): Date | undefined
}

export interface FollowedIamOptions {
  /** Builds the source that queries IAM. It must report each failure. */
  readonly build: (onFailure: (failure: Failure, of: RoleArn | ProviderQuestion) => void) => IamSource
  readonly clock?: Clock
  /** The maximum age of an answer in milliseconds, as far as the rate limit permits. */
  readonly maxAge: number
  /** Called when the answer to a query changes, with the namespaces that sent the query. */
  readonly onChange: (namespaces: ReadonlySet<string>) => void
}

type Answer = RoleLookup | ProviderLookup

interface Entry extends FollowedKey {
  readonly id: string
  readonly of: RoleArn | ProviderQuestion
  readonly namespaces: Set<string>
  /** The generation in which a query last asked for it. */
  askedIn: number
  /** The last answer from AWS, and why there is no newer one. */
  last?: { readonly answer: Answer; readonly readAt: Date; readonly text: string }
  because?: string | undefined
}

/** How long an answer is used when AWS no longer responds. */
const usableFor = 60 * 60_000
/**
 * The fractions of the maximum age after which an answer is read again and a failed read is retried. The rest
 * is for waiting in the queue.
 */
const [readAgainAt, retryAt] = [0.8, 0.2]
/** With this many reads in flight, no more are started. */
const maxFlights = 4
/** The pause if no key is due. */
const idle = 1000
/** The queue of background requests. No namespace can have this name. */
const background = ' '

/** Builds IAM facts that are kept up to date in the background: see {@link ReadingOrder} for the order. */
export function buildFollowedIam({
  build,
  clock = systemClock,
  maxAge,
  onChange
}: FollowedIamOptions): FollowedIam {
  const entries = new Map<string, Entry>()
  const subjects = new Map<string, Set<Entry>>() // the same entries, keyed by what a change can name
  const order = new ReadingOrder<Entry>({
    clock,
    readAgain: maxAge * readAgainAt,
    retryAfter: maxAge * retryAt
  })
  const failures = new Map<string, Failure>()
  const iam = build((failure, of) => failures.set(idOf(of), failure))
  let generation = 0
  let flights = 0
  let running = false
  let wake = (): void => undefined

  function answer<T extends Answer>(of: RoleArn | ProviderQuestion, { namespace }: Lookup): Fact<T> {
    const id = idOf(of)
    const entry: Entry = entries.get(id) ?? {
      id,
      of,
      account: of.account,
      namespaces: new Set(),
      askedIn: generation
    }
    if (!entries.has(id)) {
      entries.set(id, entry)
      const subject = subjectOf(of)
      subjects.set(subject, (subjects.get(subject) ?? new Set()).add(entry))
      order.add(entry)
      wake()
    }
    entry.askedIn = generation
    entry.namespaces.add(namespace)

    return factOf(entry) as Fact<T> // the ID of a role differs from that of a provider
  }

  function factOf({ last, because }: Entry): Fact<Answer> {
    if (last !== undefined && clock.now() - last.readAt.getTime() < usableFor)
      return known(last.answer, last.readAt)

    return unknown(because ?? 'the background scan has not read it yet')
  }

  function forget(entry: Entry): void {
    entries.delete(entry.id)
    order.remove(entry)
    const subject = subjectOf(entry.of)
    subjects.get(subject)?.delete(entry)
    if (subjects.get(subject)?.size === 0) subjects.delete(subject)
  }

  function noteChange(change: RoleChange | ProviderChange): Noted {
    const changed = [...(subjects.get(subjectOf(change)) ?? [])].filter(({ of }) => isAbout(change, of))
    if (changed.length === 0) return 'unrelated'
    const now = clock.now()
    // What has not been read yet will be read anyway.
    const unread = changed.filter(({ last }) => !isReadSince(last?.readAt.getTime() ?? now, change))
    if (unread.length === 0) return 'outdated'
    const isNew = unread.map((entry) => order.noteChanged(entry, now)).includes(true)

    return isNew ? 'used' : 'duplicate'
  }

  async function read(entry: Entry): Promise<void> {
    const lookup = { namespace: background, deadline: noDeadline, fresh: true }
    const { of } = entry
    const fact: Fact<Answer> = await ('issuer' in of
      ? iam.readProvider(of, lookup)
      : iam.readRole(of, lookup))
    const failure = failures.get(entry.id)
    failures.delete(entry.id)
    if (fact.state === 'known') order.noteRead(entry, clock.now())
    else order.noteFailed(entry, failure, clock.now())
    if (entries.get(entry.id) !== entry) {
      order.remove(entry) // no query needs it any more
      return
    }
    if (isNews(entry, fact)) onChange(entry.namespaces)
  }

  /** Keeps what a read returned. Returns whether the entry's fact has changed. */
  function isNews(entry: Entry, fact: Fact<Answer>): boolean {
    const before = factOf(entry)
    if (fact.state !== 'known') {
      const isOther = entry.because !== fact.because
      entry.because = fact.because
      return factOf(entry).state !== 'known' && (isOther || before.state === 'known')
    }
    const { last } = entry
    const readAt = fact.readAt ?? new Date(clock.now())
    const text = JSON.stringify(fact.value)
    const isSame = last?.text === text
    entry.last = isSame ? { ...last, readAt } : { answer: fact.value, readAt, text }
    entry.because = undefined

    return !isSame || before.state !== 'known'
  }

  async function keepUpToDate(): Promise<void> {
    const isRunning = (): boolean => running
    while (isRunning()) {
      const due = flights < maxFlights ? order.takeDue() : undefined
      if (due === undefined) {
        await new Promise<void>((resolve) => {
          wake = resolve
          clock.after(idle, resolve)
        })
        continue
      }
      flights++
      void read(due).finally(() => {
        flights--
        wake()
      })
    }
  }

  return {
    readRole: (arn, lookup) => answer(arn, lookup),
    readProvider: (of, lookup) =>
      of.issuer.startsWith('https://')
        ? answer(of, lookup)
        : unknown('the issuer of the cluster is not an https URL'),
    start: () => {
      if (running) return
      running = true
      void keepUpToDate()
    },
    stop: () => {
      running = false
      wake()
    },
    forgetUnasked: () => {
      for (const entry of entries.values()) {
        if (entry.askedIn >= generation) continue
        forget(entry)
      }
      generation++
    },
    noteChange,
    oldestRead: () => {
      const at = order.oldestRead()
      return at === undefined ? undefined : new Date(at)
    }
  }
}

/** A role, or an issuer in an account, as a key. */
const idOf = (of: RoleArn | ProviderQuestion): string =>
  'issuer' in of ? `${of.partition} ${of.account} ${of.issuer}` : of.text

/**
 * The role or the providers that a change is about, as a key. IAM does not distinguish role names by case:
 * https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateRole.html
 */
const subjectOf = (of: RoleArn | ProviderQuestion | RoleChange | ProviderChange): string =>
  'name' in of ? `${of.account} role ${of.name.toLowerCase()}` : `${of.account} providers`

const isAbout = (change: RoleChange | ProviderChange, of: RoleArn | ProviderQuestion): boolean =>
  change.kind === 'role' ||
  change.issuer === undefined ||
  ('issuer' in of && of.issuer.toLowerCase() === `https://${change.issuer.toLowerCase()}`)
