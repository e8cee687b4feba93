import { alternate, ratiosOf } from '../support/alternate.ts'
import { reviewBodyOf, serviceAccountOf } from '../support/review-body.ts'
import { loadServer, readPort, startOther, startServe, writeServerFiles } from '../support/review-servers.ts'
import type { Row } from '../support/row.ts'
import { medianOf } from '../support/statistics.ts'

/** CPU of the server process for one review, against a Fastify app that always allows and against Node itself. */
export const review: Row = async ({ rounds, scale }) => {
  const files = await writeServerFiles()
  const servers = { serve: startServe(files), fastify: startOther('always-allow', files), bare: startOther('bare-https', files) }
  try {
    const body = reviewBodyOf(serviceAccountOf('cart'), 'serviceaccounts')
    const requests = 1000 * scale
    const under = async (server: keyof typeof servers) => loadServer(servers[server], await readPort(servers[server]), body, warmUp * scale)
    const [serve, fastify, bare] = [await under('serve'), await under('fastify'), await under('bare')]
    const cpu = await alternate(rounds * 5, {
      serve: () => serve.measure(requests),
      fastify: () => fastify.measure(requests),
      bare: () => bare.measure(requests)
    })
    const absolute = (side: keyof typeof cpu, name: string): string => `${name} ${medianOf(cpu[side]).toFixed(0)} µs`

    return [
      {
        what: 'review: serve / Fastify that always allows, CPU',
        ratios: ratiosOf(cpu.serve, cpu.fastify),
        budget: 1.25,
        absolute: `${absolute('serve', 'serve')}, ${absolute('fastify', 'Fastify')}`
      },
      {
        what: 'review: serve / bare node:https, CPU',
        ratios: ratiosOf(cpu.serve, cpu.bare),
        budget: undefined,
        absolute: absolute('bare', 'node:https')
      }
    ]
  } finally {
    await Promise.all(Object.values(servers).map((server) => server.stop()))
    await files.remove()
  }
}

// So many reviews pass before the just-in-time compiler is done; a replica that runs for weeks is not judged by its first second.
const warmUp = 20_000
