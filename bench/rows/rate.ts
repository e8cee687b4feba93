import { alternate, ratiosOf } from '../support/alternate.ts'
import { reviewBodyOf, serviceAccountOf } from '../support/review-body.ts'
import { startOther, startServe, turn, warmUpServer, writeServerFiles } from '../support/review-servers.ts'
import type { Row } from '../support/row.ts'
import { medianOf, percentileOf } from '../support/statistics.ts'

/**
 * Compares how many reviews per second `serve` answers on one core with how many a bare node:https server answers that parses nothing. Also compares how long both take to answer while reviews arrive at half the rate that `serve` can handle.
 */
export const rate: Row = async ({ rounds, scale }) => {
  const files = await writeServerFiles()
  const servers = { serve: startServe(files), constant: startOther('constant-https', files) }
  try {
    const body = reviewBodyOf(serviceAccountOf('cart'), 'serviceaccounts')
    const [serve, constant] = [
      await warmUpServer(servers.serve, { body, scale }),
      await warmUpServer(servers.constant, { body, scale })
    ]
    const cost = await alternate(rounds, { serve: serve.readCost, constant: constant.readCost })
    const perSecond = (side: keyof typeof cost): number => 1e6 / medianOf(cost[side])

    const slowest = { serve: [] as number[], constant: [] as number[] }
    const halfLoad =
      ({ sendAtRate }: typeof serve, side: keyof typeof slowest) =>
      async (): Promise<number> => {
        const milliseconds = await sendAtRate(turn * scale, perSecond('serve') / 2)
        slowest[side].push(percentileOf(milliseconds, 0.99))
        return percentileOf(milliseconds, 0.5)
      }
    const usual = await alternate(rounds, {
      serve: halfLoad(serve, 'serve'),
      constant: halfLoad(constant, 'constant')
    })
    const latency = (name: string, { serve, constant }: typeof usual) => ({
      what: `rate: serve / node:https, ${name} at half load`,
      ratios: ratiosOf(serve, constant),
      budget: undefined,
      absolute: `serve ${medianOf(serve).toFixed(2)} ms, node:https ${medianOf(constant).toFixed(2)} ms`
    })

    return [
      {
        what: 'rate: serve / node:https with one answer, CPU',
        ratios: ratiosOf(cost.serve, cost.constant),
        budget: undefined,
        absolute: `serve ${perSecond('serve').toFixed(0)} reviews/s on one core, node:https ${perSecond('constant').toFixed(0)}`
      },
      latency('p50', usual),
      latency('p99', slowest)
    ]
  } finally {
    await Promise.all(Object.values(servers).map((server) => server.stop()))
    await files.remove()
  }
}
