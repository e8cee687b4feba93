import { parseObjectReference } from '../../src/commands/support/object-reference.js'
import { observe } from '../../src/commands/support/observe.js'
import { parseConfig } from '../../src/config.js'
import { diagnosisOf } from '../../src/diagnosis/diagnose.js'
import type { Diagnosis } from '../../src/diagnosis/diagnosis.js'
import type { Observations } from '../../src/diagnosis/observations.js'
import { loadSnapshots } from '../../src/sources/iam-file/snapshot.js'
import { extension, makeDer, makeKey, name, pem } from './certificates.js'
import { clientOf, type FakeCluster } from './fake-cluster.js'
import { cluster, clusterArn, own, podStatement } from './pod-identity.js'
import { agentContainer, agentVolume, injectedContainer, tokenVolume } from './pods.js'
import { annotation, host, issuer, policy, provider, statement } from './trust.js'

export const at = new Date('2026-11-24T12:00:00Z')
const created = '2026-11-24T09:00:00Z'
type Json = Readonly<Record<string, unknown>>

/** The parts of a cluster that cases change. */
export interface World {
  readonly annotations: Json
  readonly accounts: readonly object[] | undefined
  readonly template: { readonly metadata: Json; readonly spec: Json }
  readonly pod: { readonly metadata: Json; readonly spec: Json; readonly status: Json } | undefined
  readonly webhook: Json | undefined
  readonly others: readonly object[]
  readonly admit: FakeCluster['admit']
  readonly refused: RegExp | undefined
  readonly documents: Json
  readonly published: Readonly<Record<string, unknown>>
  readonly iam: Json
  /** How many requests the API server answers before it goes away; by default, all. */
  readonly answered?: number
}

const injectedSpec = (role = annotation): Json => ({
  serviceAccountName: 'cart',
  nodeName: 'node-1',
  containers: [injectedContainer('app', role)],
  volumes: [tokenVolume]
})
const agentSpec: Json = {
  serviceAccountName: 'cart',
  nodeName: 'node-1',
  containers: [agentContainer('app')],
  volumes: [agentVolume]
}
/** Admission that gives the pod of a dry run what this spec has. */
export const giving =
  (spec: Json): FakeCluster['admit'] =>
  (pod) => ({ status: 201, body: { ...pod, spec } })
/** Admission that leaves a pod as it is. */
export const unchanged: FakeCluster['admit'] = (pod) => ({ status: 201, body: pod })

const caOf = (commonName: string): string =>
  pem(
    makeDer({
      key: makeKey.ec(),
      subject: name(commonName),
      extensions: [extension.ca(), extension.keyUsage(5)]
    })
  )
export const [clusterCa, otherCa] = [caOf('kubernetes'), caOf('other')]
export const bundleOf = (pem: string): string => Buffer.from(pem).toString('base64')
const rootCas = (namespace: string): object => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name: 'kube-root-ca.crt', namespace },
  data: { 'ca.crt': clusterCa }
})

export const eksWebhook: Json = {
  name: 'iam-for-pods.amazonaws.com',
  admissionReviewVersions: ['v1beta1'],
  clientConfig: { url: 'https://127.0.0.1:23443/mutate', caBundle: bundleOf(clusterCa) },
  failurePolicy: 'Ignore',
  namespaceSelector: {},
  objectSelector: {
    matchExpressions: [{ key: 'eks.amazonaws.com/skip-pod-identity-webhook', operator: 'DoesNotExist' }]
  },
  rules: [{ apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE'], resources: ['pods'], scope: '*' }],
  sideEffects: 'None'
}

const keys = { keys: [{ kid: 'one' }] }
const common = {
  accounts: undefined,
  template: {
    metadata: { labels: { app: 'cart' } },
    spec: { serviceAccountName: 'cart', containers: [{ name: 'app' }] }
  },
  webhook: eksWebhook,
  others: [],
  refused: undefined,
  documents: {},
  published: {
    [`${issuer}/.well-known/openid-configuration`]: { issuer, jwks_uri: `${issuer}/keys` },
    [`${issuer}/keys`]: keys
  }
} as const
const running = {
  phase: 'Running',
  containerStatuses: [{ name: 'app', restartCount: 0, state: { running: {} } }]
}

/** A cluster in which shop/cart works by IRSA. */
export const irsa: World = {
  ...common,
  annotations: { 'eks.amazonaws.com/role-arn': annotation },
  pod: { metadata: {}, spec: injectedSpec(), status: running },
  admit: giving(injectedSpec()),
  iam: {
    roles: [{ arn: annotation, trustPolicy: policy(statement()) }],
    oidcProviders: [{ arn: provider, clientIds: ['sts.amazonaws.com'] }],
    associations: [],
    cluster: { name: 'prod', arn: clusterArn }
  }
}

export const association: Json = {
  clusterName: 'prod',
  namespace: 'shop',
  serviceAccount: 'cart',
  roleArn: annotation
}
const agentPod = (ready: string): object => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'eks-pod-identity-agent-x', namespace: 'kube-system', uid: 'agent' },
  spec: { nodeName: 'node-1', containers: [] },
  status: { conditions: [{ type: 'Ready', status: ready }] }
})
export const agentSet: object = {
  apiVersion: 'apps/v1',
  kind: 'DaemonSet',
  metadata: { name: 'eks-pod-identity-agent', namespace: 'kube-system' }
}
export const agents = (ready: string): readonly object[] => [agentPod(ready), agentSet]

/** A cluster in which shop/cart works by EKS Pod Identity. */
export const podIdentity: World = {
  ...common,
  annotations: {},
  pod: { metadata: {}, spec: agentSpec, status: running },
  admit: giving(agentSpec),
  others: agents('True'),
  iam: {
    roles: [{ arn: annotation, trustPolicy: policy(podStatement({ Condition: own() })) }],
    oidcProviders: [],
    associations: [association],
    cluster: { name: 'prod', arn: clusterArn }
  }
}

const objectsOf = ({ annotations, accounts, template, pod, webhook, others }: World): object[] => [
  { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'shop' } },
  rootCas('default'),
  rootCas('kube-system'),
  ...(accounts ?? [
    {
      apiVersion: 'v1',
      kind: 'ServiceAccount',
      metadata: { name: 'cart', namespace: 'shop', uid: 'sa', annotations }
    }
  ]),
  {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'cart', namespace: 'shop', uid: 'deployment' },
    spec: { selector: { matchLabels: { app: 'cart' } }, template }
  },
  {
    apiVersion: 'apps/v1',
    kind: 'ReplicaSet',
    metadata: {
      name: 'cart-1',
      namespace: 'shop',
      uid: 'replicaset',
      ownerReferences: [{ kind: 'Deployment', name: 'cart', uid: 'deployment', controller: true }]
    },
    spec: { replicas: 1, template }
  },
  ...(pod === undefined
    ? []
    : [
        {
          apiVersion: 'v1',
          kind: 'Pod',
          metadata: {
            name: 'cart-1-x',
            namespace: 'shop',
            uid: 'pod',
            creationTimestamp: created,
            labels: template.metadata['labels'],
            ownerReferences: [{ kind: 'ReplicaSet', name: 'cart-1', uid: 'replicaset', controller: true }],
            ...pod.metadata
          },
          spec: pod.spec,
          status: pod.status
        }
      ]),
  ...(webhook === undefined
    ? []
    : [
        {
          apiVersion: 'admissionregistration.k8s.io/v1',
          kind: 'MutatingWebhookConfiguration',
          metadata: { name: 'pod-identity-webhook', uid: 'webhook' },
          webhooks: [webhook]
        }
      ]),
  { apiVersion: 'v1', kind: 'Node', metadata: { name: 'node-1', labels: {} }, spec: {} },
  ...others
]

/** What is observed of an object in such a cluster; `shop/cart`'s Deployment by default. */
export async function observed(
  world: World,
  object = 'deploy/cart',
  more: Partial<Parameters<typeof observe>[2]> = {}
): Promise<Observations> {
  const snapshot = loadSnapshots(
    [
      {
        file: 'iam.json',
        content: {
          apiVersion: 'irsa-guard.io/v1',
          kind: 'IamSnapshot',
          accounts: ['111122223333'],
          ...world.iam
        }
      }
    ],
    () => cluster
  )
  const { refused, answered } = world
  const client = clientOf(
    {
      objects: objectsOf(world),
      admit: world.admit,
      documents: {
        '/.well-known/openid-configuration': { issuer },
        '/openid/v1/jwks': keys,
        ...world.documents
      },
      ...(refused && { refused }),
      ...(answered !== undefined && { answered })
    },
    { cas: clusterCa, isMounted: false }
  )

  return observe(client, parseObjectReference([object], 'shop', undefined), {
    at,
    config: parseConfig('', 'defaults', []),
    given: snapshot,
    simulation: undefined,
    tools: { kubectl: 'kubectl', clusterFlags: '', waitFlags: '', iamFlags: ' --iam iam.json' },
    fetchDocument: async (url) => {
      const value = world.published[url]
      if (value instanceof Error) throw value
      if (typeof value === 'number') return new Response('', { status: value })
      return value === undefined ? new Response('', { status: 404 }) : Response.json(value)
    },
    ...more
  })
}

export const diagnosed = async (...given: Parameters<typeof observed>): Promise<Diagnosis> =>
  diagnosisOf(await observed(...given))

export { host, injectedSpec, agentSpec }
