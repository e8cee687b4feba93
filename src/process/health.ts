import Fastify, { type FastifyInstance } from 'fastify'

/** The checks of `/readyz`: each returns undefined if it passes, otherwise the reason. */
export type Checks = Readonly<Record<string, () => string | undefined>>

/**
 * Builds the plain HTTP server for the kubelet and Prometheus. It serves `/livez`, `/metrics` and `/readyz`.
 * `/readyz?verbose` lists the checks and the `notes`, which do not affect readiness. The caller starts
 * the server.
 */
export function buildHealthApp(
  ready: Checks,
  metrics: { contentType: string; metrics(): Promise<string> },
  notes: Checks = {}
): FastifyInstance {
  const app = Fastify({
    requestTimeout: 5000,
    http: { headersTimeout: 4000, connectionsCheckingInterval: 1000 }
  }) as unknown as FastifyInstance // only the raw server's type differs

  app.get('/livez', () => 'ok')
  app.get<{ Querystring: { verbose?: string } }>('/readyz', (request, reply) => {
    const failures = Object.entries(ready).filter(([, check]) => check() !== undefined)
    const linesOf = (checks: Checks, mark: string): string[] =>
      Object.entries(checks).map(([name, check]) => {
        const because = check()
        return because === undefined ? `[+] ${name}: ok` : `[${mark}] ${name}: ${because}`
      })
    const lines =
      request.query.verbose === undefined
        ? failures.map(([name, check]) => `${name}: ${check() ?? ''}`)
        : [...linesOf(ready, '-'), ...linesOf(notes, '!')]

    return reply
      .code(failures.length === 0 ? 200 : 503)
      .send(lines.length === 0 ? 'ok' : `${lines.join('\n')}\n`)
  })
  app.get('/metrics', async (_request, reply) =>
    reply.type(metrics.contentType).send(await metrics.metrics())
  )

  return app
}
