import type { Clock } from './clock.js'

export interface BudgetOptions {
  /** The maximum number of requests per second. After an idle period, that many can be sent at once. */
  readonly requestsPerSecond: number
  /**
   * The maximum number of waiting queries per namespace. If it is Infinity, the number of namespaces is not
   * limited either.
   */
  readonly waitingPerNamespace: number
  readonly clock: Clock
}

/** A query that waits for its turn. */
export interface Turn {
  readonly namespace: string
  /** Queries from the same namespace with the same key share one slot in the queue. */
  readonly key: string
  /**
   * Called once, when the query's turn comes. Returns whether a request was sent, so that a query that has
   * been answered in the meantime uses no token.
   */
  readonly begin: () => boolean
}

/** One token bucket for all requests to an AWS service, shared fairly between namespaces. */
export interface Budget {
  readonly requestsPerSecond: number
  /**
   * Waits for a turn. Returns true after `begin`, or false if too many queries are waiting or the signal
   * fires first.
   */
  turn(turn: Turn, signal: AbortSignal): Promise<boolean>
  /**
   * Waits until a query that has already begun, or a background task, may send another request. Such a
   * request takes precedence over new queries from the same namespace.
   */
  another(namespace: string): Promise<void>
}

/**
 * The queue of one namespace. It has at most one follow-up for each query or background task that has begun.
 */
interface Line {
  readonly followUps: (() => void)[]
  readonly questions: Map<string, Waiting>
}

interface Waiting {
  readonly begin: () => boolean
  readonly callers: Set<(served: boolean) => void>
}

// Namespaces are objects in the cluster, but an admission request can also name a namespace that is about to
// be created.
const maxNamespaces = 1000

/**
 * Builds the bucket that all requests to an AWS service draw from. Namespaces take turns, one request each,
 * so that a namespace that looks up thousands of roles delays the next one by only one request.
 */
export function buildBudget({ requestsPerSecond, waitingPerNamespace, clock }: BudgetOptions): Budget {
  const capacity = Math.max(1, requestsPerSecond)
  const namespacesAtMost = waitingPerNamespace === Infinity ? Infinity : maxNamespaces
  const lines = new Map<string, Line>() // by namespace, in the order of their turns
  let tokens = capacity
  let refilledAt = clock.now()
  let timerRuns = false

  function serve(): void {
    const now = clock.now()
    tokens = Math.min(capacity, tokens + (Math.max(0, now - refilledAt) * requestsPerSecond) / 1000)
    refilledAt = now
    while (tokens >= 1 && serveNext()) tokens--
    if (timerRuns || lines.size === 0) return

    timerRuns = true
    clock.after(Math.ceil(((1 - tokens) * 1000) / requestsPerSecond), () => {
      timerRuns = false
      serve()
    })
  }

  /**
   * Serves the namespace whose turn it is, or the next one that needs a request. Returns whether a request
   * was sent.
   */
  function serveNext(): boolean {
    for (const [namespace, line] of lines) {
      lines.delete(namespace)
      const spent = serveLine(line)
      if (line.followUps.length + line.questions.size > 0) lines.set(namespace, line) // move to the end
      if (spent) return true
    }

    return false
  }

  function serveLine({ followUps, questions }: Line): boolean {
    const followUp = followUps.shift()
    if (followUp !== undefined) {
      followUp()
      return true
    }
    for (const [key, { begin, callers }] of questions) {
      questions.delete(key)
      const spent = begin()
      for (const caller of callers) caller(true)
      if (spent) return true
    }

    return false
  }

  function lineOf(namespace: string): Line {
    const line = lines.get(namespace) ?? { followUps: [], questions: new Map<string, Waiting>() }
    lines.set(namespace, line)

    return line
  }

  function placeOf({ namespace, key, begin }: Turn): Waiting | undefined {
    if (!lines.has(namespace) && lines.size >= namespacesAtMost) return

    const { questions } = lineOf(namespace)
    const place = questions.get(key) ?? { begin, callers: new Set() }
    if (!questions.has(key) && questions.size >= waitingPerNamespace) return
    questions.set(key, place)

    return place
  }

  return {
    requestsPerSecond,
    turn: (turn, signal) =>
      new Promise((resolve) => {
        const place = signal.aborted ? undefined : placeOf(turn)
        if (place === undefined) {
          resolve(false)
          return
        }

        const caller = (served: boolean): void => {
          signal.removeEventListener('abort', giveUp)
          resolve(served)
        }
        const giveUp = (): void => {
          place.callers.delete(caller)
          if (place.callers.size === 0) lines.get(turn.namespace)?.questions.delete(turn.key)
          caller(false)
        }
        place.callers.add(caller)
        signal.addEventListener('abort', giveUp)
        serve()
      }),
    another: (namespace) =>
      new Promise((resolve) => {
        lineOf(namespace).followUps.push(resolve)
        serve()
      })
  }
}
