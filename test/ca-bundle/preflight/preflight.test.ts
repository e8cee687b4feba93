import t from 'tap'
import type { ClusterAuthority } from '../../../src/ca-bundle/eks-authorities.js'
import { bundleHoldersOf } from '../../../src/ca-bundle/preflight/bundle-holders.js'
import type { KubeconfigCluster } from '../../../src/ca-bundle/preflight/judge-kubeconfig.js'
import { runningNodeOf } from '../../../src/ca-bundle/preflight/judge-nodes.js'
import {
  type Preflight,
  type PreflightFacts,
  preflightOf
} from '../../../src/ca-bundle/preflight/preflight.js'
import { preflightJsonOf } from '../../../src/ca-bundle/preflight/preflight-json.js'
import { podStartOf, type RunningPod } from '../../../src/ca-bundle/preflight/running-pod.js'
import { type Rotation, rotationOf } from '../../../src/ca-bundle/rotation.js'
import { parseClusterArn } from '../../../src/model/cluster-arn.js'
import { known, unknown } from '../../../src/model/fact.js'
import { preflightExitCode, preflightTextOf } from '../../../src/output/preflight-text.js'
import { plainStyle } from '../../../src/output/style.js'
import { recordOf } from '../../../src/text/record.js'
import { parseBundle } from '../../../src/x509/bundle.js'
import type { Certificate } from '../../../src/x509/certificate.js'
import { newestGo } from '../../../src/x509/go-version.js'
import { base64, issue, makeAuthority, pem } from '../../support/certificates.js'
import { schemaErrors } from '../../support/schemas.js'

const at = new Date('2026-11-24T00:00:00Z')
const appendedAt = new Date('2026-11-20T12:00:00Z')
const [a, x] = [makeAuthority('kubernetes'), makeAuthority('kubernetes')]
const b = makeAuthority('kubernetes', { notBefore: new Date('2026-11-18T00:00:00Z') }) // made last
const above = makeAuthority('above')
const below = makeAuthority('kubernetes', {}, above)
const [A, B, X] = [a, b, x].map(({ der }) => pem(der)) as [string, string, string]
const certificatesOf = (text: string): readonly Certificate[] =>
  parseBundle(Buffer.from(text), newestGo).certificates
const certificateOf = (text: string): Certificate => certificatesOf(text)[0] as Certificate // it has one

const authority = (id: string, text: string, more: Partial<ClusterAuthority>): ClusterAuthority => ({
  id,
  certificate: certificateOf(text),
  data: undefined,
  signing: 'not-used',
  distribution: 'complete',
  createdAt: new Date(id === 'a' ? '2018-12-01T00:00:00Z' : '2026-11-18T00:00:00Z'),
  activatedAt: undefined,
  notBefore: undefined,
  notAfter: undefined,
  firstAutoActivation: undefined,
  finalAutoActivation: undefined,
  rollbackAvailable: undefined,
  ...more
})
const host = '127.0.0.1'
const rotation = (
  signer: typeof a,
  authorities?: readonly ClusterAuthority[],
  clusterCas = A + B
): Rotation => rotationOf({ clusterCas, served: [{ chain: pem(issue(signer)), host }], authorities, at })
const inUse = { signing: 'in-use', activatedAt: new Date('2026-11-22T00:00:00Z') } as const
const phases = {
  dual: rotation(a, [
    authority('a', A, { signing: 'in-use' }),
    authority('b', B, { firstAutoActivation: new Date('2028-05-28T00:00:00Z') })
  ]),
  activated: rotation(b, [authority('a', A, {}), authority('b', B, { ...inUse, rollbackAvailable: true })]),
  settled: rotation(b, [authority('a', A, {}), authority('b', B, { ...inUse, rollbackAvailable: false })]),
  several: rotation(a),
  'several, the newer one signs': rotation(b, undefined, B + A),
  one: rotation(a, undefined, A),
  intermediate: rotation(below, undefined, pem(below.der)),
  none: rotation(a, undefined, '')
} as const

const eks = parseClusterArn('arn:aws:eks:eu-west-1:111122223333:cluster/prod')
const server = 'https://api.example.com'
const factsWith = (of: keyof typeof phases, more: Partial<PreflightFacts> = {}): PreflightFacts => ({
  rotation: phases[of],
  published: known(certificatesOf(A + B)),
  accepted: known(undefined),
  holders: [],
  kubeconfigs: [],
  appended: known({ at: appendedAt, source: 'ConfigMap kube-system/kube-root-ca.crt' }),
  nodes: known([]),
  pods: known([]),
  withoutRole: undefined,
  eksProblem: undefined,
  target: { server, eks },
  commands: {
    kubectl: 'kubectl',
    flags: '',
    restartInjector: 'kubectl rollout restart deployment/cainjector'
  },
  at,
  ...more
})

const rowsOf = ({ rows }: Preflight, subject: string) => rows.filter((row) => row.subject === subject)
const stepOf = ({ steps }: Preflight, name: string) => steps.find(({ step }) => step === name)

const admission = (
  name: string,
  bundle: string | undefined,
  {
    url,
    webhook = 'a.example.com',
    ...more
  }: { url?: string; webhook?: string; annotations?: object; failurePolicy?: string } = {}
): object => ({
  kind: 'MutatingWebhookConfiguration',
  metadata: { name, annotations: more.annotations },
  webhooks: [
    {
      name: webhook,
      failurePolicy: more.failurePolicy ?? 'Ignore',
      clientConfig: {
        ...(url === undefined ? { service: { namespace: 'a', name: 'b' } } : { url }),
        ...(bundle !== undefined && { caBundle: base64(bundle) })
      }
    }
  ]
})
const loopback = { url: 'https://127.0.0.1:23443/mutate', webhook: 'iam-for-pods.amazonaws.com' }
const withBundles = (...objects: readonly object[]): Partial<PreflightFacts> => ({
  holders: [
    {
      subject: 'webhook',
      name: 'MutatingWebhookConfigurations',
      read: known(objects.flatMap((object) => bundleHoldersOf(recordOf(object))))
    }
  ]
})
const bundleCases: readonly (readonly [
  why: string,
  of: keyof typeof phases,
  object: object,
  state: 'ok' | 'lacks' | 'unknown',
  message: RegExp
])[] = [
  [
    'the identity webhook of EKS',
    'dual',
    admission('w', A, loopback),
    'lacks',
    /after the activation, new pods start without their role/
  ],
  ['the identity webhook with both', 'dual', admission('w', B + A, loopback), 'ok', /^it contains/],
  [
    'the identity webhook with the successor only',
    'dual',
    admission('w', B, loopback),
    'lacks',
    /at present, new pods/
  ],
  [
    'the identity webhook with another CA',
    'dual',
    admission('w', X, loopback),
    'lacks',
    /it contains .* and lacks .*, .*: at present/
  ],
  [
    'the identity webhook without a bundle',
    'dual',
    admission('w', undefined, loopback),
    'lacks',
    /it has no caBundle; at present/
  ],
  [
    'the identity webhook with an unusable bundle',
    'dual',
    admission('w', 'a', loopback),
    'lacks',
    /can read no certificate/
  ],
  [
    'a webhook with an unusable bundle',
    'dual',
    admission('w', 'a'),
    'unknown',
    /can read no certificate in its caBundle$/
  ],
  ['a webhook without a bundle', 'dual', admission('w', undefined), 'ok', /root CAs of its own system/],
  ['a webhook with a CA of its own', 'dual', admission('w', X), 'ok', /a CA of its own/],
  [
    'a webhook next to the API server with a CA of its own',
    'dual',
    admission('w', X, { url: loopback.url }),
    'ok',
    /a CA of its own/
  ],
  [
    'a webhook with a certificate of the cluster CA',
    'dual',
    admission('w', A),
    'lacks',
    /when the certificate of its server is renewed after the activation, requests pass without the webhook/
  ],
  [
    'a webhook that fails closed',
    'dual',
    admission('w', A, { failurePolicy: 'Fail' }),
    'lacks',
    /every request that it matches is denied/
  ],
  [
    'a webhook with a certificate of the cluster CA, when the successor signs',
    'activated',
    admission('w', A),
    'lacks',
    /once its server has a certificate from the current CA/
  ],
  [
    'a webhook that AWS updates',
    'dual',
    admission('vpc-resource-mutating-webhook', A, { url: loopback.url }),
    'ok',
    /AWS updates this bundle/
  ],
  [
    'a webhook that AWS did not update',
    'activated',
    admission('vpc-resource-mutating-webhook', A, { url: loopback.url }),
    'lacks',
    /at present/
  ],
  ['only the new CA after the activation', 'activated', admission('w', B, loopback), 'ok', /^it contains/],
  [
    'only the new CA when it signs, without EKS',
    'several, the newer one signs',
    admission('w', B, loopback),
    'ok',
    /^it contains/
  ],
  ['only the old CA, without EKS', 'several', admission('w', A, loopback), 'lacks', /after the activation/],
  [
    'a CA above the one that signs',
    'intermediate',
    admission('w', pem(above.der), loopback),
    'unknown',
    /works only if the server sends the certificate of that CA, too/
  ],
  ['one CA', 'one', admission('w', A, loopback), 'ok', /^it contains/],
  ['one CA, another bundle', 'one', admission('w', X, loopback), 'lacks', /at present/],
  [
    'an APIService',
    'dual',
    { kind: 'APIService', metadata: { name: 'v1.a' }, spec: { service: {}, caBundle: base64(A) } },
    'lacks',
    /the API server answers 503 for its group/
  ],
  [
    // The API server verifies no certificate when it determines that condition:
    // https://github.com/kubernetes/kubernetes/blob/v1.35.4/staging/src/k8s.io/kube-aggregator/pkg/controllers/status/remote/remote_available_controller.go
    'an APIService whose condition Available is true',
    'activated',
    {
      kind: 'APIService',
      metadata: { name: 'v1.a' },
      spec: { service: {}, caBundle: base64(A) },
      status: { conditions: [{ type: 'Available', status: 'True' }] }
    },
    'lacks',
    /once its server has a certificate from the current CA/
  ],
  [
    'an APIService that is not verified',
    'dual',
    { kind: 'APIService', metadata: { name: 'v1.a' }, spec: { service: {}, insecureSkipTLSVerify: true } },
    'ok',
    /verifies no certificate/
  ],
  [
    'a conversion',
    'dual',
    {
      kind: 'CustomResourceDefinition',
      metadata: { name: 'a.b' },
      spec: { conversion: { strategy: 'Webhook', webhook: { clientConfig: { caBundle: base64(A) } } } }
    },
    'lacks',
    /only the stored version of its objects can be read and written/
  ]
]

t.test('judges each bundle by the CAs that sign now and next', async (t) => {
  for (const [why, of, object, state, message] of bundleCases) {
    const { rows } = preflightOf(factsWith(of, withBundles(object)))
    t.match(rows.at(1), { state, message }, why)
  }
  t.strictSame(
    [
      { kind: 'APIService', spec: {} },
      { kind: 'CustomResourceDefinition', spec: { conversion: { strategy: 'None' } } },
      { kind: 'Secret' }
    ].flatMap(bundleHoldersOf),
    [],
    'other objects have no bundle'
  )
})

t.test('patches keep other CAs, test what they replace, and leave injected bundles alone', async (t) => {
  const patchOf = (object: object): readonly { op: string; path: string; value: unknown }[] => {
    const [command = ''] =
      stepOf(preflightOf(factsWith('dual', withBundles(object))), 'bundles')?.commands ?? []
    return JSON.parse(/ -p '(.*)'$/.exec(command)?.[1] ?? '[]') as ReturnType<typeof patchOf>
  }
  t.strictSame(patchOf(admission('w', X + A)), [
    { op: 'test', path: '/webhooks/0/name', value: 'a.example.com' },
    { op: 'test', path: '/webhooks/0/clientConfig/caBundle', value: base64(X + A) },
    { op: 'replace', path: '/webhooks/0/clientConfig/caBundle', value: base64(A + B + X) }
  ])
  t.strictSame(patchOf(admission('w', undefined, loopback)).slice(1), [
    { op: 'test', path: '/webhooks/0/clientConfig', value: { url: loopback.url } },
    { op: 'add', path: '/webhooks/0/clientConfig/caBundle', value: base64(A + B) }
  ])
  t.match(patchOf(admission('w', X, loopback)).at(-1), { value: base64(A + B) }, 'the cluster CAs only')
  t.strictSame(patchOf(admission('w', A + `${X}\n`.repeat(300))), [], 'too long for a command line')

  const injected = (annotation: string, value: string): Preflight =>
    preflightOf(factsWith('dual', withBundles(admission('w', A, { annotations: { [annotation]: value } }))))
  t.match(injected('cert-manager.io/inject-apiserver-ca', 'true').steps, [
    {
      step: 'injector',
      commands: ['kubectl rollout restart deployment/cainjector'],
      notes: [/CAs that it read when it started/]
    },
    { step: 'activation' }
  ])
  t.match(stepOf(injected('cert-manager.io/inject-ca-from', 'a/b'), 'bundles'), {
    commands: [],
    notes: [/add the CA to the injector's source/]
  })
})

t.test('orders the steps so that each one breaks nothing', async (t) => {
  const { steps } = preflightOf(
    factsWith('dual', {
      ...withBundles(admission('later', A), admission('first', A, loopback)),
      published: known(certificatesOf(A)),
      kubeconfigs: [kubeconfig(A)],
      nodes: known([runningNodeOf(node('old', '2026-11-20T11:00:00Z'))]),
      pods: known([pod('Deployment')])
    })
  )
  t.strictSame(
    steps.map(({ step }) => step),
    ['wait', 'bundles', 'kubeconfigs', 'nodes', 'pods', 'activation', 'check']
  )
  t.match(stepOf({ steps } as Preflight, 'bundles')?.commands, [/ first --type/, / later --type/])
  t.strictSame(stepOf({ steps } as Preflight, 'activation')?.commands, [
    'aws eks activate-certificate-authority --region eu-west-1 --cluster-name prod --certificate-authority-id b'
  ])
})

const kubeconfig = (cas: string | undefined, more: Partial<KubeconfigCluster> = {}): KubeconfigCluster => ({
  ...{ file: 'ci.yaml', name: 'prod', server, cas, isUnverified: false },
  ...more
})

t.test('judges the clusters of kubeconfigs', async (t) => {
  const cases: readonly (readonly [KubeconfigCluster, string | undefined, RegExp])[] = [
    [kubeconfig(A), 'lacks', /clients reject the certificate of the API server after the activation/],
    [kubeconfig(B), 'lacks', /at present/],
    [kubeconfig(A + B), 'ok', /^it contains/],
    [kubeconfig(X), 'ok', /a proxy in front of the API server/],
    [kubeconfig(X, { server: 'https://other.example.com' }), undefined, /./],
    [kubeconfig(X, { server: 'no url' }), undefined, /./],
    [kubeconfig(A, { server: 'https://vpce.example.com' }), 'lacks', /reject/],
    [kubeconfig(undefined), 'unknown', /names no CA/],
    [kubeconfig('a'), 'unknown', /contains no certificate/],
    [kubeconfig(undefined, { problem: 'its CA file could not be read' }), 'unknown', /could not be read/],
    [kubeconfig(undefined, { isUnverified: true }), 'ok', /verify no certificate/]
  ]
  for (const [entry, state, message] of cases) {
    const [row] = rowsOf(preflightOf(factsWith('dual', { kubeconfigs: [entry] })), 'kubeconfig')
    t.equal(row?.state, state)
    if (row !== undefined) t.match(row.message, message)
  }
  const commandOf = (entry: KubeconfigCluster) =>
    stepOf(preflightOf(factsWith('dual', { kubeconfigs: [entry] })), 'kubeconfigs')
  t.strictSame(commandOf(kubeconfig(A, { name: eks?.text ?? '' }))?.commands, [
    'aws eks update-kubeconfig --region eu-west-1 --name prod --kubeconfig ci.yaml'
  ])
  t.match(commandOf(kubeconfig(A + X, { name: "it's" }))?.commands, [
    `printf %s ${base64(A + B + X)} | base64 --decode | kubectl config set-cluster 'it'\\''s' --kubeconfig ci.yaml `
  ])
  t.match(commandOf(kubeconfig(A, { name: '\u001B[2J' })), {
    commands: [],
    notes: [/certificate-authority-data/]
  })
})

const node = (
  name: string,
  creationTimestamp: string,
  labels: object = {},
  kubeletVersion = 'v1.35.1-eks-1'
): object & Record<string, unknown> => ({
  metadata: { name, creationTimestamp, labels },
  status: { nodeInfo: { kubeletVersion } }
})

t.test('judges nodes by their age, except those that AWS updates', async (t) => {
  const old = '2026-11-20T11:59:59Z'
  const nodes = [
    node('blue-1', old, { 'eks.amazonaws.com/nodegroup': 'blue' }),
    node('blue-2', old, { 'eks.amazonaws.com/nodegroup': 'blue' }),
    node('pool-1', old, { 'karpenter.sh/nodepool': 'spot' }),
    node('self', old, {}, 'v1.35.1'),
    node('auto', old, { 'eks.amazonaws.com/compute-type': 'auto' }),
    node('new', '2026-11-20T12:00:00Z')
  ].map(runningNodeOf)
  const judged = (of: typeof nodes) => rowsOf(preflightOf(factsWith('dual', { nodes: known(of) })), 'node')
  t.match(judged(nodes), [
    {
      name: 'node group blue',
      state: 'lacks',
      message: /^blue-1, blue-2 joined before 2026-11-20T12:00:00Z/
    },
    { name: 'node pool spot', state: 'lacks' },
    { name: 'nodes', state: 'unknown', message: /if the kubelet still has its first kubeconfig/ }
  ])
  t.match(judged(nodes.slice(4, 5)), [{ state: 'ok', message: /AWS updates all of them/ }])
  t.match(judged(nodes.slice(5)), [{ state: 'ok', message: /all joined after/ }])
})

const mounted = {
  volumes: [{ name: 'ca', projected: { sources: [{ configMap: { name: 'kube-root-ca.crt' } }] } }]
}
const podObject = (startTime: string, spec: object, startedAt?: string): Record<string, unknown> => ({
  metadata: {},
  spec,
  status: {
    startTime,
    containerStatuses: startedAt === undefined ? [] : [{ state: { running: { startedAt } } }]
  }
})
function pod(
  kind: string,
  object = podObject('2026-11-20T11:00:00Z', mounted),
  isOnDelete = false
): RunningPod {
  const start = podStartOf(object)
  if (start === undefined) throw new Error('the pod does not run')

  return { ...start, name: 'cart-1', runner: { kind, namespace: 'shop', name: 'cart', isOnDelete } }
}

t.test('judges pods by what they read when they started', async (t) => {
  const before = '2026-11-20T11:00:00Z'
  const judged = (...pods: readonly RunningPod[]) => {
    const preflight = preflightOf(factsWith('dual', { pods: known(pods) }))
    return { row: rowsOf(preflight, 'pods')[0], step: stepOf(preflight, 'pods') }
  }
  const states: readonly (readonly [why: string, object: Record<string, unknown>, state: string])[] = [
    ['an old pod', podObject(before, mounted, before), 'unknown'],
    ['an old pod that waits', podObject(before, mounted), 'unknown'],
    ['a new pod', podObject('2026-11-20T12:00:00Z', mounted), 'ok'],
    ['a container that was restarted since', podObject(before, mounted, '2026-11-20T12:02:00Z'), 'ok'],
    [
      'a container that was restarted before the kubelet renewed the file',
      podObject(before, mounted, '2026-11-20T12:01:59Z'),
      'unknown'
    ],
    ['no CA file', podObject(before, { containers: [{}] }), 'ok'],
    [
      'a subPath',
      podObject(before, { ...mounted, containers: [{ volumeMounts: [{ name: 'ca', subPath: 'ca.crt' }] }] }),
      'lacks'
    ],
    [
      'a variable',
      podObject(before, {
        containers: [{ env: [{ valueFrom: { configMapKeyRef: { name: 'kube-root-ca.crt' } } }] }]
      }),
      'lacks'
    ],
    [
      'all variables',
      podObject(before, { initContainers: [{ envFrom: [{ configMapRef: { name: 'kube-root-ca.crt' } }] }] }),
      'lacks'
    ]
  ]
  for (const [why, object, state] of states) t.equal(judged(pod('Deployment', object)).row?.state, state, why)
  t.match(judged(pod('Deployment'), pod('Deployment')), {
    row: { name: 'Deployment shop/cart', message: /^2 pods started before/ },
    step: { commands: ['kubectl rollout restart deployment/cart -n shop'] }
  })
  t.match(judged(pod('StatefulSet', undefined, true)).step, {
    commands: [],
    notes: [/delete its pods one after the other/]
  })
  t.match(judged(pod('Job')).step, { notes: [/let it finish/] })
  t.match(judged(pod('Pod')).step, { notes: [/delete it and create it again/] })
  for (const phase of ['Succeeded', 'Failed']) t.equal(podStartOf({ status: { phase } }), undefined)
  t.equal(podStartOf({ metadata: { deletionTimestamp: before } }), undefined)
})

t.test('after the activation: pods without their role, and what a rollback would break', async (t) => {
  const since = new Date('2026-11-22T00:00:00Z')
  const withoutRole = known({ since, pods: [pod('Deployment')] })
  const preflight = preflightOf(
    factsWith('activated', {
      ...withBundles(admission('w', B, loopback)),
      kubeconfigs: [kubeconfig(B)],
      withoutRole
    })
  )
  t.equal(preflightExitCode(preflight), 1)
  t.match(rowsOf(preflight, 'role'), [
    { state: 'lacks', message: /^cart-1: created since 2026-11-22T00:00:00Z without/ }
  ])
  t.match(stepOf(preflight, 'pods')?.commands, ['kubectl rollout restart deployment/cart -n shop'])
  t.match(rowsOf(preflight, 'webhook'), [
    { state: 'ok', rollback: /it lacks .*: after a rollback, new pods start without/ }
  ])
  t.match(
    preflightTextOf(preflight, at, plainStyle),
    /A rollback would break:\n {2}! webhook .*\n.*\n {2}! kubeconfig .*\n.*clients reject the certificate of the API server after a rollback/
  )
  const none = factsWith('activated', { withoutRole: known({ since, pods: [] }) })
  t.match(rowsOf(preflightOf(none), 'role'), [{ state: 'ok' }])
})

t.test('once no rollback is possible: what to delete, and patches to the new CA alone', async (t) => {
  const objects = [admission('w', A + B, loopback), admission('other', A + B)]
  const preflight = preflightOf(factsWith('settled', withBundles(...objects)))
  t.equal(preflightExitCode(preflight), 0)
  const deletion = stepOf(preflight, 'deletion')
  t.match(deletion?.commands, [
    new RegExp(
      `^kubectl patch mutatingwebhookconfiguration w .*"value":"${base64(B).replaceAll('+', '\\+')}"}]'$`
    ),
    'aws eks delete-certificate-authority --region eu-west-1 --cluster-name prod --certificate-authority-id a'
  ])
  t.match(deletion?.notes, [/keep that CA in the bundles of MutatingWebhookConfiguration other/])
  const broken = preflightOf(factsWith('settled', withBundles(admission('w', A, loopback))))
  t.equal(stepOf(broken, 'deletion'), undefined, 'not while something lacks the new CA')
})

t.test('waits for the policy, which would deny the patch', async (t) => {
  const entry = { name: loopback.webhook, action: 'Deny', injectors: [], complete: [] } as const
  const judged = (accepted: readonly string[]) =>
    preflightOf(
      factsWith('dual', {
        ...withBundles(admission('w', A, loopback)),
        accepted: known([{ ...entry, accepted }])
      })
    )
  t.match(rowsOf(judged([base64(A)]), 'webhook-trust'), [{ state: 'lacks', message: /would deny/ }])
  t.match(judged([base64(A)]).steps[0], { step: 'wait' })
  t.match(rowsOf(judged([base64(A + B)]), 'webhook-trust'), [{ state: 'ok' }])
})

t.test('what could not be read is undetermined', async (t) => {
  const because = 'it could not be read (the API server answered 403)'
  const forbidden = { ...unknown(because), check: 'kubectl auth can-i list pods -A' }
  const preflight = preflightOf(
    factsWith('dual', {
      published: forbidden,
      accepted: forbidden,
      holders: [{ subject: 'webhook', name: 'MutatingWebhookConfigurations', read: forbidden }],
      appended: unknown('unknown'),
      nodes: forbidden,
      pods: forbidden,
      withoutRole: forbidden,
      eksProblem: 'EKS did not answer'
    })
  )
  t.equal(preflightExitCode(preflight), 2)
  t.strictSame(
    preflight.rows.map(({ subject, state, check }) => [subject, state, check !== undefined]),
    [
      ['eks', 'unknown', false],
      ...['published-cas', 'webhook-trust', 'webhook'].map((subject) => [subject, 'unknown', true]),
      ['pods', 'unknown', false],
      ...['node', 'pods', 'role'].map((subject) => [subject, 'unknown', true])
    ]
  )
  const text = preflightTextOf(preflight, at, plainStyle)
  t.match(
    text.replace(/\s+/g, ' '),
    /^\? dual trust: .* signs now; .* signs next, by 2028-05-28T00:00:00Z at the latest; there is nothing to roll back /
  )
  t.match(text, `${because}\n                kubectl auth can-i list pods -A\n`)
  const none = preflightOf(factsWith('none', withBundles(admission('w', A, loopback))))
  t.match(preflightTextOf(none, at, plainStyle), /^\? the cluster CA is unknown\n/)
  t.equal(preflightExitCode(none), 2)
})

t.test('prints what is published in schemas/preflight.json, and a text of bounded length', async (t) => {
  for (const kind of ['dual', 'activated', 'settled', 'several', 'one', 'none'] as const) {
    const preflight = preflightOf(
      factsWith(kind, { ...withBundles(admission('w', A, loopback)), kubeconfigs: [kubeconfig(A)] })
    )
    const printed: unknown = JSON.parse(JSON.stringify(preflightJsonOf(preflight, at)))
    t.strictSame(schemaErrors('preflight', printed, { closed: true }), [], kind)
  }
  const many = Array.from({ length: 12 }, (_, index) => admission(`w${index}`, A))
  const preflight = preflightOf(factsWith('dual', withBundles(...many, admission('own', X))))
  t.match(preflightTextOf(preflight, at, plainStyle), /and 2 more \(-v lists all\)\n {2}✓ 4 checks ok/)
  const verbose = preflightTextOf(preflight, at, { ...plainStyle, verbosity: 'verbose' })
  t.match(verbose, /w11, webhook[^]* ✓ webhook +MutatingWebhookConfiguration own/)
  t.notMatch(verbose, /more \(-v/)
  t.notMatch(preflightTextOf(preflight, at, { ...plainStyle, verbosity: 'quiet' }), /In this order|✓/)
})
