import t from 'tap'
import { annotationNamesUnder } from '../../../src/identity-webhook/annotation-names.js'
import { defaultIdentityWebhook } from '../../../src/identity-webhook/settings.js'
import type { KubeClient } from '../../../src/kube/client.js'
import { known } from '../../../src/model/fact.js'
import { loadIdentityWebhook } from '../../../src/sources/cluster/identity-webhook.js'

const configurations = '/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations'
const service = '/api/v1/namespaces/kube-system/services/pod-identity-webhook'
const deployment = '/apis/apps/v1/namespaces/kube-system/deployments/pod-identity-webhook'
const daemonSet = '/apis/apps/v1/namespaces/kube-system/daemonsets/pod-identity-webhook'
const configMap = '/api/v1/namespaces/kube-system/configmaps/pod-identity-webhook'

const registered = (...clientConfigs: object[]): object => ({
  items: [
    {
      metadata: { name: 'other' },
      webhooks: [{ name: 'other.example', clientConfig: { url: 'https://other.example' } }]
    },
    ...clientConfigs.map((clientConfig) => ({
      webhooks: [{ name: 'pod-identity-webhook.amazonaws.com', clientConfig }]
    }))
  ]
})
const selecting = (selector?: object): object => ({ spec: { selector } })
const running = (...containers: object[]): object => ({
  spec: {
    template: { metadata: { labels: { app: 'pod-identity-webhook', hash: '1' } }, spec: { containers } }
  }
})
// As kOps runs it: https://github.com/kubernetes/kops
// (upup/models/cloudup/resources/addons/eks-pod-identity-webhook.addons.k8s.io)
const args = [
  '--in-cluster=false',
  '--namespace=kube-system',
  '--annotation-prefix=aws.example',
  '--token-audience',
  'sts.example'
]
const webhook = { name: 'pod-identity-webhook', command: ['/webhook'], args }

const usual: Readonly<Record<string, unknown>> = {
  [configurations]: registered({
    service: { namespace: 'kube-system', name: 'pod-identity-webhook', path: '/mutate' }
  }),
  [service]: selecting({ app: 'pod-identity-webhook' }),
  [deployment]: running(webhook)
}

/** A cluster that has these objects, and answers every other path with a status. */
const clusterWith = (objects: Readonly<Record<string, unknown>>, otherwise = 404): KubeClient => {
  const client: KubeClient = {
    server: 'https://a',
    namespace: 'default',
    request: async ({ path }) => ({
      status: path in objects ? 200 : otherwise,
      body: objects[path],
      warnings: []
    }),
    watch: async () => ({ status: 403, body: undefined, warnings: [] }),
    at: () => client,
    readTrust: async () => ({ cas: undefined, isMounted: false }),
    readToken: async () => undefined,
    close: () => undefined
  }

  return client
}
const read = (
  objects: Readonly<Record<string, unknown>>,
  otherwise?: number
): ReturnType<typeof loadIdentityWebhook> =>
  loadIdentityWebhook(clusterWith(objects, otherwise), AbortSignal.timeout(1000))

t.test('reads the command line of what the Service selects', async (t) => {
  const expected = {
    settings: {
      ...defaultIdentityWebhook,
      annotationNames: annotationNamesUnder('aws.example'),
      defaultAudience: 'sts.example',
      isAudienceKnown: true,
      source: 'read'
    },
    because: undefined
  }
  const { [deployment]: workload, ...rest } = usual
  for (const [why, objects] of [
    ['a Deployment', usual],
    ['a DaemonSet', { ...rest, [daemonSet]: workload }],
    [
      'beside another container',
      { ...usual, [deployment]: running({ name: 'proxy', args: ['--token-audience=no'] }, webhook) }
    ],
    [
      'known by its image',
      {
        ...usual,
        [deployment]: running(
          { name: 'a' },
          { name: 'b', image: 'public.ecr.aws/eks/amazon-eks-pod-identity-webhook:v0.6.14', args }
        )
      }
    ],
    [
      'flags in the command',
      { ...usual, [deployment]: running({ name: 'a', command: ['/webhook', ...args] }) }
    ]
  ] as const) {
    t.strictSame(await read(objects), expected, why)
  }
})

t.test('reads the ConfigMap that it watches', async (t) => {
  const watching = {
    ...usual,
    [deployment]: running({ ...webhook, args: ['--watch-config-map=true', '--namespace=kube-system'] })
  }
  const config = JSON.stringify({
    'shop/cart': { RoleARN: 'arn:aws:iam::111122223333:role/cart', Audience: 'sts.example' }
  })
  t.match(await read({ ...watching, [configMap]: { data: { config } } }), {
    settings: {
      isAudienceKnown: true,
      source: 'read',
      configured: known(
        new Map([['shop/cart', { role: 'arn:aws:iam::111122223333:role/cart', audience: 'sts.example' }]])
      )
    },
    because: undefined
  })
  t.match(await read({ ...watching, [configMap]: { data: { config: '{' } } }), {
    settings: { source: 'read', configured: { state: 'unknown' } },
    because:
      /^the identity webhook rejects its ConfigMap pod-identity-webhook: its key "config" is not JSON: /
  })
  const elsewhere = { ...watching, [deployment]: running({ ...webhook, args: ['--watch-config-map=true'] }) }
  t.match(
    await read({ ...elsewhere, [configMap]: { data: { config } } }),
    {
      because: 'there is no /api/v1/namespaces/eks/configmaps/pod-identity-webhook'
    },
    'it watches where its flag says, and lies elsewhere itself'
  )
  t.match(await read(watching), {
    settings: { source: 'read', configured: known(new Map()) },
    because: `there is no ${configMap}`
  })
})

t.test('assumes what upstream has where nobody can look, and says why', async (t) => {
  const registration = { [configurations]: usual[configurations] }
  for (const [why, objects, otherwise] of [
    [`${configurations} could not be read (the API server answered 403)`, {}, 403],
    ['no identity webhook is registered', { [configurations]: registered() }],
    ['no identity webhook is registered', { [configurations]: { items: [7, { webhooks: 'a' }] } }],
    [
      'several identity webhooks are registered',
      { [configurations]: registered({ url: 'https://127.0.0.1:23443/mutate' }, { service: {} }) }
    ],
    [
      'the identity webhook runs in the managed control plane, so its settings cannot be read',
      { [configurations]: registered({ url: 'https://127.0.0.1:23443/mutate' }) }
    ],
    [`there is no ${service}`, { ...registration, [deployment]: usual[deployment] }],
    [
      `${deployment} could not be read (the API server answered 403)`,
      { ...registration, [service]: usual[service] },
      403
    ],
    [
      'Service kube-system/pod-identity-webhook does not select the pods of the workload with that name',
      { ...usual, [service]: selecting({ app: 'another' }) }
    ],
    [
      'Service kube-system/pod-identity-webhook does not select the pods of the workload with that name',
      { ...usual, [service]: selecting() }
    ],
    [
      'irsa-guard does not know the identity webhook\'s flag "--new-flag"',
      { ...usual, [deployment]: running({ ...webhook, args: ['--new-flag', ...args] }) }
    ],
    [
      'no container of workload kube-system/pod-identity-webhook could be identified as the identity webhook',
      { ...usual, [deployment]: running({ name: 'a' }, { name: 'b' }) }
    ]
  ] as const) {
    t.strictSame(await read(objects, otherwise), { settings: defaultIdentityWebhook, because: why }, why)
  }
})

t.test('assumes nothing when the API server is in trouble', async (t) => {
  await t.rejects(read({}, 500), {
    message: `${configurations} could not be read (the API server answered 500)`
  })
  await t.rejects(read({ [configurations]: usual[configurations] }, 429), /the API server answered 429/)
})
