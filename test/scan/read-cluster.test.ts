import t from 'tap'
import type { KubeRequest } from '../../src/kube/client.js'
import type { KubeResponse } from '../../src/kube/response.js'
import { readCluster } from '../../src/scan/read-cluster.js'
import { recordOf } from '../../src/text/record.js'
import { clientThat } from '../support/kube-client.js'

/** What is read if every collection has one object, except for these answers by the end of the path. */
const read = async (
  part: Parameters<typeof readCluster>[1] = {},
  answers: Readonly<Record<string, Partial<KubeResponse> | Error>> = {}
) => {
  const requests: KubeRequest[] = []
  const counts: string[] = []
  const client = clientThat((request) => {
    requests.push(request)
    const name = request.path.slice(request.path.lastIndexOf('/') + 1)
    if (answers[name] !== undefined) return answers[name]
    if (name === 'version') return { body: { gitVersion: 'v1.35.4-eks-a1b2c3' } }
    return { body: { kind: 'List', items: [{ metadata: { name } }] } }
  })
  const found = await readCluster(client, part, {
    onRead: (plural, count) => counts.push(`${plural} ${count}`)
  })
  const names = (objects: readonly object[]): unknown[] =>
    objects.map((object) => recordOf(recordOf(object)['metadata'])['name'])

  return {
    ...found,
    requests,
    counts,
    names: names(found.objects),
    otherNames: names(found.others),
    because: found.unread.map(({ because }) => because)
  }
}
const all = [
  ...['namespaces', 'mutatingwebhookconfigurations', 'validatingwebhookconfigurations', 'configmaps'],
  ...[
    'serviceaccounts',
    'deployments',
    'statefulsets',
    'daemonsets',
    'replicasets',
    'cronjobs',
    'jobs',
    'pods'
  ]
]

t.test('reads the whole cluster, and only metadata where the spec is not judged', async (t) => {
  const { version, names, otherNames, because, requests, counts, objects } = await read()
  t.equal(version, '1.35')
  t.strictSame(names, all)
  t.strictSame(otherNames, ['nodes'])
  t.strictSame(because, [])
  t.match(objects[4], { apiVersion: 'v1', kind: 'ServiceAccount' })
  t.match(objects[9], { apiVersion: 'batch/v1', kind: 'CronJob' })
  t.ok(counts.includes('pods 1'))
  t.strictSame(
    requests.filter(({ accept }) => accept?.includes('PartialObjectMetadataList')).map(({ path }) => path),
    ['/api/v1/namespaces', '/api/v1/serviceaccounts', '/api/v1/nodes']
  )
  t.match(
    requests.find(({ path }) => path === '/api/v1/pods'),
    { query: { limit: 500, fieldSelector: 'status.phase!=Succeeded,status.phase!=Failed' } }
  )
})

t.test('reads a part', async (t) => {
  const { requests, names, otherNames } = await read({ namespace: 'shop', selector: 'app=cart' })
  const paths = requests.map(({ path }) => path)
  t.ok(paths.includes('/api/v1/namespaces/shop') && paths.includes('/api/v1/namespaces/shop/pods'))
  t.notOk(paths.includes('/api/v1/namespaces'))
  t.strictSame(
    requests
      .filter(({ query }) => query?.['labelSelector'] === 'app=cart')
      .map(({ path }) => path.split('/').at(-1)),
    all.slice(4)
  )
  t.equal(names.length, 12)
  t.strictSame(otherNames, ['nodes', 'daemonsets'], 'the DaemonSets of kube-system only provide facts')
})

t.test('one collection that cannot be read does not stop the others', async (t) => {
  const { names, otherNames, unread, because, version } = await read(
    {},
    { pods: { status: 403 }, daemonsets: new Error('ECONNRESET'), version: { status: 500 } }
  )
  t.equal(names.length, 10)
  t.strictSame(otherNames, [], 'nodes without DaemonSets would not show whether the agent runs')
  t.strictSame(because, [
    'daemonsets could not be read (ECONNRESET)',
    'pods could not be read (the API server answered 403)'
  ])
  t.match(unread, [{ status: undefined }, { status: 403, collection: { kind: 'Pod' } }])
  t.equal(version, undefined)
  t.match(await read({ namespace: 'shop' }, { shop: { status: 403 } }), {
    because: ['namespace shop could not be read (the API server answered 403)']
  })
  t.match(await read({ namespace: 'shop' }, { shop: { status: 404 } }), { because: [], names: all.slice(1) })
})
