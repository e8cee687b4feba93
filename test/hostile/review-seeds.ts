import { accountOf } from '../support/accounts.js'
import { makeAuthority, pem } from '../support/certificates.js'
import {
  agentContainer,
  agentVolume,
  deploymentOf,
  injectedContainer,
  injectedPod,
  otherRole,
  podOf,
  role,
  roleEnv,
  tokenMount,
  tokenVolume
} from '../support/pods.js'
import { configurationOf, eksWebhook, selfManagedWebhook } from '../support/webhooks.js'

/** A value of JSON that can be changed in place. */
export type Tree = { [key: string]: unknown }

const bundle = Buffer.from(pem(makeAuthority().der)).toString('base64')
const annotated = (annotations: object): object =>
  accountOf({ 'eks.amazonaws.com/role-arn': role, ...annotations })

const reviewOf = (object: object, more: object = {}, version = 'v1'): Tree => {
  const { kind, metadata } = object as { kind: string; metadata: { name?: string } }

  return {
    apiVersion: `admission.k8s.io/${version}`,
    kind: 'AdmissionReview',
    request: {
      uid: '705ab4f5-6393-11e8-b7cc-42010a800002',
      kind: { group: '', version: 'v1', kind },
      resource: { group: '', version: 'v1', resource: `${kind.toLowerCase()}s` },
      requestKind: { group: '', version: 'v1', kind },
      name: metadata.name,
      namespace: 'shop',
      operation: 'CREATE',
      userInfo: { username: 'jane', uid: 'u', groups: ['system:authenticated'], extra: { a: ['b'] } },
      object,
      oldObject: null,
      dryRun: false,
      options: { kind: 'CreateOptions', apiVersion: 'meta.k8s.io/v1' },
      ...more
    }
  }
}

const updateOf = (object: object, oldObject: object): Tree =>
  reviewOf(object, { operation: 'UPDATE', oldObject })

const workloadOf = (kind: string, spec: object): object => ({
  apiVersion: kind.endsWith('Job') ? 'batch/v1' : 'apps/v1',
  kind,
  metadata: { name: 'cart', namespace: 'shop' },
  spec
})

const template = {
  metadata: { annotations: { 'eks.amazonaws.com/skip-containers': 'proxy, "init"' } },
  spec: {
    serviceAccountName: 'cart',
    nodeSelector: { 'kubernetes.io/os': 'windows' },
    initContainers: [{ name: 'init', image: 'a', envFrom: [{ secretRef: { name: 'aws' } }] }],
    containers: [
      {
        name: 'app',
        image: 'a',
        env: [roleEnv, { name: 'AWS_ACCESS_KEY_ID', valueFrom: { secretKeyRef: { name: 's', key: 'k' } } }],
        volumeMounts: [tokenMount]
      },
      { name: 'proxy', image: 'b' }
    ],
    volumes: [tokenVolume]
  }
}

const seeds: readonly Tree[] = [
  reviewOf(annotated({})),
  reviewOf(annotated({}), {}, 'v1beta1'),
  reviewOf(accountOf({ 'eks.amazonaws.com/role-arn': 'arn:aws:iam::111122223333:policy/cart' })),
  reviewOf(accountOf({ 'eks.amazonaws.com/role-arn': otherRole }, 'default')),
  reviewOf(accountOf({ 'eks.amazonaws.com/rolearn': role, 'iam.amazonaws.com/role': 'cart' })),
  reviewOf(
    annotated({
      'eks.amazonaws.com/audience': 'sts.amazonaws.com',
      'eks.amazonaws.com/token-expiration': '86401',
      'eks.amazonaws.com/sts-regional-endpoints': 'yes',
      'ignore.irsa-guard.io/trust-subject-mismatch': 'until 2027-01-31: migrating'
    })
  ),
  updateOf(annotated({ 'eks.amazonaws.com/audience': 'x' }), annotated({})),
  updateOf(accountOf({}), annotated({})),
  reviewOf(annotated({}), { operation: 'DELETE', object: null, oldObject: annotated({}) }),
  reviewOf(annotated({}), { userInfo: { username: 'exempt', groups: ['exempt'] } }),
  reviewOf(podOf()),
  reviewOf(injectedPod('app', 'proxy')),
  reviewOf(injectedPod('app'), {}, 'v1beta1'),
  reviewOf(
    podOf({
      containers: [
        injectedContainer('app', otherRole),
        { name: 'proxy', env: [roleEnv], volumeMounts: [tokenMount] }
      ],
      volumes: [tokenVolume]
    })
  ),
  reviewOf(podOf({ containers: [agentContainer('app')], volumes: [agentVolume] })),
  updateOf(podOf({ ephemeralContainers: [{ name: 'debug' }] }), podOf()),
  reviewOf(deploymentOf({ containers: [{ name: 'app', env: [roleEnv] }] })),
  ...['Deployment', 'StatefulSet', 'DaemonSet', 'ReplicaSet', 'Job'].map((kind) =>
    reviewOf(workloadOf(kind, { replicas: 1, template }))
  ),
  reviewOf(workloadOf('CronJob', { schedule: '* * * * *', jobTemplate: { spec: { template } } })),
  reviewOf({
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: {
      name: 'shop',
      labels: { 'irsa-guard.io/mode': 'enfroce', 'irsa-guard.io/pods': 'yes' },
      annotations: { 'irsa-guard.io/allowed-roles': 'arn:aws:iam::*:role/cart*, role/x' }
    }
  }),
  ...['MutatingWebhookConfiguration', 'ValidatingWebhookConfiguration'].flatMap((kind) => [
    reviewOf(
      configurationOf(
        [
          eksWebhook({ clientConfig: { url: 'https://127.0.0.1:23443/mutate', caBundle: bundle } }),
          selfManagedWebhook({ matchConditions: [{ name: 'a', expression: 'true' }] })
        ],
        { kind, annotations: { 'cert-manager.io/inject-ca-from': 'shop/cart' } }
      )
    ),
    updateOf(
      configurationOf([eksWebhook({ clientConfig: { url: 'https://127.0.0.1:23443/', caBundle: 'Cg==' } })], {
        kind
      }),
      configurationOf([eksWebhook()], { kind })
    )
  ])
]

/** Correct and incorrect reviews, as JSON, of every kind that a rule looks at. The fuzz test makes its own from them. */
export const reviewSeeds: readonly string[] = seeds.map((seed) => JSON.stringify(seed))
