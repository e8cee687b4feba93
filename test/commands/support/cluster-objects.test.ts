import t from 'tap'
import { loadClusterObjects } from '../../../src/commands/support/cluster-objects.js'
import type { KubeResponse } from '../../../src/kube/response.js'
import { recordOf } from '../../../src/text/record.js'
import { clientThat } from '../../support/kube-client.js'

/** The objects that are read if the API server gives these answers, and one object of each other collection. */
const load = async (
  namespace: string | undefined,
  answers: Readonly<Record<string, Partial<KubeResponse> | Error>> = {}
) => {
  const paths: string[] = []
  const client = clientThat(({ path }) => {
    paths.push(path)
    const name = path.slice(path.lastIndexOf('/') + 1)
    return answers[name] ?? { body: { kind: 'List', items: [{ metadata: { name } }] } }
  })
  const { objects, unread } = await loadClusterObjects(client, namespace)

  return { paths, unread, names: objects.map(({ metadata }) => recordOf(metadata)['name']) }
}

t.test('reads what a migration needs, in a namespace or everywhere', async (t) => {
  const read = await load('shop')
  t.strictSame(read.paths, [
    '/api/v1/namespaces/shop/serviceaccounts',
    '/apis/apps/v1/namespaces/shop/deployments',
    '/apis/apps/v1/namespaces/shop/statefulsets',
    '/apis/apps/v1/namespaces/shop/daemonsets',
    '/apis/apps/v1/namespaces/shop/replicasets',
    '/apis/batch/v1/namespaces/shop/cronjobs',
    '/apis/batch/v1/namespaces/shop/jobs',
    '/api/v1/namespaces/shop/pods',
    '/api/v1/nodes',
    '/apis/apps/v1/namespaces/kube-system/daemonsets'
  ])
  t.equal(read.names.length, 10)
  t.strictSame(read.unread, [])
  t.match((await load(undefined)).paths, ['/api/v1/serviceaccounts', '/apis/apps/v1/deployments'])
})

t.test('says what could not be read', async (t) => {
  const read = await load('shop', { pods: { status: 403 }, nodes: { status: 403 } })
  t.strictSame(read.unread, ['pods could not be read (the API server answered 403)'])
  t.notOk(read.names.includes('nodes'))
  t.equal(
    read.names.filter((name) => name === 'daemonsets').length,
    1,
    'without the nodes, the DaemonSets do not show whether the agent is missing'
  )
  const server = 'cluster https://127.0.0.1:6443'
  await t.rejects(load('shop', { serviceaccounts: { status: 403 } }), {
    code: 'ERR_INPUT',
    message: `serviceaccounts could not be read (the API server answered 403): ${server}`
  })
  await t.rejects(load('shop', { serviceaccounts: new Error('ECONNREFUSED') }), {
    code: 'ERR_KUBECONFIG',
    message: `serviceaccounts could not be read (ECONNREFUSED): ${server}`
  })
})
