import { setTimeout as sleep } from 'node:timers/promises'
import { reasonOf } from '../text/escape.js'
import { isRecord } from '../text/record.js'
import type { KubeClient } from './client.js'
import { metadataListType } from './read.js'

/**
 * The objects of a collection, reduced to the parts that a watch keeps. They stay unchanged while the API
 * server does not answer.
 */
export interface Watched<T> {
  get(key: string): T | undefined
  values(): IterableIterator<T>
  /** Whether the collection has been listed at least once. */
  readonly synced: boolean
  /** The time of the last event or complete list that the API server sent. */
  readonly lastEvent: Date | undefined
  stop(): void
}

/** The key of an object: `namespace/name`, or `name` without a namespace. */
export const objectKeyOf = (namespace: string | undefined, name: string): string =>
  namespace === undefined ? name : `${namespace}/${name}`

/** The collection to watch, and what to keep of its objects. */
export interface WatchOptions<T> {
  /** The path of the collection, such as `/api/v1/namespaces`. */
  readonly path: string
  readonly query?: Readonly<Record<string, string>>
  /** Whether to request only the metadata of the objects (PartialObjectMetadata). */
  readonly metadataOnly?: boolean
  /** Returns the part of an object to keep; undefined removes the object. */
  readonly keep: (object: Readonly<Record<string, unknown>>) => T | undefined
  readonly onChange?: (key: string, value: T | undefined) => void
  /** Called once when the API server stops answering as expected, and once when it answers again. */
  readonly onTrouble?: (because: string | undefined) => void
  /**
   * Runs each list. Watches that share one {@link buildTurns} list their collections one after another. The
   * process then holds one page at a time, and the API server gets one list request at a time after all watches
   * have been lost.
   */
  readonly inTurn?: Turns
  /** Times in milliseconds; tests use shorter ones. A watch that lasts longer than `steady` counts as working. */
  readonly timing?: {
    readonly backOff?: number
    readonly maxBackOff?: number
    readonly silence?: number
    readonly steady?: number
  }
}

// Bookmarks arrive about once a minute, so a connection that is silent for this long is dead.
const defaultSilence = 150_000

/** Decides when work runs. */
export type Turns = <T>(work: () => Promise<T>) => Promise<T>

const atOnce: Turns = async (work) => work()

/** Runs work after all earlier work has ended, whether or not it failed. */
export function buildTurns(): Turns {
  let last: Promise<unknown> = Promise.resolve()

  return async (work) => {
    const turn = last.then(work)
    last = turn.catch(() => undefined) // the caller of the turn gets the error
    return turn
  }
}

/**
 * Lists a collection and watches it indefinitely, with capped and jittered back-off. It survives resets,
 * silence, 401, 410, 429, 500 and restarts of the API server. After most of these, client-node's informer
 * stops permanently.
 */
export function listAndWatch<T>(client: KubeClient, options: WatchOptions<T>): Watched<T> {
  const {
    backOff: shortest = 500,
    maxBackOff = 30_000,
    silence = defaultSilence,
    steady = 5000
  } = options.timing ?? {}
  const { inTurn = atOnce } = options
  const kept = new Map<string, T>()
  const stopped = new AbortController()
  let synced = false
  let lastEvent: Date | undefined
  let troubled = false

  const accept = options.metadataOnly ? metadataListType : 'application/json'
  const acceptOne = options.metadataOnly
    ? 'application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1'
    : 'application/json'

  function set(object: Readonly<Record<string, unknown>>, isGone = false): string | undefined {
    const metadata = isRecord(object['metadata']) ? object['metadata'] : {}
    const { namespace, name } = metadata
    if (typeof name !== 'string') return undefined

    const key = objectKeyOf(typeof namespace === 'string' ? namespace : undefined, name)
    const value = isGone ? undefined : options.keep(object)
    if (value === undefined) kept.delete(key)
    else kept.set(key, value)
    options.onChange?.(key, value)
    return key
  }

  async function list(): Promise<string> {
    const seen = new Set<string>()
    let resume: string | undefined
    let version: string
    do {
      const { status, body } = await client.request({
        path: options.path,
        query: { ...options.query, limit: 500, ...(resume !== undefined && { continue: resume }) },
        accept,
        signal: stopped.signal
      })
      if (status !== 200 || !isRecord(body))
        throw new Trouble(`the API server answered the list request with ${status}`, true)
      const metadata = isRecord(body['metadata']) ? body['metadata'] : {}
      for (const object of Array.isArray(body['items']) ? body['items'] : []) {
        const key = isRecord(object) ? set(object) : undefined
        if (key !== undefined) seen.add(key)
      }
      version = String(metadata['resourceVersion'])
      resume =
        typeof metadata['continue'] === 'string' && metadata['continue'] !== ''
          ? metadata['continue']
          : undefined
    } while (resume !== undefined)

    for (const key of [...kept.keys()].filter((key) => !seen.has(key))) {
      kept.delete(key)
      options.onChange?.(key, undefined)
    }
    synced = true
    lastEvent = new Date()
    return version
  }

  /** Follows one watch until it ends. Returns the version to continue from; throws Trouble. */
  async function follow(from: string): Promise<string> {
    const silent = new AbortController()
    let watchdog = setTimeout(() => silent.abort(), silence)
    let version = from
    try {
      const watch = await client.watch({
        path: options.path,
        query: {
          ...options.query,
          watch: true,
          allowWatchBookmarks: true,
          resourceVersion: from,
          timeoutSeconds: 290
        },
        accept: acceptOne,
        signal: AbortSignal.any([stopped.signal, silent.signal])
      })
      if ('status' in watch)
        throw new Trouble(
          `the API server answered the watch request with ${watch.status}`,
          watch.status === 410
        )

      for await (const line of watch.lines) {
        clearTimeout(watchdog)
        watchdog = setTimeout(() => silent.abort(), silence)
        const event = parseEvent(line)
        if (event.type === 'ERROR')
          throw new Trouble(`the watch ended with an error, ${String(event.object['code'])}`, true)
        lastEvent = new Date()
        const metadata = isRecord(event.object['metadata']) ? event.object['metadata'] : {}
        if (typeof metadata['resourceVersion'] === 'string') version = metadata['resourceVersion']
        if (event.type !== 'BOOKMARK') set(event.object, event.type === 'DELETED')
        healthy()
      }

      return version
    } catch (error) {
      // Silence can also mean that this server will never reach the version (a restored etcd), so the
      // collection is listed again.
      throw silent.signal.aborted ? new Trouble(`the watch was silent for ${silence / 1000} s`, true) : error
    } finally {
      clearTimeout(watchdog)
    }
  }

  function healthy(): void {
    if (troubled) options.onTrouble?.(undefined)
    troubled = false
  }

  const isStopped = (): boolean => stopped.signal.aborted

  async function run(): Promise<void> {
    let version: string | undefined
    let wait = shortest
    while (!isStopped()) {
      let followedAt = Infinity
      const hasLasted = (milliseconds: number): boolean => performance.now() - followedAt > milliseconds
      try {
        version ??= await inTurn(list)
        healthy()
        followedAt = performance.now()
        version = await follow(version)
        if (hasLasted(steady)) {
          wait = shortest
          continue // API servers end watches regularly, so there is no reason to wait
        }
      } catch (error) {
        if (isStopped()) return
        const mustList = version === undefined || (error instanceof Trouble && error.relist)
        if (mustList) version = undefined
        if (!troubled) options.onTrouble?.(reasonOf(error))
        troubled = true
        // A list costs the API server much more than a watch. Before a new list, the wait is therefore reset
        // only if this watch lasted much longer than `steady`.
        if (hasLasted(mustList ? 12 * steady : steady)) wait = shortest
      }
      await sleep(wait * (0.5 + Math.random()), undefined, { signal: stopped.signal }).catch(() => undefined) // stopped while waiting
      wait = Math.min(wait * 2, maxBackOff)
    }
  }

  void run()

  return {
    get: (key) => kept.get(key),
    values: () => kept.values(),
    get synced() {
      return synced
    },
    get lastEvent() {
      return lastEvent
    },
    stop: () => stopped.abort()
  }
}

/** The failure of a list or a watch; `relist` is set if the version to continue from is lost. */
class Trouble extends Error {
  readonly relist: boolean

  constructor(message: string, relist: boolean) {
    super(message)
    this.relist = relist
  }
}

function parseEvent(line: string): { type: string; object: Readonly<Record<string, unknown>> } {
  let event: unknown
  try {
    event = JSON.parse(line)
  } catch {
    throw new Trouble('the watch sent an invalid line', true)
  }
  if (!isRecord(event) || typeof event['type'] !== 'string' || !isRecord(event['object']))
    throw new Trouble('the watch sent something other than an event', true)

  return { type: event['type'], object: event['object'] }
}
