import { setTimeout as sleep } from 'node:timers/promises'
import t, { type Test } from 'tap'
import type { KubeClient, KubeRequest } from '../../../src/kube/client.js'
import type { KubeResponse } from '../../../src/kube/response.js'
import { known } from '../../../src/model/fact.js'
import { type LiveCluster, watchCluster } from '../../../src/sources/cluster/cluster.js'

const annotated = { 'eks.amazonaws.com/role-arn': 'arn:aws:iam::111122223333:role/cart' }
const account = (name: string, annotations?: object): object => ({
  metadata: { name, namespace: 'shop', annotations, resourceVersion: '1' }
})
const deadline = { signal: AbortSignal.timeout(60_000) }

type Answer = Partial<KubeResponse> | Error

/**
 * A cluster whose collections hold these accounts; every other path is answered by `read`, and `asked` has
 * those paths.
 */
function start(
  t: Test,
  {
    accounts = [],
    read,
    lists = true
  }: { accounts?: object[]; read?: (path: string) => Answer | Promise<Answer>; lists?: boolean }
): { cluster: LiveCluster; asked: string[]; troubles: string[]; say: (event: object) => void } {
  const asked: string[] = []
  const troubles: string[] = []
  const events: ((line: string) => void)[] = []
  const answer = (body: unknown, status = 200): KubeResponse => ({ status, body, warnings: [] })
  const client: KubeClient = {
    server: 'https://a',
    namespace: 'default',
    async request({ path }: KubeRequest) {
      if (path === '/api/v1/namespaces' || path === '/api/v1/serviceaccounts') {
        return lists
          ? answer({ metadata: { resourceVersion: '1' }, items: path.endsWith('accounts') ? accounts : [] })
          : answer('no', 500)
      }
      asked.push(path)
      const given = (await read?.(path)) ?? { status: 404 }
      if (given instanceof Error) throw given
      return answer(given.body, given.status)
    },
    async watch({ path, signal }) {
      const lines = async function* (): AsyncGenerator<string> {
        while (signal?.aborted !== true) {
          const { promise, resolve } = Promise.withResolvers<string>()
          if (path.endsWith('accounts')) events.push(resolve)
          signal?.addEventListener('abort', () => resolve(''), { once: true })
          yield await promise
        }
      }
      return { lines: lines() }
    },
    at: () => client,
    readTrust: async () => ({ cas: undefined, isMounted: false }),
    readToken: async () => undefined,
    close: () => undefined
  }
  const cluster = watchCluster(client, (collection, because) =>
    troubles.push(`${collection}: ${because ?? 'works'}`)
  )
  t.teardown(() => cluster.stop())
  return { cluster, asked, troubles, say: (event) => events.pop()?.(JSON.stringify(event)) }
}

async function until(condition: () => boolean): Promise<void> {
  for (let tries = 0; tries < 300 && !condition(); tries++) await sleep(5)
}

t.test('answers for an account that the watch knows, without a call', async (t) => {
  const { cluster, asked, say } = start(t, { accounts: [account('cart', annotated), account('plain')] })
  t.strictSame(cluster.unlisted, ['namespaces', 'serviceaccounts'])
  await until(() => cluster.unlisted.length === 0)
  t.strictSame(cluster.unlisted, [])
  t.strictSame(
    await cluster.readAccount('shop', 'cart', deadline),
    known({ exists: true, annotations: annotated })
  )
  t.strictSame(await cluster.readAccount('shop', 'plain', deadline), known({ exists: true, annotations: {} }))

  await sleep(10)
  say({ type: 'MODIFIED', object: account('plain', annotated) })
  await sleep(10)
  t.strictSame(
    await cluster.readAccount('shop', 'plain', deadline),
    known({ exists: true, annotations: annotated })
  )
  t.strictSame(asked, [])
  t.match(cluster.lastEvents, { namespaces: Date, serviceaccounts: Date })
})

t.test(
  'reads an account that the watch has not seen once for all who wait, and for each new question again',
  async (t) => {
    const { promise, resolve } = Promise.withResolvers<Answer>()
    const { cluster, asked } = start(t, { read: () => promise })
    await until(() => cluster.unlisted.length === 0)
    const waiting = Array.from({ length: 1000 }, () => cluster.readAccount('shop', 'new', deadline))
    const impatient = cluster.readAccount('shop', 'new', { signal: AbortSignal.timeout(20) })
    t.strictSame(await impatient, { state: 'unknown', because: 'shop/new was not read in time' })
    resolve({ status: 200, body: account('new', annotated) })
    const answers = await Promise.all(waiting)
    t.ok(answers.every((answer) => answer.state === 'known' && answer.value.exists))
    t.strictSame(
      asked,
      ['/api/v1/namespaces/shop/serviceaccounts/new'],
      'one call, for the impatient one too'
    )
    await cluster.readAccount('shop', 'new', deadline)
    t.equal(asked.length, 2)
    t.strictSame(await cluster.readAccount('shop', 'other', { signal: AbortSignal.abort() }), {
      state: 'unknown',
      because: 'shop/other was not read in time'
    })
  }
)

t.test('tells what does not exist from what could not be read', async (t) => {
  const answers: Readonly<Record<string, Answer>> = {
    gone: { status: 404 },
    hidden: { status: 403 },
    broken: new Error('connection reset')
  }
  const { cluster } = start(t, { read: (path) => answers[path.split('/').at(-1) ?? ''] ?? {} })
  t.strictSame(await cluster.readAccount('shop', 'gone', deadline), known({ exists: false }))
  t.strictSame(await cluster.readAccount('shop', 'hidden', deadline), {
    state: 'unknown',
    because: 'namespaces/shop/serviceaccounts/hidden could not be read (the API server answered 403)'
  })
  t.match(await cluster.readAccount('shop', 'broken', deadline), {
    state: 'unknown',
    because: /\(connection reset\)$/
  })
  t.match(
    await cluster.readNamespace('gone', deadline),
    { state: 'unknown' },
    'a namespace that is not there yet may enforce nothing'
  )
})

t.test('asks about nothing that is no name', async (t) => {
  const { cluster, asked } = start(t, {})
  for (const name of ['..', 'a/b', '../../secrets/x', 'A', '', 'a?b', 'a'.repeat(254)]) {
    t.match(
      await cluster.readAccount('shop', name, deadline),
      { state: 'unknown', because: /is not a valid .*name/ },
      name.slice(0, 20)
    )
    t.match(await cluster.readAccount(name, 'cart', deadline), { state: 'unknown' })
  }
  t.strictSame(asked, [])
})

t.test('says when a collection cannot be listed, and is not ready', async (t) => {
  const { cluster, troubles } = start(t, { lists: false })
  await until(() => troubles.length === 2)
  t.strictSame(troubles.sort(), [
    'namespaces: the API server answered the list request with 500',
    'serviceaccounts: the API server answered the list request with 500'
  ])
  t.strictSame(cluster.unlisted, ['namespaces', 'serviceaccounts'])
})
