import type { AccountName } from '../../facts/facts.js'
import type { Association } from '../../model/association.js'
import { settleTime } from '../changes/change.js'
import type { Failure } from '../iam/failure.js'
import type { DescribedAssociation, ListedAssociation } from './calls.js'

/** An association of the cluster. Numbers are times in milliseconds. */
export interface Entry extends ListedAssociation {
  readonly firstSeen: number
  /** When a list or a description last showed it. */
  seenAt: number
  described?: { readonly association: Association; readonly since: Date; readonly readAt: number }
  /** Why it could not be described. */
  failure?: { readonly because: string; readonly at: number }
  /** When irsa-guard learned of a change that the next description must show. */
  changedAt?: number | undefined
}

const minute = 60_000
const retryAfter = minute

export interface AssociationTableOptions {
  /** The age, in milliseconds, at which a description is read again. */
  readonly describeAgain: number
  /** Called with the namespace of an association that was created, changed or deleted. */
  readonly onChange?: ((namespace: string) => void) | undefined
}

/**
 * The associations of a cluster, and the order in which they are described: new ones first, then those that
 * have changed, those that failed, and those with the oldest descriptions. If the oldest description is also
 * due, associations that have changed alternate with those that have the oldest descriptions. Every operation
 * takes constant time, apart from `removeUnseen`.
 */
export class AssociationTable {
  readonly #byAccount = new Map<string, Entry>()
  readonly #byId = new Map<string, Entry>()
  // Queues in the order of insertion, so that the first entry is always the oldest one.
  readonly #fresh = new Set<Entry>()
  readonly #changed = new Set<Entry>()
  readonly #failed = new Set<Entry>()
  readonly #described = new Set<Entry>()
  /** When irsa-guard noticed that an association had been deleted, by ID. */
  readonly #gone = new Map<string, number>()
  readonly #options: AssociationTableOptions
  /** Whether the entry described last was one that had changed. */
  #wasChanged = false

  constructor(options: AssociationTableOptions) {
    this.#options = options
  }

  get(account: AccountName): Entry | undefined {
    return this.#byAccount.get(keyOf(account))
  }

  find(id: string): Entry | undefined {
    return this.#byId.get(id)
  }

  /** Notes that a list which began at `listedAt` shows an association. */
  see({ id, account }: ListedAssociation, listedAt: number, now: number): void {
    const goneAt = this.#gone.get(id)
    if (goneAt !== undefined && goneAt >= listedAt) return // its deletion was noticed after the list began

    const entry = this.get(account)
    if (entry?.id === id) {
      entry.seenAt = now
      return
    }
    if (entry !== undefined) this.#remove(entry) // deleted, and created again
    const created: Entry = { id, account, firstSeen: now, seenAt: now }
    this.#byAccount.set(keyOf(account), created)
    this.#byId.set(id, created)
    this.#fresh.add(created)
    this.#options.onChange?.(account.namespace)
  }

  /** Removes every association that has not been seen since a complete list began. */
  removeUnseen(since: number): void {
    for (const entry of [...this.#byAccount.values()]) if (entry.seenAt < since) this.#remove(entry)
    this.#gone.clear()
  }

  /** Notes that an association was deleted. */
  removeGone(entry: Entry, now: number): void {
    this.#gone.set(entry.id, now)
    this.#remove(entry)
  }

  /** Removes an association from the queues while it is being described. */
  noteBegun(entry: Entry, now: number): void {
    this.#wasChanged = this.#changed.has(entry)
    this.#leaveQueues(entry)
    if (hasSettled(entry, now)) entry.changedAt = undefined
  }

  /** Notes that an association has changed. Returns whether this was not yet known. */
  noteChanged(entry: Entry, now: number): boolean {
    if (entry.changedAt !== undefined) return false
    entry.changedAt = now
    if (this.#failed.delete(entry) || this.#described.delete(entry)) this.#changed.add(entry)

    return true
  }

  noteDescribed(entry: Entry, { association, createdAt }: DescribedAssociation, readAt: number): void {
    const isSame = JSON.stringify(entry.described?.association) === JSON.stringify(association)
    entry.described = { association, since: createdAt ?? new Date(entry.firstSeen), readAt }
    entry.seenAt = Math.max(entry.seenAt, readAt)
    delete entry.failure
    this.#queue(entry, this.#described)
    if (!isSame) this.#options.onChange?.(entry.account.namespace)
  }

  noteFailed(entry: Entry, { because }: Failure, at: number): void {
    entry.failure = { because, at }
    this.#queue(entry, this.#failed)
  }

  /** The association that has to be described next, if there is one. */
  nextDue(now: number): Entry | undefined {
    const [fresh] = this.#fresh
    if (fresh !== undefined) return fresh
    const [oldest] = this.#described
    const isOld =
      oldest?.described !== undefined && now - oldest.described.readAt >= this.#options.describeAgain
    const [changed] = this.#changed
    if (changed !== undefined && hasSettled(changed, now) && !(this.#wasChanged && isOld)) return changed
    const [failed] = this.#failed
    if (failed?.failure !== undefined && now - failed.failure.at >= retryAfter) return failed

    return isOld ? oldest : undefined
  }

  /** Moves an entry to the end of a queue, unless it was removed in the meantime. */
  #queue(entry: Entry, queue: Set<Entry>): void {
    this.#leaveQueues(entry)
    if (this.get(entry.account) === entry) (entry.changedAt === undefined ? queue : this.#changed).add(entry)
  }

  #remove(entry: Entry): void {
    this.#leaveQueues(entry)
    if (this.get(entry.account) !== entry) return
    this.#byAccount.delete(keyOf(entry.account))
    this.#byId.delete(entry.id)
    this.#options.onChange?.(entry.account.namespace)
  }

  #leaveQueues(entry: Entry): void {
    for (const queue of [this.#fresh, this.#changed, this.#failed, this.#described]) queue.delete(entry)
  }
}

const keyOf = ({ namespace, name }: AccountName): string => `${namespace}/${name}`

const hasSettled = ({ changedAt }: Entry, now: number): boolean =>
  changedAt !== undefined && now - changedAt >= settleTime
