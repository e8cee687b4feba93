import { once } from 'node:events'
import { connect } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { findFreePort } from '../../test/control-plane/free-port.ts'
import { iamSnapshot } from '../support/review-body.ts'
import { readPort, startServe, writeServerFiles } from '../support/review-servers.ts'
import type { Row } from '../support/row.ts'
import { medianOf } from '../support/statistics.ts'

const budgetMilliseconds = 1000

/**
 * Compares the time from the start of the bundle's process to its first accepted connection with one second, and
 * the time until it is ready, which means that it has listed the cluster. Measures the process's memory then, too.
 */
export const start: Row = async ({ rounds }) => {
  const healthPort = await findFreePort()
  const files = await writeServerFiles(iamSnapshot, healthPort)
  const milliseconds: number[] = []
  const untilReady: number[] = []
  const megabytes: number[] = []
  try {
    for (let round = 0; round < rounds; round++) {
      const server = startServe(files)
      try {
        const socket = connect({ port: await readPort(server), host: '127.0.0.1' })
        await once(socket, 'connect')
        milliseconds.push(performance.now() - server.startedAt)
        socket.destroy()
        while (!(await isReady(healthPort))) await sleep(2)
        untilReady.push(performance.now() - server.startedAt)
        megabytes.push((await server.readUsage()).residentKilobytes / 1024)
      } finally {
        await server.stop()
      }
    }
  } finally {
    await files.remove()
  }

  return [
    {
      what: 'start: bundle listens / 1 s',
      ratios: milliseconds.map((figure) => figure / budgetMilliseconds),
      budget: 1,
      absolute: `${medianOf(milliseconds).toFixed(0)} ms, ${medianOf(megabytes).toFixed(0)} MiB resident`
    },
    {
      what: 'start: bundle is ready / 1 s',
      ratios: untilReady.map((figure) => figure / budgetMilliseconds),
      budget: undefined,
      absolute: `${medianOf(untilReady).toFixed(0)} ms`
    }
  ]
}

/** Whether the readiness probe of manifests/ would succeed. */
const isReady = async (healthPort: number): Promise<boolean> =>
  (await fetch(`http://127.0.0.1:${healthPort}/readyz`)).ok
