import type { IncomingMessage } from 'node:http'
import { text as readStream } from 'node:stream/consumers'

/** The API server's response, whatever its status; `warnings` are the messages in its Warning headers. */
export interface KubeResponse {
  readonly status: number
  readonly body: unknown
  readonly warnings: readonly string[]
  /** The seconds to wait before the next request, if the API server specifies them. */
  readonly retryAfter?: number
}

/** Reads a response of the API server to its end. Rejects if the connection breaks before that. */
export async function readResponse(response: IncomingMessage): Promise<KubeResponse> {
  const text = await readStream(response)
  const warnings = [response.headers['warning'] ?? []].flat().flatMap(warningsOf)

  // The API server sends seconds, not a date: https://kubernetes.io/docs/concepts/cluster-administration/flow-control/
  const retryAfter = /^\d{1,6}$/.exec(response.headers['retry-after'] ?? '')?.[0]

  return {
    status: response.statusCode ?? 0,
    body: parseBody(text),
    warnings,
    ...(retryAfter !== undefined && { retryAfter: Number(retryAfter) })
  }
}

/**
 * The messages in a Warning header. The header has the form `299 - "text"`, with several warnings joined by
 * commas: RFC 7234, section 5.5.
 */
function warningsOf(header: string): string[] {
  return [...header.matchAll(/299 \S+ "((?:[^"\\]|\\.)*)"/g)].map(([, text = '']) =>
    text.replace(/\\(.)/g, '$1')
  )
}

// Some responses are plain text (a proxy's 401, a health check). They are kept unchanged.
function parseBody(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}
