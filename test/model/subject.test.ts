import t from 'tap'
import { nameOf, parseSubject, podsOf } from '../../src/model/subject.js'

const template = { spec: { serviceAccountName: 'cart', containers: [{ name: 'app' }] } }

t.test('finds the pod template of any kind', async (t) => {
  const table: readonly (readonly [string, object, string])[] = [
    ['Deployment', { spec: { template } }, 'spec.template.spec'],
    ['CronJob', { spec: { jobTemplate: { spec: { template } } } }, 'spec.jobTemplate.spec.template.spec'],
    ['PodTemplate', { template }, 'template.spec'],
    ['Templated', { template, spec: 7 }, 'template.spec'],
    ['Rollout', { spec: { template } }, 'spec.template.spec'],
    [
      'JobSet',
      { spec: { replicatedJobs: [{ name: 'x', template: { spec: { template } } }] } },
      'spec.replicatedJobs[0].template.spec.template.spec'
    ],
    [
      'MPIJob',
      { spec: { mpiReplicaSpecs: { 'Launcher-1': { template } } } },
      'spec.mpiReplicaSpecs["Launcher-1"].template.spec'
    ],
    ['ScaledJob', { spec: { jobTargetRef: { template } } }, 'spec.jobTargetRef.template.spec'],
    ['CronJob', { spec: { schedule: '', template } }, 'spec.template.spec']
  ]
  for (const [kind, object, field] of table) {
    const subject = parseSubject(
      { apiVersion: 'example.com/v1', kind, metadata: { name: 'cart', namespace: 'shop' }, ...object },
      { stage: 'source' }
    )
    t.match(
      subject,
      { kind: 'Workload', resource: kind, pod: { specField: field, serviceAccountName: 'cart' } },
      `${kind} ${field}`
    )
    t.equal(subject && nameOf(subject), `${kind.toLowerCase()} shop/cart`)
  }
})

t.test('finds every pod template of an object', async (t) => {
  const from = (serviceAccountName: string): object => ({
    spec: { serviceAccountName, containers: [{ name: 'app' }] }
  })
  const [a, b, c] = [from('a'), from('b'), from('c')]
  const table: readonly (readonly [
    apiVersion: string,
    kind: string,
    object: object,
    pods: readonly string[]
  ])[] = [
    [
      'kubeflow.org/v2beta1',
      'MPIJob',
      { mpiReplicaSpecs: { Launcher: { template: a }, Worker: { template: b } } },
      ['spec.mpiReplicaSpecs.Launcher.template a', 'spec.mpiReplicaSpecs.Worker.template b']
    ],
    [
      'kubeflow.org/v1',
      'PyTorchJob',
      { pytorchReplicaSpecs: { Master: { template: a }, Worker: { template: b } } },
      ['spec.pytorchReplicaSpecs.Master.template a', 'spec.pytorchReplicaSpecs.Worker.template b']
    ],
    [
      'ray.io/v1',
      'RayCluster',
      { headGroupSpec: { template: a }, workerGroupSpecs: [{ template: b }, { template: c }] },
      [
        'spec.headGroupSpec.template a',
        'spec.workerGroupSpecs[0].template b',
        'spec.workerGroupSpecs[1].template c'
      ]
    ],
    [
      'ray.io/v1',
      'RayJob',
      {
        rayClusterSpec: { headGroupSpec: { template: a }, workerGroupSpecs: [{ template: b }] },
        submitterPodTemplate: c
      },
      [
        'spec.submitterPodTemplate c',
        'spec.rayClusterSpec.headGroupSpec.template a',
        'spec.rayClusterSpec.workerGroupSpecs[0].template b'
      ]
    ],
    [
      'jobset.x-k8s.io/v1alpha2',
      'JobSet',
      { replicatedJobs: [{ template: { spec: { template: a } } }, { template: { spec: { template: b } } }] },
      ['spec.replicatedJobs[0].template.spec.template a', 'spec.replicatedJobs[1].template.spec.template b']
    ],
    [
      'leaderworkerset.x-k8s.io/v1',
      'LeaderWorkerSet',
      { leaderWorkerTemplate: { leaderTemplate: a, workerTemplate: b } },
      ['spec.leaderWorkerTemplate.leaderTemplate a', 'spec.leaderWorkerTemplate.workerTemplate b']
    ],
    [
      'batch.volcano.sh/v1alpha1',
      'Job',
      { tasks: [{ template: a }, { template: b }] },
      ['spec.tasks[0].template a', 'spec.tasks[1].template b']
    ],
    [
      'example.com/v1',
      'Both',
      { template: a, sidecar: { template: b } },
      ['spec.template a', 'spec.sidecar.template b']
    ],
    ['apps/v1', 'Deployment', { template: a, sidecar: { template: b } }, ['spec.template a']]
  ]
  for (const [apiVersion, kind, spec, pods] of table) {
    const subject = parseSubject({ apiVersion, kind, metadata: { name: 'train' }, spec }, { stage: 'source' })
    if (subject?.kind !== 'Workload') throw new Error(`${kind} is a workload`)
    t.strictSame(
      podsOf(subject).map(
        ({ specField, serviceAccountName }) => `${specField.replace(/\.spec$/, '')} ${serviceAccountName}`
      ),
      pods,
      kind
    )
  }
})

t.test('an object of countless templates is not searched for all of them', async (t) => {
  const workerGroupSpecs = Array.from({ length: 1000 }, () => ({ template }))
  const subject = parseSubject(
    { apiVersion: 'ray.io/v1', kind: 'RayCluster', spec: { workerGroupSpecs } },
    { stage: 'admitted' }
  )
  t.ok(subject?.kind === 'Workload' && subject.otherPods.length === 99)
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
  for (const other of others)
    t.equal(parseSubject(other, { stage: 'source' }), undefined, JSON.stringify(other))
})

t.test('leaves pods of kubelets alone', async (t) => {
  const podOf = (metadata: object): object => ({ apiVersion: 'v1', kind: 'Pod', metadata, ...template })
  const mirrors = [
    { annotations: { 'kubernetes.io/config.mirror': 'a1' } },
    { annotations: { 'kubernetes.io/config.source': 'file' } },
    { ownerReferences: [{ kind: 'Node', name: 'ip-10-0-0-1' }] }
  ]
  for (const metadata of mirrors)
    t.equal(parseSubject(podOf(metadata), { stage: 'admitted' }), undefined, JSON.stringify(metadata))
  const pod = parseSubject(
    podOf({
      generateName: 'cart-',
      ownerReferences: [{ kind: 'ReplicaSet' }],
      annotations: { 'kubernetes.io/config.source': 'api' }
    }),
    {
      stage: 'admitted',
      namespace: 'shop'
    }
  )
  t.match(pod, { kind: 'Pod', name: 'cart-', namespace: 'shop' })
  t.equal(pod && nameOf(pod), 'pod shop/cart-')
})
