import { once } from 'node:events'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer, type Server } from 'node:https'
import { setTimeout as sleep } from 'node:timers/promises'
import { KubeConfig } from '@kubernetes/client-node'
import t from 'tap'
import { issueCa, issueServing } from '../../src/controller/certificates/issue-certificate.js'
import { buildKubeClient, type KubeClient } from '../../src/kube/client.js'
import { buildTurns, listAndWatch, type Watched } from '../../src/kube/list-and-watch.js'

const validity = { from: new Date(Date.now() - 60_000), until: new Date(Date.now() + 3_600_000) }
const ca = issueCa('test', validity)
const { certificate, key } = issueServing(ca, ['127.0.0.1'], validity)

/** An API server that does what each test tells it, and counts connections. */
async function start(
  answer: (request: IncomingMessage, response: ServerResponse) => void
): Promise<{ server: Server; client: KubeClient; connections: () => number }> {
  const server = createServer({ cert: certificate, key }, answer)
  let connections = 0
  server.on('secureConnection', () => connections++)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  const config = new KubeConfig()
  config.loadFromOptions({
    clusters: [
      {
        name: 'a',
        server: `https://127.0.0.1:${port}`,
        caData: Buffer.from(ca.certificate).toString('base64')
      }
    ],
    users: [{ name: 'a', token: 'secret' }],
    contexts: [{ name: 'a', cluster: 'a', user: 'a' }],
    currentContext: 'a'
  })
  return { server, client: buildKubeClient(config), connections: () => connections }
}

const object = (name: string, version: string): object => ({
  metadata: { name, namespace: 'shop', resourceVersion: version }
})
const listOf = (version: string, ...items: object[]): string =>
  JSON.stringify({ metadata: { resourceVersion: version }, items })
const event = (type: string, of: object): string => `${JSON.stringify({ type, object: of })}\n`
const isWatch = (request: IncomingMessage): boolean => request.url?.includes('watch=true') ?? false

const watch = (client: KubeClient, troubles: (string | undefined)[] = []): Watched<string> =>
  listAndWatch(client, {
    path: '/api/v1/things',
    keep: ({ metadata }) => (metadata as { name: string }).name,
    onTrouble: (because) => troubles.push(because),
    timing: { backOff: 20, maxBackOff: 100, silence: 400 }
  })

async function until(condition: () => boolean): Promise<void> {
  for (let tries = 0; tries < 300 && !condition(); tries++) await sleep(10)
}

t.test('follows a collection through every fault, over a bounded number of connections', async (t) => {
  const faults: ((response: ServerResponse) => void)[] = [
    (response) => response.writeHead(401).end('{}'),
    (response) => response.writeHead(429).end('{}'),
    (response) => response.writeHead(500).end('boom'),
    (response) => response.writeHead(410).end('{}'),
    (response) => response.end(event('ERROR', { code: 410 })),
    (response) => response.end('{"type":"ADDED"\n'),
    (response) => response.end('7\n'),
    (response) => response.destroy(),
    (response) => response.end(),
    (response) => response.flushHeaders(), // and then silence
    ...Array.from({ length: 50 }, () => (response: ServerResponse) => {
      response.write(event('BOOKMARK', object('', '5')))
      setTimeout(() => response.destroy(), 1)
    })
  ]
  let turn = 0
  let lists = 0
  const { server, client, connections } = await start((request, response) => {
    t.equal(request.headers.authorization, 'Bearer secret')
    if (!isWatch(request)) {
      lists++
      if (lists === 2) response.writeHead(500).end('{}')
      else response.end(listOf('1', object('old', '1')))
      return
    }
    const fault = faults[turn++]
    if (fault) fault(response)
    else response.write(event('ADDED', object('new', '9')) + event('DELETED', object('old', '10')))
  })
  const troubles: (string | undefined)[] = []
  const watched = watch(client, troubles)
  t.teardown(() => {
    watched.stop()
    client.close()
    server.closeAllConnections()
    server.close()
  })
  t.equal(watched.synced, false)
  for (let tries = 0; tries < 60 && watched.get('shop/new') === undefined; tries++) await sleep(200)
  t.equal(watched.get('shop/new'), 'new')
  t.equal(watched.get('shop/old'), undefined)
  t.equal(watched.synced, true)
  t.ok(watched.lastEvent)
  t.ok(lists < 12, `${lists} lists`)
  t.ok(connections() < 80, `${connections()} connections for 62 watches, most of which the server destroyed`)
  t.ok(troubles.length > 1 && troubles.at(-1) === undefined, 'told when it began and when it ended')
  t.strictSame([...watched.values()], ['new'])
})

t.test('reads long lists in pages, and forgets what a new list no longer has', async (t) => {
  let lists = 0
  const { server, client } = await start((request, response) => {
    const url = new URL(request.url ?? '', 'https://a')
    if (isWatch(request)) {
      response.writeHead(410).end('{}')
      return
    }
    lists++
    if (url.searchParams.get('continue') === 'more') response.end(listOf('1', object('second', '1')))
    else if (lists === 1)
      response.end(
        JSON.stringify({ metadata: { continue: 'more' }, items: [object('first', '1'), 7, { metadata: {} }] })
      )
    else response.end(listOf('2', object('third', '2')))
  })
  const seen: string[] = []
  const watched = listAndWatch(client, {
    path: '/api/v1/things',
    metadataOnly: true,
    keep: () => 1,
    onChange: (key, value) => seen.push(`${key} ${String(value)}`),
    timing: { backOff: 20 }
  })
  t.teardown(() => {
    watched.stop()
    server.closeAllConnections()
    server.close()
  })
  await until(() => watched.get('shop/third') !== undefined)
  t.strictSame(seen.slice(0, 5), [
    'shop/first 1',
    'shop/second 1',
    'shop/third 1',
    'shop/first undefined',
    'shop/second undefined'
  ])
})

t.test('one connection serves many requests; warnings and texts come through', async (t) => {
  const { server, client, connections } = await start((request, response) => {
    response.setHeader('warning', ['299 - "first \\"one\\""', '299 - "second"'])
    response.end(request.url === '/text' ? 'plain' : '{"a":1}')
  })
  t.teardown(() => server.close())
  for (let turn = 0; turn < 20; turn++) await client.request({ path: '/', query: { dryRun: 'All' } })
  t.equal(connections(), 1)
  t.strictSame(await client.request({ path: '/text', method: 'POST', body: {} }), {
    status: 200,
    body: 'plain',
    warnings: ['first "one"', 'second']
  })
  t.equal(await client.readToken(), 'secret')
  const { port } = server.address() as { port: number }
  await t.rejects(
    client.at({ host: '127.0.0.1', port }).request({ path: '/' }),
    /kubernetes.default.svc/,
    'the certificate must name the service'
  )
  client.close()
  await t.rejects(client.request({ path: '/', signal: AbortSignal.abort() }))
})

t.test('lists once, and resumes each watch where the last bookmark was', async (t) => {
  const [from, paths]: [(string | null)[], string[]] = [[], []]
  const { server, client } = await start((request, response) => {
    const url = new URL(request.url ?? '', 'https://a')
    if (!isWatch(request)) {
      paths.push(url.pathname)
      response.end(listOf('1', object('old', '1')))
      return
    }
    from.push(url.searchParams.get('resourceVersion'))
    response.end(event('BOOKMARK', object('', String(from.length + 1))))
  })
  const watched = listAndWatch(client, { path: '/a', keep: () => 1, timing: { backOff: 1, steady: 0 } })
  t.teardown(() => {
    watched.stop()
    client.close()
    server.closeAllConnections()
    server.close()
  })
  await until(() => from.length >= 20)
  t.strictSame(
    from.slice(0, 20),
    Array.from({ length: 20 }, (_, index) => String(index + 1))
  )
  t.equal(paths.length, 1)
})

t.test('watches that share turns list one after another, even after all of them were lost', async (t) => {
  const gone = new Set<ServerResponse>()
  const lists: string[] = []
  let [open, most, failures] = [0, 0, 2]
  const { server, client } = await start((request, response) => {
    const { pathname } = new URL(request.url ?? '', 'https://a')
    if (isWatch(request)) {
      response.write(event('BOOKMARK', object('', '5')))
      gone.add(response)
      return
    }
    lists.push(pathname)
    most = Math.max(most, ++open)
    setTimeout(() => {
      open--
      if (failures-- > 0) response.writeHead(500).end('{}')
      else response.end(listOf('1', object('old', '1')))
    }, 20)
  })
  const inTurn = buildTurns()
  const all = ['/a', '/b', '/c', '/d'].map((path) =>
    listAndWatch(client, { path, inTurn, keep: () => 1, timing: { backOff: 5, maxBackOff: 20 } })
  )
  t.teardown(() => {
    for (const each of all) each.stop()
    client.close()
    server.closeAllConnections()
    server.close()
  })
  await until(() => gone.size === 4)
  t.equal(lists.length, 4 + 2, 'a list that failed stops no other')
  for (const response of gone) response.end(event('ERROR', { code: 410 }))
  gone.clear()
  await until(() => gone.size === 4)
  t.equal(lists.length, 2 * 4 + 2)
  t.equal(most, 1)
})

t.test('does not list more often because each list takes long', async (t) => {
  const lists: number[] = []
  const { server, client } = await start((request, response) => {
    if (isWatch(request)) {
      response.writeHead(410).end('{}')
      return
    }
    lists.push(performance.now())
    setTimeout(() => response.end(listOf('1')), 30)
  })
  const timing = { backOff: 10, maxBackOff: 400, steady: 20 }
  const watched = listAndWatch(client, { path: '/a', keep: () => 1, timing })
  t.teardown(() => {
    watched.stop()
    client.close()
    server.closeAllConnections()
    server.close()
  })
  await until(() => lists.length >= 8)
  const pauses = lists.map((at, index) => at - (lists[index - 1] ?? at))
  t.ok((pauses[7] ?? 0) > 200, `the pauses were ${pauses.map(Math.round).join(', ')} ms`)
})
