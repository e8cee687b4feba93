import { readFileSync } from 'node:fs'
import t from 'tap'
import { parseAllDocuments } from 'yaml'
import { identityWebhookNames } from '../../src/model/webhook-configuration.js'
import type { Finished } from '../control-plane/run.ts'
import { startControlPlane } from '../control-plane/start.ts'
import { waitFor } from '../control-plane/wait.ts'

const folder = t.testdir({
  'audit-policy.yaml': `apiVersion: audit.k8s.io/v1
kind: Policy
omitStages: [RequestReceived]
rules:
  - level: Metadata
    resources: [{ group: admissionregistration.k8s.io }]
  - level: None
`
})
const auditLog = `${folder}/audit.log`
const controlPlane = await startControlPlane({
  apiServerFlags: { 'audit-log-path': auditLog, 'audit-policy-file': `${folder}/audit-policy.yaml` }
})
t.teardown(() => controlPlane.stop())
const kubectl = (args: string[], input?: object): Promise<Finished> =>
  controlPlane.kubectl(args, input === undefined ? '' : JSON.stringify(input))

type Fields = Readonly<Record<string, unknown>>
interface Entry extends Fields {
  name: string
  clientConfig: Fields
}

const rule = { apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE'], resources: ['pods'] }
const bypass = {
  matchExpressions: [{ key: 'eks.amazonaws.com/skip-pod-identity-webhook', operator: 'DoesNotExist' }]
}
const skips = (key: string, ...values: string[]): Fields => ({
  matchExpressions: [...bypass.matchExpressions, { key, operator: 'NotIn', values }]
})
/** As EKS registers it. */
const eks: Entry = {
  name: 'iam-for-pods.amazonaws.com',
  admissionReviewVersions: ['v1beta1'],
  clientConfig: { url: 'https://127.0.0.1:23443/mutate', caBundle: Buffer.from('one').toString('base64') },
  failurePolicy: 'Ignore',
  objectSelector: bypass,
  rules: [rule],
  sideEffects: 'None',
  timeoutSeconds: 10
}
/** As upstream's manifests register it: https://github.com/aws/amazon-eks-pod-identity-webhook, deploy/. */
const selfManaged: Entry = {
  ...eks,
  name: 'pod-identity-webhook.amazonaws.com',
  clientConfig: { service: { namespace: 'default', name: 'pod-identity-webhook', path: '/mutate' } }
}
const other: Entry = { ...eks, name: 'sidecar.example.com', clientConfig: { url: 'https://example.com/' } }

const configurationOf = (name: string, webhooks: readonly Entry[], metadata: Fields = {}): Fields => ({
  apiVersion: 'admissionregistration.k8s.io/v1',
  kind: 'MutatingWebhookConfiguration',
  metadata: { name, ...metadata },
  webhooks
})
const dry = (verb: 'create' | 'replace', object: Fields): Promise<Finished> =>
  kubectl([verb, '--dry-run=server', '-f', '-'], object)

const prefix =
  "Warning: Validation failed for ValidatingAdmissionPolicy 'irsa-guard-identity-webhook-warn' with binding 'irsa-guard-identity-webhook-warn': "
/** The warnings of the policy, without the words that all of them begin with. */
const warningsOf = ({ stderr }: Finished): string[] =>
  stderr.split('\n').flatMap((line) => (line.startsWith(prefix) ? [line.slice(prefix.length)] : []))

const manifest = readFileSync('manifests/identity-webhook-warn.yaml', 'utf8')

t.test('warns as soon as it is applied, and needs nothing else', async (t) => {
  t.match(await kubectl(['create', '-f', '-'], configurationOf('pod-identity-webhook', [eks])), { code: 0 })
  t.match(await kubectl(['create', '-f', '-'], configurationOf('self-managed', [selfManaged, other])), {
    code: 0
  })
  t.match(await controlPlane.kubectl(['apply', '-f', '-'], manifest), { code: 0 })
  await waitFor(
    'a warning',
    async () => warningsOf(await dry('replace', configurationOf('pod-identity-webhook', []))).length > 0
  )
})

t.test('knows the webhooks by the names that the code knows', async (t) => {
  const [, names] = /- name: names\s+expression: '(.*)'/.exec(manifest) ?? []
  t.strictSame(JSON.parse(names ?? ''), identityWebhookNames)
})

const removes =
  'this removes identity webhook iam-for-pods.amazonaws.com; unless another one is registered, new pods will start without their AWS role; if this is not intended, restore it'
const blind =
  'no rule of identity webhook iam-for-pods.amazonaws.com covers the creation of pods, so new pods will start without their AWS role; include a rule with apiGroups [""], apiVersions [v1], operations [CREATE] and resources [pods]'
const versionOne =
  'with these admissionReviewVersions, the API server sends reviews of version v1 to identity webhook iam-for-pods.amazonaws.com, but releases before August 2026 answer only v1beta1; with those, every call fails and new pods start without their AWS role; write [v1beta1], as EKS does, or list v1beta1 before v1'
const moves = (to: string): string =>
  `this moves identity webhook iam-for-pods.amazonaws.com from https://127.0.0.1:23443/mutate to ${to}; if no identity webhook answers there, new pods will start without their AWS role; if this is not intended, restore the address`
const renames =
  'this renames identity webhook iam-for-pods.amazonaws.com; irsa-guard does not recognize or guard the new name, so the next mistake can leave new pods without their AWS role; if this is not intended, restore the name'
const restricts = (field: string): string =>
  `this restricts an identity webhook by ${field} of iam-for-pods.amazonaws.com; new pods that it excludes will start without their AWS role; if such pods may need a role, remove the restriction`
const adds = (name: string): string =>
  `this adds identity webhook ${name}; if the cluster has another one, as every EKS cluster does, pods are sent to both, and the variables set by the first one win; keep only one`
const rulesAre = (change: Fields): Entry => ({ ...eks, rules: [{ ...rule, ...change }] })
const { service } = selfManaged.clientConfig

t.test('an update of the configuration of EKS', async (t) => {
  const updates: readonly (readonly [why: string, webhooks: readonly Entry[], ...warnings: string[]])[] = [
    ['nothing changes', [eks]],
    ['another timeout', [{ ...eks, timeoutSeconds: 5 }]],
    ['another caBundle', [{ ...eks, clientConfig: { ...eks.clientConfig, caBundle: 'dHdv' } }]],
    ['side effects', [{ ...eks, sideEffects: 'NoneOnDryRun' }]],
    ['failurePolicy', [{ ...eks, failurePolicy: 'Fail' }]],
    ['reinvocationPolicy', [{ ...eks, reinvocationPolicy: 'IfNeeded' }]],
    ['matchPolicy', [{ ...eks, matchPolicy: 'Exact' }]],
    ['a webhook beside it', [eks, other]],
    ['v1 after v1beta1', [{ ...eks, admissionReviewVersions: ['v1beta1', 'v1'] }]],
    ['a version that no API server knows', [{ ...eks, admissionReviewVersions: ['v2', 'v1beta1', 'v1'] }]],
    ['rules with wildcards', [rulesAre({ apiGroups: ['*'], apiVersions: ['*'], operations: ['*'] })]],
    ['all resources', [rulesAre({ resources: ['*'] })]],
    ['all resources and subresources', [rulesAre({ resources: ['*/*'] })]],
    ['pods and their subresources', [rulesAre({ resources: ['pods/*'] })]],
    ['an additional rule', [{ ...eks, rules: [{ ...rule, operations: ['UPDATE'] }, rule] }]],
    ['a rule for namespaced objects', [rulesAre({ scope: 'Namespaced' })]],
    ['a selector removed', [{ ...eks, objectSelector: {} }]],
    ['a selector for OpenShift', [{ ...eks, namespaceSelector: skips('openshift.io/run-level', '0') }]],
    [
      'a namespace selector that every namespace meets',
      [
        {
          ...eks,
          namespaceSelector: {
            matchExpressions: [{ key: 'kubernetes.io/metadata.name', operator: 'Exists' }]
          }
        }
      ]
    ],
    [
      'a match condition that is always true',
      [{ ...eks, matchConditions: [{ name: 'all', expression: 'true' }] }]
    ],
    ['another known name at the same address', [{ ...eks, name: 'pod-identity-webhook.amazonaws.com' }]],

    ['the entry is removed', [], removes],
    ['the entry is replaced by another', [other], removes],
    ['the entry is renamed', [{ ...eks, name: 'my.example.com' }], renames],
    ['a copy under another name stays', [{ ...eks, name: 'my.example.com' }, other], renames],
    [
      'another port',
      [{ ...eks, clientConfig: { url: 'https://127.0.0.1:24443/mutate' } }],
      moves('https://127.0.0.1:24443/mutate')
    ],
    [
      'another path',
      [{ ...eks, clientConfig: { url: 'https://127.0.0.1:23443/' } }],
      moves('https://127.0.0.1:23443/')
    ],
    [
      'a Service instead',
      [{ ...eks, clientConfig: { service } }],
      moves('service default/pod-identity-webhook:443/mutate')
    ],
    ['v1 only', [{ ...eks, admissionReviewVersions: ['v1'] }], versionOne],
    ['v1 first', [{ ...eks, admissionReviewVersions: ['v1', 'v1beta1'] }], versionOne],
    ['v1 after an unknown version', [{ ...eks, admissionReviewVersions: ['v2', 'v1'] }], versionOne],
    ['no rules', [{ ...eks, rules: [] }], blind],
    ['updates only', [rulesAre({ operations: ['UPDATE', 'DELETE'] })], blind],
    ['another resource', [rulesAre({ resources: ['services'] })], blind],
    ['a subresource only', [rulesAre({ resources: ['pods/status', '*/scale'] })], blind],
    ['another group', [rulesAre({ apiGroups: ['apps'] })], blind],
    ['another version', [rulesAre({ apiVersions: ['v1beta1'] })], blind],
    ['cluster-scoped objects only', [rulesAre({ scope: 'Cluster', resources: ['*'] })], blind],
    [
      'CREATE and pods in different rules',
      [
        {
          ...eks,
          rules: [
            { ...rule, resources: ['services'] },
            { ...rule, operations: ['UPDATE'] }
          ]
        }
      ],
      blind
    ],
    [
      'a label that namespaces need',
      [{ ...eks, namespaceSelector: { matchLabels: { irsa: 'on' } } }],
      restricts('namespaceSelector')
    ],
    [
      'one namespace excluded by name',
      [{ ...eks, namespaceSelector: skips('kubernetes.io/metadata.name', 'shop') }],
      restricts('namespaceSelector')
    ],
    [
      'a label that pods need',
      [{ ...eks, objectSelector: { ...bypass, matchLabels: { irsa: 'on' } } }],
      restricts('objectSelector')
    ],
    [
      'pods excluded by a label',
      [{ ...eks, objectSelector: skips('tier', 'batch') }],
      restricts('objectSelector')
    ],
    [
      'a selector that contradicts itself',
      [
        {
          ...eks,
          objectSelector: {
            matchExpressions: [
              { key: 'a', operator: 'Exists' },
              { key: 'a', operator: 'DoesNotExist' }
            ]
          }
        }
      ],
      restricts('objectSelector')
    ],
    [
      'a match condition that is always false',
      [{ ...eks, matchConditions: [{ name: 'none', expression: 'false' }] }],
      restricts('matchConditions')
    ],
    [
      'a match condition',
      [{ ...eks, matchConditions: [{ name: 'own', expression: 'request.namespace != "kube-system"' }] }],
      restricts('matchConditions')
    ],
    [
      'both selectors',
      [
        {
          ...eks,
          namespaceSelector: { matchLabels: { a: 'b' } },
          objectSelector: { matchLabels: { a: 'b' } }
        }
      ],
      restricts('namespaceSelector of iam-for-pods.amazonaws.com, objectSelector')
    ],
    ['a second one beside it', [eks, selfManaged], adds('pod-identity-webhook.amazonaws.com')],
    [
      'two mistakes at once',
      [{ ...eks, admissionReviewVersions: ['v1'], rules: [{ ...rule, resources: ['jobs'] }] }],
      versionOne,
      blind
    ]
  ]
  for (const [why, webhooks, ...warnings] of updates) {
    const written = await dry('replace', configurationOf('pod-identity-webhook', webhooks))
    t.equal(written.code, 0, `${why}: never denied`)
    t.strictSame(warningsOf(written), warnings, why)
    if (warnings.length === 0) t.equal(written.stderr, '', why)
  }
  const labelled = configurationOf('pod-identity-webhook', [eks], {
    labels: { team: 'a' },
    annotations: { note: 'b' }
  })
  t.match(await dry('replace', labelled), { code: 0, stderr: /^$/ }, 'a label and an annotation')
})

t.test('every way in which kubectl writes', async (t) => {
  const patch = JSON.stringify({
    webhooks: [{ name: eks.name, rules: [{ ...rule, resources: ['services'] }] }]
  })
  const target = ['mutatingwebhookconfiguration', 'pod-identity-webhook']
  t.strictSame(warningsOf(await kubectl(['patch', ...target, '--dry-run=server', '-p', patch])), [blind])
  const json = '[{"op":"remove","path":"/webhooks/0"}]'
  t.strictSame(
    warningsOf(await kubectl(['patch', ...target, '--dry-run=server', '--type=json', '-p', json])),
    [removes]
  )
  const applied = configurationOf('pod-identity-webhook', [{ ...eks, admissionReviewVersions: ['v1'] }])
  const apply = ['apply', '--server-side', '--force-conflicts', '--dry-run=server', '-f', '-']
  t.strictSame(warningsOf(await kubectl(apply, applied)), [versionOne])
  t.strictSame(warningsOf(await kubectl(['delete', ...target, '--dry-run=server'])), [removes])
  t.match(await kubectl(['label', ...target, '--dry-run=server', 'team=a']), { code: 0, stderr: /^$/ })
  t.match(await kubectl(['annotate', ...target, '--dry-run=server', 'note=a']), { code: 0, stderr: /^$/ })
})

t.test('what was like that before passes without a word', async (t) => {
  const bad = {
    ...eks,
    admissionReviewVersions: ['v1'],
    rules: [{ ...rule, operations: ['UPDATE'] }],
    namespaceSelector: { matchLabels: { irsa: 'on' } },
    matchConditions: [{ name: 'none', expression: 'false' }]
  }
  const written = await kubectl(['replace', '-f', '-'], configurationOf('pod-identity-webhook', [bad]))
  t.equal(written.code, 0)
  t.equal(warningsOf(written).length, 3)
  await waitFor('the warnings in the audit log', () =>
    Promise.resolve(
      /validation_failure":"[^\n]*irsa-guard-identity-webhook-warn/.test(readFileSync(auditLog, 'utf8'))
    )
  )

  const later: readonly Entry[] = [{ ...bad, timeoutSeconds: 5 }]
  t.match(await dry('replace', configurationOf('pod-identity-webhook', later)), { code: 0, stderr: /^$/ })
  t.match(
    await kubectl(['replace', '-f', '-'], configurationOf('pod-identity-webhook', [eks])),
    { code: 0, stderr: /^$/ },
    'and so does the repair'
  )
})

t.test('a self-managed identity webhook', async (t) => {
  const updates: readonly (readonly [why: string, webhooks: readonly Entry[], warning?: RegExp])[] = [
    ['v1, which newer releases answer', [{ ...selfManaged, admissionReviewVersions: ['v1'] }, other]],
    ['a change of its neighbour', [selfManaged, { ...other, rules: [] }]],
    ['its neighbour is removed', [selfManaged]],
    ['it is removed', [other], /^this removes identity webhook pod-identity-webhook\.amazonaws\.com; /],
    [
      'another Service',
      [{ ...selfManaged, clientConfig: { service: { ...(service as object), port: 8443 } } }],
      /from service default\/pod-identity-webhook:443\/mutate to service default\/pod-identity-webhook:8443\/mutate; /
    ]
  ]
  for (const [why, webhooks, warning] of updates) {
    const written = await dry('replace', configurationOf('self-managed', webhooks))
    t.equal(written.code, 0, why)
    if (warning === undefined) t.equal(written.stderr, '', why)
    else t.match(warningsOf(written), [warning], why)
  }
})

t.test('a new configuration', async (t) => {
  const named = 'pod-identity-webhook'
  t.match(await kubectl(['delete', 'mutatingwebhookconfiguration', named]), { code: 0 })
  const created: readonly (readonly [why: string, object: Fields, ...warnings: string[]])[] = [
    ['that of EKS, restored', configurationOf(named, [eks])],
    ['that of upstream', configurationOf(named, [selfManaged])],
    ['without webhooks', configurationOf('dry', [])],
    ['for something else', configurationOf('dry', [{ ...other, rules: [] }])],
    [
      'namespaces and pods excluded by a label',
      configurationOf(named, [
        {
          ...selfManaged,
          namespaceSelector: skips('kubernetes.io/metadata.name', 'kube-system'),
          objectSelector: skips('app', 'pod-identity-webhook')
        }
      ])
    ],
    ['v1', configurationOf(named, [{ ...eks, admissionReviewVersions: ['v1', 'v1beta1'] }]), versionOne],
    ['no rule for pods', configurationOf(named, [{ ...eks, rules: [] }]), blind],
    [
      'a label that pods need',
      configurationOf(named, [{ ...eks, objectSelector: { matchLabels: { irsa: 'on' } } }]),
      restricts('objectSelector')
    ],
    [
      'a match condition',
      configurationOf(named, [{ ...eks, matchConditions: [{ name: 'none', expression: 'false' }] }]),
      restricts('matchConditions')
    ],
    [
      'under another name',
      configurationOf('second', [selfManaged]),
      adds('pod-identity-webhook.amazonaws.com')
    ],
    [
      'two in one',
      configurationOf(named, [eks, selfManaged]),
      adds('iam-for-pods.amazonaws.com, pod-identity-webhook.amazonaws.com')
    ]
  ]
  for (const [why, object, ...warnings] of created) {
    const written = await dry('create', object)
    t.equal(written.code, 0, why)
    t.strictSame(warningsOf(written), warnings, why)
    if (warnings.length === 0) t.equal(written.stderr, '', why)
  }
  const { name, ...nameless } = {
    ...(configurationOf('x', [eks])['metadata'] as Fields),
    generateName: 'dry-'
  } as Fields
  t.ok(name)
  t.strictSame(warningsOf(await dry('create', { ...configurationOf('x', [eks]), metadata: nameless })), [
    adds('iam-for-pods.amazonaws.com')
  ])
  t.match(
    await kubectl(['create', '--dry-run=server', '-f', '-'], {
      ...configurationOf('dry', [{ ...selfManaged, rules: [] }]),
      kind: 'ValidatingWebhookConfiguration'
    }),
    { code: 0, stderr: /^$/ },
    'a validating webhook never mutates a pod'
  )
})

t.test('among 2,000 other webhooks, it stays inside the limits of the API server', async (t) => {
  const crowd = Array.from({ length: 2000 }, (_, index) => ({ ...other, name: `w${index}.example.com` }))
  const object = configurationOf('crowd', [...crowd, eks])
  t.strictSame(warningsOf(await kubectl(['create', '-f', '-'], object)), [adds('iam-for-pods.amazonaws.com')])
  const edits: readonly (readonly [Entry | undefined, string])[] = [
    [undefined, removes],
    [{ ...eks, name: 'my.example.com' }, renames],
    [rulesAre({ resources: ['services'] }), blind],
    [{ ...eks, admissionReviewVersions: ['v1'] }, versionOne],
    [{ ...eks, clientConfig: { service } }, moves('service default/pod-identity-webhook:443/mutate')],
    [{ ...eks, objectSelector: skips('tier', 'batch') }, restricts('objectSelector')]
  ]
  for (const [edited, warning] of edits)
    t.strictSame(
      warningsOf(await dry('replace', configurationOf('crowd', edited ? [...crowd, edited] : crowd))),
      [warning]
    )
  t.notMatch(controlPlane.apiServerLog(), /cost limit|evaluation error/i)
})

t.test('the policies call only functions that Kubernetes 1.30 has', async (t) => {
  // https://kubernetes.io/docs/reference/using-api/cel/: the macros and operators of the language, the string
  // library, `join`.
  const known = new Set([
    ...['has', 'exists', 'filter', 'map', 'size', 'string', 'dyn'],
    ...['startsWith', 'endsWith', 'contains', 'lowerAscii', 'join']
  ])
  const expressions = [
    'identity-webhook-warn',
    'ca-bundle-deny',
    'ca-bundle-warn',
    'ca-bundle-unusable'
  ].flatMap((file) =>
    parseAllDocuments(readFileSync(`manifests/${file}.yaml`, 'utf8')).flatMap((document) =>
      [...JSON.stringify(document.toJSON()).matchAll(/"(?:\w*[eE]xpression)":"((?:[^"\\]|\\.)*)"/g)].map(
        ([, text = '']) => (JSON.parse(`"${text}"`) as string).replaceAll(/"(?:[^"\\]|\\.)*"/g, '""')
      )
    )
  )
  t.ok(expressions.length > 30)
  const called = expressions.flatMap((text) =>
    [...text.matchAll(/([A-Za-z_]\w*)\(/g)].map(([, name = '']) => name)
  )
  t.strictSame(
    [...new Set(called)].filter((name) => !known.has(name)),
    []
  )
})
