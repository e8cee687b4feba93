import t from 'tap'
import type { KubeObject } from '../../../src/kube/read.js'
import { parseWorkloadKind, type WorkloadKind } from '../../../src/model/workload-kind.js'
import { readEvents, readWorkloadObjects } from '../../../src/sources/diagnosis/workload-objects.js'
import { clientOf } from '../../support/fake-cluster.js'
import { clientThat } from '../../support/kube-client.js'

const object = (
  kind: string,
  name: string,
  owner?: readonly [kind: string, name: string],
  more: object = {}
): KubeObject => ({
  apiVersion: kind === 'Pod' ? 'v1' : kind.endsWith('Job') ? 'batch/v1' : 'apps/v1',
  kind,
  metadata: {
    name,
    namespace: 'shop',
    uid: `${kind}-${name}`,
    ...(owner && {
      ownerReferences: [{ kind: owner[0], name: owner[1], uid: owner.join('-'), controller: true }]
    })
  },
  ...more
})
const objects = [
  object('Deployment', 'cart'),
  object('ReplicaSet', 'cart-1', ['Deployment', 'cart']),
  object('ReplicaSet', 'other', ['Deployment', 'other']),
  object('Pod', 'cart-1-x', ['ReplicaSet', 'cart-1']),
  object('CronJob', 'night'),
  object('Job', 'night-1', ['CronJob', 'night']),
  object('Pod', 'night-1-x', ['Job', 'night-1']),
  object('Pod', 'alone', undefined, { spec: { serviceAccountName: 'sa' } }),
  object('Pod', 'of-node', ['Node', 'n']),
  object('Pod', 'orphan', ['ReplicaSet', 'gone']),
  object('StatefulSet', 'queue', undefined, { metadata: { name: 'queue', namespace: 'shop', uid: 'other' } }),
  object('Pod', 'queue-0', ['StatefulSet', 'queue'])
]
const client = clientOf({ objects, admit: () => ({ status: 500 }) })
const kindOf = (name: string): WorkloadKind => {
  const kind = parseWorkloadKind(name)
  if (kind === undefined) throw new Error(`${name} is no kind`)
  return kind
}
const read = async (kind: string, name: string) => {
  const found = objects.find(
    (one) => one['kind'] === kind && (one['metadata'] as KubeObject)['name'] === name
  )
  const { chain, between, pods } = await readWorkloadObjects(
    client,
    found ?? object(kind, name),
    kindOf(kind)
  )
  const names = (list: readonly KubeObject[]) => list.map((one) => (one['metadata'] as KubeObject)['name'])

  return {
    chain: names(chain),
    between: names(between),
    pods: pods.state === 'known' ? names(pods.value) : pods.because
  }
}

t.test('finds the pods of an object, and what created it', async (t) => {
  t.strictSame(await read('Deployment', 'cart'), { chain: ['cart'], between: ['cart-1'], pods: ['cart-1-x'] })
  t.strictSame(await read('ReplicaSet', 'cart-1'), {
    chain: ['cart-1', 'cart'],
    between: [],
    pods: ['cart-1-x']
  })
  t.strictSame(await read('CronJob', 'night'), {
    chain: ['night'],
    between: ['night-1'],
    pods: ['night-1-x']
  })
  t.strictSame(await read('Job', 'night-1'), {
    chain: ['night-1', 'night'],
    between: [],
    pods: ['night-1-x']
  })
  t.strictSame(await read('Pod', 'cart-1-x'), {
    chain: ['cart-1-x', 'cart-1', 'cart'],
    between: [],
    pods: ['cart-1-x']
  })
  t.strictSame(await read('Pod', 'of-node'), { chain: ['of-node'], between: [], pods: ['of-node'] })
  t.strictSame(await read('Pod', 'orphan'), { chain: ['orphan'], between: [], pods: ['orphan'] })
  t.strictSame(
    await read('Pod', 'queue-0'),
    { chain: ['queue-0'], between: [], pods: ['queue-0'] },
    'an owner of another API group'
  )
  t.strictSame(await read('ServiceAccount', 'sa'), { chain: ['sa'], between: [], pods: ['alone'] })
  t.strictSame(await read('DaemonSet', 'none'), { chain: ['none'], between: [], pods: [] })
})

t.test('asks with the selector of the object', async (t) => {
  const asked: unknown[] = []
  const asking = clientThat(({ query }) => {
    asked.push(query?.['labelSelector'])
    return { body: { items: [] } }
  })
  const spec = {
    selector: {
      matchLabels: { app: 'cart' },
      matchExpressions: [
        { key: 'tier', operator: 'In', values: ['a', 'b'] },
        { key: 'old', operator: 'NotIn', values: ['yes'] },
        { key: 'x', operator: 'Exists' },
        { key: 'y', operator: 'DoesNotExist' },
        { key: 'z', operator: 'Near' },
        'broken'
      ]
    }
  }
  await readWorkloadObjects(asking, object('StatefulSet', 'cart', undefined, { spec }), kindOf('sts'))
  t.strictSame(asked, ['app=cart,tier in (a,b),old notin (yes),x,!y'])
})

t.test('keeps the reason if something cannot be read', async (t) => {
  const refusing = clientThat(() => ({ status: 403 }))
  for (const kind of ['Deployment', 'ServiceAccount', 'StatefulSet']) {
    const { pods } = await readWorkloadObjects(refusing, object(kind, 'cart'), kindOf(kind))
    t.match(pods, { state: 'unknown', because: /answered 403/ })
  }
  t.match(await readEvents(refusing, object('Pod', 'a')), { state: 'unknown' })
})
