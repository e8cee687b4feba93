import { reviewBodyOf, serviceAccountOf, snapshotAdmitting } from '../support/review-body.ts'
import { startServe, warmUp, warmUpServer, writeServerFiles } from '../support/review-servers.ts'
import type { Row } from '../support/row.ts'

const reviews = 1_000_000
const counter = '0000000' // as long as the highest number

/**
 * Compares the resident memory of `serve` after a million reviews with that after its warm-up. Each review is of
 * another service account, which the role admits with a pattern, so no two are alike for any cache.
 */
export const memory: Row = async ({ scale }) => {
  const files = await writeServerFiles(snapshotAdmitting('cart-*'))
  const server = startServe(files)
  try {
    const body = reviewBodyOf(serviceAccountOf(`cart-${counter}`), 'serviceaccounts')
    const { send } = await warmUpServer(server, { body, scale, counter })
    const readMebibytes = async (): Promise<number> => (await server.readUsage()).residentKilobytes / 1024
    const before = await readMebibytes()
    await send((reviews - warmUp) * scale)
    const after = await readMebibytes()
    const count = (reviews * scale).toLocaleString('en')

    return [
      {
        what: `memory: after ${count} reviews / after warm-up`,
        ratios: [after / before],
        budget: 1.25,
        absolute: `${before.toFixed(0)} MiB, then ${after.toFixed(0)} MiB`
      }
    ]
  } finally {
    await server.stop()
    await files.remove()
  }
}
