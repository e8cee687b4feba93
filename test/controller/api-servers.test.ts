import t from 'tap'
import { buildApiServers } from '../../src/controller/api-servers.js'
import type { KubeClient } from '../../src/kube/client.js'
import { clientThat } from '../support/kube-client.js'

const slice = (port: number | undefined, ...addresses: readonly unknown[]): object => ({
  ...(port !== undefined && { ports: [{ port }] }),
  endpoints: [...addresses.map((address) => ({ addresses: [address] })), {}]
})

t.test('finds every API server once, or the one that is known', async (t) => {
  for (const [items, addresses, why] of [
    [
      [slice(6443, '10.0.0.1', 7), slice(undefined, '10.0.0.9'), 'x'],
      ['10.0.0.1:6443', '10.0.0.9:443'],
      'what is no address is left out'
    ],
    [
      [slice(443, '10.0.0.1'), slice(443, 'fd00::1')],
      ['10.0.0.1:443', '[fd00::1]:443'],
      'a slice for each family of addresses'
    ],
    [
      [slice(443, '10.0.0.1', '10.0.0.2'), slice(443, '10.0.0.1')],
      ['10.0.0.1:443', '10.0.0.2:443'],
      'in two slices while it moves'
    ],
    [[], ['127.0.0.1:6443'], 'none is published'],
    [null, ['127.0.0.1:6443'], 'a list without items']
  ] as const) {
    const servers = await buildApiServers(clientThat(() => ({ body: { items } }))).read()
    t.strictSame(
      servers.map(({ address }) => address),
      addresses,
      why
    )
  }
  const [ipv6] = await buildApiServers(
    clientThat(() => ({ body: { items: [slice(6443, 'fd00::1')] } }))
  ).read()
  t.match(ipv6, { host: 'fd00::1', port: 6443 }, 'sockets take the address without brackets')
  const [only] = await buildApiServers({
    ...clientThat(() => ({ body: { items: [] } })),
    server: 'https://[::1]'
  }).read()
  t.match(only, { address: '[::1]', host: '::1', port: 443 })
})

t.test('keeps a client for as long as its address is there, and closes it then', async (t) => {
  const closed: string[] = []
  let addresses: readonly string[] = ['10.0.0.1', '10.0.0.2']
  let status = 200
  const base = clientThat(() => ({ status, body: { items: [slice(443, ...addresses)] } }))
  const client: KubeClient = {
    ...base,
    at: ({ host }) => ({ ...base, close: () => closed.push(host) }),
    close: () => closed.push('the one that was given')
  }
  const apiServers = buildApiServers(client)
  t.strictSame(apiServers.known(), [])
  const before = await apiServers.read()
  t.equal((await apiServers.read())[0], before[0])
  t.strictSame(closed, [])

  addresses = ['10.0.0.1', '10.0.0.3']
  const after = await apiServers.read()
  t.equal(after[0], before[0])
  t.strictSame(closed, ['10.0.0.2'])

  status = 401
  await t.rejects(apiServers.read(), {
    message: 'the endpoints of default/kubernetes could not be read (the API server answered 401)'
  })
  t.equal(apiServers.known(), after, 'those of the last time')

  status = 200
  addresses = []
  await apiServers.read()
  apiServers.close()
  t.strictSame(closed, ['10.0.0.2', '10.0.0.1', '10.0.0.3'])
})
