import { once } from 'node:events'
import { connect } from 'node:net'
import { readPort, startServe, writeServerFiles } from '../support/review-servers.ts'
import type { Row } from '../support/row.ts'
import { medianOf } from '../support/statistics.ts'

const budgetMilliseconds = 1000

/**
 * Compares the time from the start of the bundle's process to its first accepted connection with one second,
 * and measures the process's memory at that point.
 */
export const start: Row = async ({ rounds }) => {
  const files = await writeServerFiles()
  const milliseconds: number[] = []
  const megabytes: number[] = []
  try {
    for (let round = 0; round < rounds; round++) {
      const server = startServe(files)
      try {
        const socket = connect({ port: await readPort(server), host: '127.0.0.1' })
        await once(socket, 'connect')
        milliseconds.push(performance.now() - server.startedAt)
        socket.destroy()
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
    }
  ]
}
