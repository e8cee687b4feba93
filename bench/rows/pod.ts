import { alternate, ratiosOf } from '../support/alternate.ts'
import { podOf, reviewBodyOf, serviceAccountOf } from '../support/review-body.ts'
import { startServe, warmUpServer, writeServerFiles } from '../support/review-servers.ts'
import type { Row } from '../support/row.ts'
import { medianOf } from '../support/statistics.ts'

/**
 * Compares the CPU time that `serve` needs to review a mutated pod and a service account, both of 4.2 KB.
 */
export const pod: Row = async ({ rounds, scale }) => {
  const files = await writeServerFiles()
  const servers = { pod: startServe(files), account: startServe(files) }
  try {
    const bodies = {
      pod: reviewBodyOf(podOf('cart'), 'pods'),
      account: reviewBodyOf(serviceAccountOf('cart'), 'serviceaccounts')
    }
    const under = async (side: keyof typeof servers) =>
      (await warmUpServer(servers[side], { body: bodies[side], scale })).readCost
    const cpu = await alternate(rounds * 2, { pod: await under('pod'), account: await under('account') })

    return [
      {
        what: 'pod: review of a pod / of a service account, CPU',
        ratios: ratiosOf(cpu.pod, cpu.account),
        budget: 1.3,
        absolute: `pod ${medianOf(cpu.pod).toFixed(0)} µs, service account ${medianOf(cpu.account).toFixed(0)} µs`
      }
    ]
  } finally {
    await Promise.all(Object.values(servers).map((server) => server.stop()))
    await files.remove()
  }
}
