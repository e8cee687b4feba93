import t from 'tap'
import { nameOf, parseSubject } from '../../src/model/subject.js'

const template = { spec: { serviceAccountName: 'cart', containers: [{ name: 'app' }] } }

t.test('finds the pod template of any kind', async (t) => {
  const table: readonly (readonly [string, object, string])[] = [
    ['Deployment', { spec: { template } }, 'spec.template.spec'],
    ['CronJob', { spec: { jobTemplate: { spec: { template } } } }, 'spec.jobTemplate.spec.template.spec'],
    ['PodTemplate', { template }, 'template.spec'],
    ['Rollout', { spec: { template } }, 'spec.template.spec'],
    [
      'JobSet',
      { spec: { replicatedJobs: [{ name: 'x', template: { spec: { template } } }] } },
      'spec.replicatedJobs[0].template.spec.template.spec'
    ],
    ['MPIJob', { spec: { mpiReplicaSpecs: { 'Launcher-1': { template } } } }, 'spec.mpiReplicaSpecs["Launcher-1"].template.spec'],
    ['ScaledJob', { spec: { jobTargetRef: { template } } }, 'spec.jobTargetRef.template.spec'],
    ['CronJob', { spec: { schedule: '', template } }, 'spec.template.spec']
  ]
  for (const [kind, object, field] of table) {
    const subject = parseSubject(
      { apiVersion: 'example.com/v1', kind, metadata: { name: 'cart', namespace: 'shop' }, ...object },
      { stage: 'source' }
    )
    t.match(subject, { kind: 'Workload', resource: kind, pod: { specField: field, serviceAccountName: 'cart' } }, `${kind} ${field}`)
    t.equal(subject && nameOf(subject), `${kind.toLowerCase()} shop/cart`)
  }
})

t.test('leaves everything else alone', async (t) => {
  const others: readonly unknown[] = [
    null,
    [],
    'Pod',
    { kind: 7 },
    { apiVersion: 'v1', kind: 'ConfigMap', data: {} },
    { apiVersion: 'apps/v1', kind: 'Deployment' },
    { apiVersion: 'apps/v1', kind: 'Deployment', spec: { template: { spec: { containers: [] } } } },
    { apiVersion: 'metrics.k8s.io/v1', kind: 'ServiceAccount' },
    { apiVersion: 'v1', kind: 'Pod' },
    {
      apiVersion: 'apiextensions.k8s.io/v1',
      kind: 'CustomResourceDefinition',
      spec: { template: { properties: { spec: { containers: { type: 'array', items: [{}] } } } } }
    }
  ]
  for (const other of others) t.equal(parseSubject(other, { stage: 'source' }), undefined, JSON.stringify(other))
})

t.test('leaves pods of kubelets alone', async (t) => {
  const podOf = (metadata: object): object => ({ apiVersion: 'v1', kind: 'Pod', metadata, ...template })
  const mirrors = [
    { annotations: { 'kubernetes.io/config.mirror': 'a1' } },
    { annotations: { 'kubernetes.io/config.source': 'file' } },
    { ownerReferences: [{ kind: 'Node', name: 'ip-10-0-0-1' }] }
  ]
  for (const metadata of mirrors) t.equal(parseSubject(podOf(metadata), { stage: 'admitted' }), undefined, JSON.stringify(metadata))
  const pod = parseSubject(
    podOf({ generateName: 'cart-', ownerReferences: [{ kind: 'ReplicaSet' }], annotations: { 'kubernetes.io/config.source': 'api' } }),
    {
      stage: 'admitted',
      namespace: 'shop'
    }
  )
  t.match(pod, { kind: 'Pod', name: 'cart-', namespace: 'shop' })
  t.equal(pod && nameOf(pod), 'pod shop/cart-')
})
