import { alternate, ratiosOf } from '../support/alternate.ts'
import {
  associatedAccountOf,
  associatedSnapshot,
  iamSnapshot,
  reviewBodyOf,
  serviceAccountOf
} from '../support/review-body.ts'
import {
  type ServerFiles,
  startOther,
  startServe,
  warmUpServer,
  writeServerFiles
} from '../support/review-servers.ts'
import type { Row } from '../support/row.ts'
import { medianOf } from '../support/statistics.ts'

/** What is reviewed, and the facts about IAM that `serve` has. */
interface Reviewed {
  readonly name: string
  readonly iam: object
  readonly account: ReturnType<typeof serviceAccountOf>
}

/**
 * Compares the CPU time of `serve` for one review with that of a Fastify app that always allows and that of a
 * bare node:https server.
 */
const compare =
  ({ name, iam, account }: Reviewed): Row =>
  async ({ rounds, scale }) => {
    const files = await writeServerFiles(iam)
    const body = reviewBodyOf(account, 'serviceaccounts')
    try {
      const starts: Awaited<ReturnType<typeof measureOnce>>[] = []
      for (let start = 0; start < 5; start++) starts.push(await measureOnce(files, body, { rounds, scale }))
      const all = (side: keyof (typeof starts)[number]): number[] => starts.flatMap((cpu) => cpu[side])
      const absolute = (side: keyof (typeof starts)[number], name: string): string =>
        `${name} ${medianOf(all(side)).toFixed(0)} µs`

      return [
        {
          what: `${name}: serve / Fastify that always allows, CPU`,
          ratios: ratiosOf(all('serve'), all('fastify')),
          budget: 1.25,
          absolute: `${absolute('serve', 'serve')}, ${absolute('fastify', 'Fastify')}`
        },
        {
          what: `${name}: serve / bare node:https, CPU`,
          ratios: ratiosOf(all('serve'), all('bare')),
          budget: undefined,
          absolute: absolute('bare', 'node:https')
        }
      ]
    } finally {
      await files.remove()
    }
  }

/** A service account with a role annotation. */
export const review = compare({ name: 'review', iam: iamSnapshot, account: serviceAccountOf('cart') })

/** A service account with an EKS Pod Identity association, in a cluster whose associations are known. */
export const reviewAssociated = compare({
  name: 'review-associated',
  iam: associatedSnapshot,
  account: associatedAccountOf('cart')
})

/**
 * Starts all servers and measures them in turn. Two starts of the same server differ by a few percent,
 * depending on where its code is placed in memory.
 */
async function measureOnce(files: ServerFiles, body: string, { rounds, scale }: Parameters<Row>[0]) {
  const servers = {
    serve: startServe(files),
    fastify: startOther('always-allow', files),
    bare: startOther('bare-https', files)
  }
  try {
    const under = async (server: keyof typeof servers) =>
      (await warmUpServer(servers[server], { body, scale })).readCost

    return await alternate(rounds, {
      serve: await under('serve'),
      fastify: await under('fastify'),
      bare: await under('bare')
    })
  } finally {
    await Promise.all(Object.values(servers).map((server) => server.stop()))
  }
}
