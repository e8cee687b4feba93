import type { IncomingMessage } from 'node:http'
import Fastify, { type FastifyInstance, type FastifyRequest } from 'fastify'
import { type AdmissionRequest, parseAdmissionReview } from '../input/admission-review.js'
import { thenMaybe } from '../model/maybe-promise.js'
import type { AdmissionResponse } from '../output/admission-response.js'
import { quote } from '../text/escape.js'
import { endOfString } from '../text/json.js'
import { memoizeLast } from '../text/memoize.js'
import { BodyBudget, type Refusals } from './body-budget.js'
import { limitConnections } from './connection-limit.js'
import { LazyDeadline } from './deadline.js'
import type { ReviewHandler } from './handle-review.js'

// One review can contain an object and its old version, each of up to 3 MiB (the API server's request limit).
const bodyLimit = 8 * 1024 * 1024

// The limit for the bodies of all connections together. A parsed body of 8 MiB can take fifteen times as much
// memory, and the manifest limits memory to 512 MiB.
const bytesInFlight = 16 * 1024 * 1024

// An API server keeps only a few connections open. A connection takes about 50 kB.
const maxConnections = 1000

// Go's JSON decoder rejects a depth of 10,000, and no Kubernetes object comes near 5,000.
const depthLimit = 5000

/**
 * The TLS settings of the server. A replacement certificate must be set together with all of them, because
 * Node drops settings that are not repeated.
 */
export const tlsSettings = { minVersion: 'TLSv1.2' } as const

/**
 * The outcome of one review, for the log and the metrics. `response` is missing if the review was malformed,
 * was refused, or failed.
 */
export interface Reviewed {
  readonly request?: AdmissionRequest
  readonly response?: AdmissionResponse
  readonly error?: Error
  /** Set if the review was refused because too many large ones were in progress. */
  readonly isOverload?: true
  readonly milliseconds: number
}

/** Builds the admission server. It does not start listening. */
export function buildApp({
  handleReview,
  timeout,
  https,
  onReviewed,
  isDraining = () => false
}: {
  handleReview: ReviewHandler
  /**
   * The time limit for one review, in milliseconds. A shorter timeout in the webhook registration takes
   * precedence.
   */
  timeout: number
  https?: { key: string; cert: string }
  onReviewed?: (reviewed: Reviewed) => void
  /**
   * While it returns true, every answered review closes its connection, so that clients go to another
   * replica.
   */
  isDraining?: () => boolean
}): FastifyInstance {
  const app = Fastify({
    // An API server keeps idle connections open for 90 s and does not resend a POST. irsa-guard must
    // therefore keep them open for longer.
    keepAliveTimeout: 120_000,
    // Headers must arrive within 5 s and the whole request within 10 s; both are checked every second. With
    // Fastify's own defaults, a slow body could take forever.
    requestTimeout: 10_000,
    // This closes connections to clients that do not read their response.
    connectionTimeout: 20_000,
    return503OnClosing: false,
    routerOptions: { querystringParser: memoizeLast(parseQuery) },
    ...(https
      ? {
          https: {
            ...https,
            ...tlsSettings,
            handshakeTimeout: 5000,
            headersTimeout: 5000,
            connectionsCheckingInterval: 1000
          }
        }
      : { http: { headersTimeout: 5000, connectionsCheckingInterval: 1000 } })
  }) as unknown as FastifyInstance // with and without https, the instances differ only in the type of their raw server

  // Without a logger, Fastify measures the time of a reply only if an onResponse hook exists.
  app.addHook('onResponse', (_request, _reply, done) => {
    done()
  })
  limitConnections(app.server, maxConnections)
  const budget = new BodyBudget(bytesInFlight)
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('application/json', (_request, body: IncomingMessage, done) => {
    budget.read(body, bodyLimit, refusals, (error, text) => {
      if (error !== null) done(error)
      else parseBody(text, done)
    })
  })

  app.setNotFoundHandler((request, reply) => {
    budget.release(request.raw)
    return reply.code(404).send({
      statusCode: 404,
      error: `${request.method} ${quote(request.url)} does not exist; send reviews to POST /validate`
    })
  })

  app.setErrorHandler<Error & { statusCode?: number }>((error, request, reply) => {
    budget.release(request.raw)
    const statusCode = error.statusCode ?? 500
    onReviewed?.({
      ...(statusCode >= 500 && { error }),
      ...(statusCode === 429 && { isOverload: true }),
      milliseconds: reply.elapsedTime
    })
    return reply
      .code(statusCode)
      .send({ statusCode, error: statusCode < 500 ? describeRefusal(error, request) : 'internal error' })
  })

  app.post<{ Querystring: Query }>(
    '/validate',
    { schema: { response: { 200: reviewSchema } } },
    (request, reply) => {
      const parsed = parseAdmissionReview(request.body)
      if ('malformed' in parsed) throw httpError(400, parsed.malformed)

      const deadline = new LazyDeadline(Math.min(timeout, request.query.timeLeft))
      const answer = handleReview(parsed, deadline)

      return thenMaybe(
        answer instanceof Promise ? answer.finally(() => deadline.clear()) : answer,
        (response) => {
          budget.release(request.raw)
          onReviewed?.({ request: parsed, response, milliseconds: reply.elapsedTime })
          if (isDraining()) reply.header('connection', 'close')

          return { apiVersion: parsed.apiVersion, kind: 'AdmissionReview', response }
        }
      )
    }
  )

  return app
}

/**
 * The schema of a response. Fastify builds a serializer from it that is faster than JSON.stringify. The
 * benchmark compares `serve` with a server that uses the same schema. @public
 */
export const reviewSchema = {
  type: 'object',
  properties: {
    apiVersion: { type: 'string' },
    kind: { type: 'string' },
    response: {
      type: 'object',
      properties: {
        uid: { type: 'string' },
        allowed: { type: 'boolean' },
        status: {
          type: 'object',
          properties: { code: { type: 'integer' }, reason: { type: 'string' }, message: { type: 'string' } }
        },
        warnings: { type: 'array', items: { type: 'string' } },
        auditAnnotations: { type: 'object', additionalProperties: { type: 'string' } }
      }
    }
  }
}

const refusals: Refusals = {
  tooLarge: () => httpError(413, `the body is larger than ${bodyLimit / 1024 / 1024} MiB`),
  overloaded: () => httpError(429, 'too many large reviews are in progress; this one is the largest'),
  aborted: () => httpError(400, 'the client closed the connection before the end of the body')
}

function parseBody(text: string, done: (error: Error | null, body?: unknown) => void): void {
  const excess = excessOf(text)
  if (excess !== undefined) {
    done(httpError(400, excess))
    return
  }
  try {
    done(null, JSON.parse(text))
  } catch {
    done(httpError(400, 'the body is not JSON'))
  }
}

/**
 * The error message for a rejected request. For a content type that Fastify rejects, it states the value
 * found and the value expected.
 */
function describeRefusal(
  { message, ...error }: Error & { code?: string },
  { headers }: FastifyRequest
): string {
  if (error.code !== 'FST_ERR_CTP_INVALID_MEDIA_TYPE') return message

  const found = headers['content-type']
  return `content-type is ${found === undefined ? 'missing' : quote(found)}; expected application/json`
}

/** The parsed query string of the API server's request. Times are in milliseconds. */
type Query = Record<'timeLeft', number>

/**
 * Reads the time limit that the API server sends as `timeout=3s`. Half a second is reserved for the response.
 */
function parseQuery(text: string): Query {
  const seconds = /^(\d+)s$/.exec(new URLSearchParams(text).get('timeout') ?? '')?.[1]

  return { timeLeft: seconds === undefined ? Infinity : Math.max(Number(seconds) * 1000 - 500, 100) }
}

/**
 * Why a body must not be parsed; undefined if it may be. Deep nesting would overflow the stack, and each
 * value takes memory.
 */
function excessOf(text: string): string | undefined {
  if (text.length < 2 * depthLimit) return undefined

  let depth = 0
  let values = 0
  for (let at = 0; at < text.length; at++) {
    switch (text.charCodeAt(at)) {
      case 0x22: // "
        at = endOfString(text, at)
        if (at === -1) return undefined // not JSON
        break
      case 0x7b: // {
      case 0x5b: // [
        if (++depth > depthLimit) return `the body is nested deeper than ${depthLimit} levels`
        if (++values > valueLimit) return tooManyValues
        break
      case 0x7d: // }
      case 0x5d: // ]
        depth--
        break
      case 0x2c: // ,
        if (++values > valueLimit) return tooManyValues
    }
  }

  return undefined
}

// A value takes up to 100 bytes of memory. An object of 3 MiB with values of ten characters each contains
// 300,000 values.
const valueLimit = 1_000_000
const tooManyValues = `the body contains more than ${valueLimit} values`

const httpError = (statusCode: number, message: string): Error =>
  Object.assign(new Error(message), { statusCode })
