import t from 'tap'
import { parseSubject } from '../../src/model/subject.js'
import { keepJob, keepPod, keepReplicaSet, keepWhole, keepWorkload } from '../../src/scan/judged-fields.js'

const spec = {
  serviceAccountName: 'cart',
  serviceAccount: 'cart',
  priorityClassName: 'high',
  runtimeClassName: 'gvisor',
  schedulerName: 'fargate-scheduler',
  nodeSelector: { 'kubernetes.io/os': 'linux' },
  os: { name: 'linux' },
  affinity: {
    nodeAffinity: {
      requiredDuringSchedulingIgnoredDuringExecution: {
        nodeSelectorTerms: [
          { matchExpressions: [{ key: 'kubernetes.io/os', operator: 'In', values: ['windows'] }] }
        ]
      }
    },
    podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [] }
  },
  tolerations: [{ operator: 'Exists' }],
  initContainers: [{ name: 'init', image: 'i', command: ['a'] }],
  containers: [
    {
      name: 'app',
      image: 'registry/app',
      args: ['--verbose'],
      env: [
        { name: 'PATH', value: '/bin' },
        { name: 'AWS_ROLE_ARN', value: 'arn:aws:iam::111122223333:role/cart' },
        { name: 'HTTPS_PROXY', value: 'http://proxy' },
        { name: 'AWS_SECRET_ACCESS_KEY', valueFrom: { secretKeyRef: { name: 'aws', key: 'secret' } } }
      ],
      envFrom: [{ configMapRef: { name: 'settings', optional: true }, prefix: 'A_' }],
      volumeMounts: [
        { name: 'token', mountPath: '/var/run/secrets/eks.amazonaws.com/serviceaccount', readOnly: true },
        { name: 'data', mountPath: '/data', subPath: 'x' }
      ],
      livenessProbe: { httpGet: { port: 80 } }
    }
  ],
  volumes: [
    { name: 'data', emptyDir: {} },
    {
      name: 'token',
      projected: {
        sources: [
          { downwardAPI: { items: [] } },
          { serviceAccountToken: { audience: 'sts.amazonaws.com', path: 'token' } },
          { secret: { name: 'aws' } }
        ]
      }
    },
    { name: 'secret', secret: { secretName: 'aws' } }
  ]
}
const metadata = {
  name: 'cart',
  generateName: 'cart-',
  namespace: 'shop',
  uid: 'u',
  resourceVersion: '1',
  labels: { app: 'cart' },
  annotations: {
    'eks.amazonaws.com/skip-containers': 'x',
    'kubectl.kubernetes.io/last-applied-configuration': '{}'
  },
  ownerReferences: [
    { apiVersion: 'apps/v1', kind: 'ReplicaSet', name: 'cart-1', uid: 'o', controller: true }
  ],
  creationTimestamp: '2026-11-26T11:43:00Z',
  managedFields: [{ manager: 'kubectl' }]
}
const pod = { apiVersion: 'v1', kind: 'Pod', metadata, spec, status: { phase: 'Running' } }
const template = { metadata: { labels: { app: 'cart' }, annotations: { a: 'b' } }, spec }
const workload = (kind: string, spec: object, more: object = {}): Record<string, unknown> => ({
  apiVersion: kind.endsWith('Job') ? 'batch/v1' : 'apps/v1',
  kind,
  metadata: { ...metadata, ownerReferences: [] },
  spec,
  ...more
})

/** The subject without the annotation that is left out on purpose. */
const subjectOf = (object: unknown): unknown => {
  const subject = parseSubject(object, { stage: 'running' })
  const annotations = Object.fromEntries(
    Object.entries(subject?.annotations ?? {}).filter(([key]) => !key.includes('last-applied'))
  )
  const ofPod = subject?.kind === 'Pod' ? { pod: { ...subject.pod, annotations } } : {}

  return subject && { ...subject, annotations, ...ofPod }
}

t.test('keeps everything that rules read', async (t) => {
  t.strictSame(subjectOf(keepPod(pod)), subjectOf(pod))
  for (const object of [
    workload('Deployment', { replicas: 1, template }),
    workload('CronJob', { schedule: '* * * * *', jobTemplate: { spec: { template } } })
  ]) {
    t.ok(subjectOf(object))
    t.strictSame(subjectOf(keepWorkload(object)), subjectOf(object))
  }
  t.strictSame(subjectOf(keepJob(workload('Job', { template }))), subjectOf(workload('Job', { template })))
})

t.test('keeps little of the rest', async (t) => {
  const kept = JSON.stringify(keepPod(pod))
  for (const left of [
    'managedFields',
    'last-applied',
    'livenessProbe',
    'tolerations',
    '/bin',
    'resourceVersion',
    'downwardAPI',
    'podAntiAffinity'
  ])
    t.notMatch(kept, left)
  const configuration = {
    apiVersion: 'a',
    kind: 'ValidatingWebhookConfiguration',
    metadata,
    webhooks: [{ name: 'w' }]
  }
  t.match(keepWhole(configuration), { webhooks: [{ name: 'w' }], metadata: { managedFields: undefined } })
})

t.test('leaves out what creates no pods, and pods that have ended', async (t) => {
  t.equal(keepPod({ ...pod, status: { phase: 'Succeeded' } }), undefined)
  t.equal(keepPod({ ...pod, status: { phase: 'Failed' } }), undefined)
  t.equal(
    keepPod({ ...pod, metadata: { ...metadata, deletionTimestamp: '2026-11-26T11:43:00Z' } }),
    undefined
  )
  t.equal(
    keepJob(
      workload('Job', { template }, { status: { conditions: [{ type: 'Complete', status: 'True' }] } })
    ),
    undefined
  )
  t.ok(
    keepJob(
      workload('Job', { template }, { status: { conditions: [{ type: 'Suspended', status: 'True' }] } })
    )
  )

  const owned = (kind: string, replicas: number): Record<string, unknown> => ({
    ...workload('ReplicaSet', { replicas, template }),
    metadata: { ...metadata, ownerReferences: [{ kind, name: 'cart', controller: true }] }
  })
  t.equal(keepReplicaSet(owned('Deployment', 0)), undefined, 'an old revision')
  t.notOk(keepReplicaSet(owned('Deployment', 1))?.['spec'], 'the Deployment has the template')
  t.ok(keepReplicaSet(owned('Rollout', 1))?.['spec'], 'a Rollout is not read')
  t.ok(keepReplicaSet(workload('ReplicaSet', { replicas: 0, template }))?.['spec'], 'it has no owner')
})

t.test('leaves out long annotations that no rule reads', async (t) => {
  const long = 'x'.repeat(3000)
  const annotations = {
    'example.com/status': long,
    'example.com/role-arn': long,
    'irsa-guard.io/waive': long,
    short: 'x'
  }
  const { 'example.com/status': status, ...others } = annotations
  t.equal(status, long)
  t.match(keepPod({ ...pod, metadata: { ...metadata, annotations } })?.['metadata'], { annotations: others })
  t.notMatch(
    JSON.stringify(keepPod({ ...pod, metadata: { ...metadata, annotations } })),
    'example.com/status'
  )
  const kept = keepWorkload(workload('Deployment', { template: { metadata: { annotations }, spec } }))
  t.notMatch(JSON.stringify(kept), 'example.com/status')
  t.match(kept, { spec: { template: { metadata: { annotations: others } } } })
})

t.test('survives malformed objects', async (t) => {
  for (const odd of [
    {},
    { metadata: 1, spec: [], status: '' },
    { spec: { containers: [null, { env: [1] }], template: 5 } }
  ])
    for (const keep of [keepPod, keepWorkload, keepReplicaSet, keepJob, keepWhole]) t.ok(keep(odd))
})
