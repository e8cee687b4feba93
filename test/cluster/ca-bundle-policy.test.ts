import { readFileSync, writeFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { parseAllDocuments } from 'yaml'
import { maxCharacters, maxTextLength, maxTexts } from '../../src/ca-bundle/bounded-entries.js'
import type { ClusterCa } from '../control-plane/replaceable-api-server.ts'
import type { Finished } from '../control-plane/run.ts'
import { startControlPlane } from '../control-plane/start.ts'
import { waitFor } from '../control-plane/wait.ts'

const folder = t.testdir({ 'audit-policy.yaml': auditPolicy() })
const auditLog = `${folder}/audit.log`
const controlPlane = await startControlPlane({
  apiServerFlags: { 'audit-log-path': auditLog, 'audit-policy-file': `${folder}/audit-policy.yaml` }
})
t.teardown(() => controlPlane.stop())
const kubectl = (args: string[], input?: string): Promise<Finished> => controlPlane.kubectl(args, input)

// Three CAs with one subject, CN=kubernetes: as different, and as alike, as those of two EKS clusters.
const [current, next, foreign] = [
  await controlPlane.createClusterCa(),
  await controlPlane.createClusterCa(),
  await controlPlane.createClusterCa()
]
const pem = (...cas: readonly ClusterCa[]): string =>
  cas.map(({ certificatePem }) => `${certificatePem.trim()}\n`).join('')
const base64 = (text: string): string => Buffer.from(text).toString('base64')
const right = base64(pem(current, next))

const accepted = [[current], [next], [current, next], [next, current]]
  .map((cas) => pem(...cas))
  .flatMap((text) => [text, text.replaceAll('\n', '\r\n')])
  .flatMap((text) => [text, text.trimEnd()])
  .map(base64)
const complete = accepted.slice(8)

const wrong: Readonly<Record<string, string | undefined>> = {
  'another CA of the same subject': base64(pem(foreign)),
  'the right CAs and another one': base64(pem(current, next, foreign)),
  indented: base64(pem(current).replaceAll(/^/gm, '    ')),
  glued: base64(pem(current).trim() + pem(next)),
  'double base64': base64(right),
  empty: '',
  removed: undefined,
  '1 MiB of padding': base64('#'.repeat(1024 * 1024) + '\n' + pem(current))
}

const eksName = 'iam-for-pods.amazonaws.com'
const upstreamName = 'pod-identity-webhook.amazonaws.com'
const injected = 'injected.example.com'
const cainjector = 'system:serviceaccount:cert-manager:cert-manager-cainjector'
const confirmedAt = '2026-11-22T10:00:00Z'

interface Trust {
  name: string
  action: 'Deny' | 'Warn'
  accepted: readonly string[]
  complete?: readonly string[]
  injectors?: readonly string[]
}
const trusts: readonly Trust[] = [
  { name: eksName, action: 'Deny', accepted, complete, injectors: [cainjector] },
  { name: upstreamName, action: 'Warn', accepted, complete },
  { name: injected, action: 'Deny', accepted, complete, injectors: [cainjector] },
  { name: 'validate.irsa-guard.io', action: 'Deny', accepted: [right], complete: [right] },
  { name: 'unknown.example.com', action: 'Deny', accepted: [] }
]
const trustObject = (webhooks: readonly Trust[] = trusts): string =>
  JSON.stringify({
    apiVersion: 'irsa-guard.io/v1',
    kind: 'WebhookTrust',
    metadata: { name: 'cluster' },
    spec: { confirmedAt, webhooks }
  })

interface Shape {
  name?: string
  webhook?: string
  url?: string | undefined
  annotations?: Readonly<Record<string, string>>
  timeoutSeconds?: number
  labels?: Readonly<Record<string, string>>
}

/** The object as EKS makes it, unless told otherwise: a URL inside the control plane. */
function configuration(caBundle: string | undefined, shape: Shape = {}): string {
  const { name = 'pod-identity-webhook', webhook = eksName, annotations, labels, timeoutSeconds = 10 } = shape
  const url = 'url' in shape ? shape.url : 'https://127.0.0.1:23443/mutate'
  const clientConfig =
    url === undefined
      ? { service: { namespace: 'default', name: 'pod-identity-webhook', path: '/mutate' } }
      : { url }
  return JSON.stringify({
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'MutatingWebhookConfiguration',
    metadata: { name, ...(annotations && { annotations }), ...(labels && { labels }) },
    webhooks: [
      {
        name: webhook,
        admissionReviewVersions: ['v1beta1'],
        clientConfig: { ...clientConfig, ...(caBundle !== undefined && { caBundle }) },
        failurePolicy: 'Ignore',
        rules: [{ apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE'], resources: ['pods'] }],
        sideEffects: 'None',
        timeoutSeconds
      }
    ]
  })
}
const service = { url: undefined }

const dryRun = (caBundle: string | undefined, shape?: Shape): Promise<Finished> =>
  kubectl(['create', '--dry-run=server', '-f', '-'], configuration(caBundle, { name: 'dry', ...shape }))
const replace = (
  caBundle: string | undefined,
  shape?: Shape,
  as: readonly string[] = []
): Promise<Finished> => kubectl([...as, 'replace', '-f', '-'], configuration(caBundle, shape))
const patch = (caBundle: string | null): Promise<Finished> => {
  writeFileSync(
    `${folder}/patch.json`,
    JSON.stringify({ webhooks: [{ name: eksName, clientConfig: { caBundle } }] })
  )
  return kubectl([
    'patch',
    'mutatingwebhookconfiguration',
    'pod-identity-webhook',
    '--patch-file',
    `${folder}/patch.json`
  ])
}
const isDenied = ({ code, stderr }: Finished): boolean =>
  code === 1 && stderr.includes("'irsa-guard-ca-bundle-deny' with binding")
const passes = { code: 0, stderr: /^$/ } // tap finds '' in any text
/**
 * A policy set is refreshed once a second:
 * https://kubernetes.io/docs/reference/access-authn-authz/validating-admission-policy/
 */
const waitForDenial = (): Promise<true> =>
  waitFor('a denial', async () => isDenied(await dryRun(base64(pem(foreign)))) || undefined)
const waitForSilence = (): Promise<true> =>
  waitFor('the end of denials', async () => !isDenied(await dryRun(base64(pem(foreign)))) || undefined)

t.test('installed in an order that nobody would choose, it blocks nothing', async (t) => {
  const built = await kubectl(['kustomize', 'manifests'])
  const documents = shuffle(
    parseAllDocuments(built.stdout).map((document) => JSON.stringify(document.toJSON()))
  )
  t.ok(documents.length > 20)
  t.match(await kubectl(['create', '-f', '-'], configuration(right)), passes)
  for (let waiting = documents; waiting.length > 0;) {
    const left: string[] = []
    for (const document of waiting) {
      const applied = await kubectl(['apply', '-f', '-'], document)
      if (applied.code !== 0) left.push(document)
      if (applied.code !== 0)
        t.match(
          applied.stderr,
          /namespaces "irsa-guard(-canary)?" not found|no matches for kind/,
          'only what needs a namespace waits'
        )
      t.match(
        await replace(base64(pem(foreign)), { labels: { after: String(left.length) } }),
        { code: 0 },
        'a related write passes'
      )
    }
    if (left.length === waiting.length) throw new Error('nothing more can be applied')
    waiting = left
  }
  t.match(await kubectl(['apply', '-k', 'manifests']), { code: 0 }, 'and as a whole')
  await sleep(1500)
  t.match(await replace(right), passes, 'without a WebhookTrust, nothing is judged')
})

t.test('the type checker has no complaint', async (t) => {
  const complaintsOf = async (policy: string): Promise<unknown> =>
    waitFor(`type checking of ${policy}`, async () => {
      const read = await kubectl([
        'get',
        'validatingadmissionpolicy',
        policy,
        '-o',
        'jsonpath={.status.typeChecking}'
      ])
      return read.stdout === '' ? undefined : (JSON.parse(read.stdout) as unknown)
    })
  const policies = ['ca-bundle-deny', 'ca-bundle-warn', 'ca-bundle-unusable', 'identity-webhook-warn'].map(
    (name) => readPolicy(`manifests/${name}.yaml`)
  )
  // It looks at validations only, so here each variable is one; and a mistake, to see that it looks at all.
  const checked = policies.map(({ metadata, spec, ...rest }) => ({
    ...rest,
    metadata: { name: `checked-${metadata.name}` },
    spec: {
      ...spec,
      validations: spec.variables.map(({ expression }) => ({ expression: `dyn(${expression}) != null` }))
    }
  }))
  const [{ spec, ...rest }] = checked as [Policy]
  const mistaken = {
    ...rest,
    metadata: { name: 'mistaken' },
    spec: {
      ...spec,
      validations: [{ expression: 'object.webhooks.exists(w, w.clientConfig.caBundle == "")' }]
    }
  }
  t.match(
    await kubectl(
      ['apply', '-f', '-'],
      [...checked, mistaken].map((policy) => JSON.stringify(policy)).join('\n---\n')
    ),
    { code: 0 }
  )

  for (const { metadata } of [...policies, ...checked])
    t.strictSame(await complaintsOf(metadata.name), {}, metadata.name)
  t.match(await complaintsOf('mistaken'), { expressionWarnings: [{ warning: /bytes/ }] })
  t.match(
    await kubectl([
      'delete',
      'validatingadmissionpolicy',
      'mistaken',
      ...checked.map(({ metadata }) => metadata.name)
    ]),
    { code: 0 }
  )
})

t.test('the policies that deny and warn look at the same webhooks', async (t) => {
  const [deny, warn] = ['deny', 'warn'].map((name) =>
    readPolicy(`manifests/ca-bundle-${name}.yaml`).spec.variables.slice(0, 4)
  )
  t.match(deny?.at(-1), { name: 'written' })
  t.strictSame(warn, deny)
})

t.test('denies', async (t) => {
  t.match(await kubectl(['apply', '-f', '-'], trustObject()), passes)
  await waitForDenial()

  for (const [why, text] of Object.entries(wrong)) {
    t.ok(isDenied(await replace(text)), `replace: ${why}`)
    t.ok(isDenied(await dryRun(text)), `create: ${why}`)
    t.ok(isDenied(await patch(text ?? null)), `patch: ${why}`)
    if (text === undefined || text.length < 200_000) {
      // what apply writes into its annotation has a limit
      const apply = ['apply', '--server-side', '--force-conflicts', '-f', '-']
      // Server-side, a manifest without the field removes nothing.
      t.equal(isDenied(await kubectl(apply, configuration(text))), text !== undefined, `apply: ${why}`)
    }
  }
  const applied = await kubectl(['apply', '-f', '-'], configuration(base64(pem(foreign))))
  t.equal(
    applied.stderr.slice(applied.stderr.lastIndexOf('mutatingwebhookconfigurations.')).trim(),
    `mutatingwebhookconfigurations.admissionregistration.k8s.io "pod-identity-webhook" is forbidden: ValidatingAdmissionPolicy 'irsa-guard-ca-bundle-deny' with binding 'irsa-guard-ca-bundle-deny' denied request: this caBundle is not one of those that irsa-guard accepts for ${eksName}: it lacks a CA that signs now, contains an unexpected one, or is formatted differently; without the expected CA, new pods would silently start without their AWS role; keep the current caBundle, or run this to see the expected one: irsa-guard ca mutatingwebhookconfiguration/pod-identity-webhook --fix (accepted bundles confirmed at ${confirmedAt})`
  )
  const created = (await dryRun(base64(pem(foreign)))).stderr
  t.match(
    created,
    /; to check yours, save it to FILE and run: irsa-guard ca --bundle FILE; this prints an accepted one: /
  )
  const [, path = ''] = /kubectl get webhooktrust cluster -o (jsonpath='.*') \(accepted/.exec(created) ?? []
  const printed = await kubectl(['get', 'webhooktrust', 'cluster', '-o', path.replaceAll("'", '')])
  t.ok(accepted.includes(printed.stdout), 'the command prints an accepted bundle')
  t.match(await dryRun(printed.stdout), { code: 0 }, 'which passes')
  t.ok(
    isDenied(await dryRun(base64(pem(foreign)), { url: 'https://127.0.0.1:1/elsewhere' })),
    'also at another URL'
  )
  t.ok(isDenied(await dryRun(base64(pem(foreign)), service)), 'also as a Service')
  const nameless = configuration(base64(pem(foreign)), { name: 'dry' }).replace(
    '"name":"dry"',
    '"generateName":"dry-"'
  )
  t.ok(
    isDenied(await kubectl(['create', '--dry-run=server', '-f', '-'], nameless)),
    'also with a name that the API server makes'
  )
  const among = JSON.parse(configuration(base64(pem(foreign)), { name: 'dry' })) as { webhooks: object[] }
  among.webhooks.push(
    ...Array.from({ length: 1000 }, (_, index) => ({ ...among.webhooks[0], name: `w${index}.example.com` }))
  )
  t.ok(
    isDenied(await kubectl(['create', '--dry-run=server', '-f', '-'], JSON.stringify(among))),
    'also among 1,000 others'
  )
  t.ok(
    isDenied(
      await kubectl(
        ['create', '--dry-run=server', '-f', '-'],
        configuration(base64(pem(foreign)), { name: 'dry' }).replaceAll('Mutating', 'Validating')
      )
    ),
    'also as a validating webhook'
  )
})

t.test('accepts every text that is right', async (t) => {
  for (const text of accepted) {
    const written = await patch(text)
    t.match(written, { code: 0 })
    t.equal(
      written.stderr,
      complete.includes(text)
        ? ''
        : `Warning: Validation failed for ValidatingAdmissionPolicy 'irsa-guard-ca-bundle-warn' with binding 'irsa-guard-ca-bundle-warn': ${eksName}: this caBundle works now, but it lacks a CA that may sign next, or contains one that the cluster no longer trusts; run this to see a complete one: irsa-guard ca mutatingwebhookconfiguration/pod-identity-webhook --fix\n`,
      'and warns if it is not complete'
    )
  }
})

t.test('warns about what it does not deny it it', async (t) => {
  const annotations = { 'cert-manager.io/inject-ca-from': 'default/pod-identity-webhook' }
  const upstream = { ...service, webhook: upstreamName, annotations }
  t.match(
    await dryRun(undefined, upstream),
    {
      code: 0,
      stderr:
        /bundle-warn': pod-identity-webhook.amazonaws.com: no caBundle, so calls to the webhook fail until/
    },
    'the upstream manifest'
  )
  t.match(await dryRun(base64(pem(foreign)), upstream), {
    code: 0,
    stderr: /bundle-warn': .*: this is not one of the expected caBundle values; check it: /
  })
  const good = await dryRun(right, upstream)
  t.equal(good.code, 0)
  t.notMatch(good.stderr, /irsa-guard-ca-bundle/, 'that it is a second identity webhook is another warning')
  t.match(
    await dryRun(base64(pem(foreign)), { webhook: 'unknown.example.com' }),
    passes,
    'nothing is known to be right: not judged'
  )
  t.match(await dryRun(base64(pem(foreign)), { webhook: 'another.example.com' }), passes, 'not guarded')
  const empty = JSON.stringify({
    ...(JSON.parse(configuration(right, { name: 'dry' })) as object),
    webhooks: []
  })
  t.match(
    await kubectl(['create', '--dry-run=server', '-f', '-'], empty),
    passes,
    'a configuration without webhooks'
  )
})

t.test('lets exempt users through, and puts them into the audit log', async (t) => {
  await kubectl([
    'create',
    'clusterrolebinding',
    'exempt',
    '--clusterrole=cluster-admin',
    '--user=eks:addon-manager',
    `--user=${cainjector}`,
    '--user=somebody',
    '--group=irsa-guard:break-glass'
  ])
  const as = (user: string, ...groups: readonly string[]): string[] => [
    `--as=${user}`,
    ...groups.map((group) => `--as-group=${group}`)
  ]
  const stolen = base64(pem(foreign))
  const said = (user: string, webhook: string): string =>
    `${user} wrote an unexpected caBundle into ${webhook}`
  await waitFor(
    'rights',
    async () => (await kubectl([...as('somebody'), 'get', 'mutatingwebhookconfigurations'])).code === 0
  )

  t.match(await replace(stolen, {}, as('eks:addon-manager')), { code: 0 })
  await t.resolves(waitForAudit(said('eks:addon-manager', eksName)))
  t.match(await replace(right), { code: 0 }, 'anybody may put it right')
  t.match(await replace(stolen, {}, as('anna', 'irsa-guard:break-glass')), { code: 0 })
  await t.resolves(waitForAudit(said('anna', eksName)))
  t.match(await replace(right), { code: 0 })
  t.ok(
    isDenied(await replace(stolen, {}, as('somebody', 'system:masters'))),
    'an administrator is not exempt'
  )

  t.ok(isDenied(await replace(stolen, {}, as(cainjector))), 'an injector does not write what a URL reaches')
  t.ok(isDenied(await replace(stolen, service, as(cainjector))), 'nor makes a Service of it first')
  const own = { ...service, name: 'injected', webhook: injected }
  t.match(await kubectl(['create', '-f', '-'], configuration(right, own)), passes)
  t.match(await replace(stolen, own), {
    code: 1,
    stderr: /accepts for injected\.example\.com: .* without the expected CA, every call to it would fail; /
  })
  t.match(await replace(stolen, own, as(cainjector)), { code: 0 })
  await t.resolves(waitForAudit(said(cainjector, injected)))
  t.match(await kubectl(['delete', 'mutatingwebhookconfiguration', 'injected']), { code: 0 })
})

t.test('our own webhook', async (t) => {
  const setOwn = (caBundle: string): Promise<Finished> =>
    kubectl([
      'patch',
      'validatingwebhookconfiguration',
      'irsa-guard',
      '-p',
      JSON.stringify({ webhooks: [{ name: 'validate.irsa-guard.io', clientConfig: { caBundle } }] })
    ])
  const readOwn = async (): Promise<string> =>
    (
      await kubectl([
        'get',
        'validatingwebhookconfiguration',
        'irsa-guard',
        '-o',
        'jsonpath={.webhooks[0].clientConfig.caBundle}'
      ])
    ).stdout
  t.match(await setOwn(right), passes)
  t.match(await setOwn(base64(pem(foreign))), {
    code: 1,
    stderr: /accepts for validate\.irsa-guard\.io: .*, irsa-guard would no longer check anything at admission/
  })

  t.match(await kubectl(['apply', '-k', 'manifests']), passes)
  t.equal(await readOwn(), right, 'applying the manifests again leaves the bundle alone')
  t.match(await kubectl(['apply', '--server-side', '-k', 'manifests']), passes)
  t.equal(await readOwn(), right, 'server-side too')
  t.match(
    await kubectl(['replace', '-f', 'manifests/webhook.yaml']),
    { code: 0, stderr: /bundle-warn': validate\.irsa-guard\.io: no caBundle/ },
    'replacing takes it away, and says so'
  )
  t.equal(await readOwn(), '')
})

t.test('a bundle that has become stale', async (t) => {
  t.match(await replace(base64(pem(current))), { code: 0 })
  const rotated = accepted.slice(4, 8)
  t.match(
    await kubectl(
      ['apply', '-f', '-'],
      trustObject([{ name: eksName, action: 'Deny', accepted: rotated, complete: rotated }])
    ),
    passes
  )
  await waitFor('the new list', async () => isDenied(await dryRun(base64(pem(current)))) || undefined)

  const stale = base64(pem(current))
  t.match(
    await kubectl(['label', 'mutatingwebhookconfiguration', 'pod-identity-webhook', 'team=platform']),
    passes,
    'a label edit passes'
  )
  t.match(await replace(stale, { timeoutSeconds: 5 }), passes, 'another timeout passes')
  t.ok(isDenied(await replace(base64(pem(foreign)))), 'another wrong one is denied')
  t.ok(isDenied(await replace(stale, { url: 'https://127.0.0.1:1/elsewhere' })), 'another address is denied')
  for (const annotation of [
    'cert-manager.io/inject-ca-from',
    'cert-manager.io/inject-apiserver-ca',
    'service.beta.openshift.io/inject-cabundle'
  ]) {
    const annotations = { [annotation]: 'default/mine' }
    t.ok(isDenied(await replace(base64(pem(foreign)), { annotations })), `another one with ${annotation}`)
    t.ok(isDenied(await replace(stale, { annotations })), `asking for another one with ${annotation}`)
  }
  t.match(await patch(rotated[0] ?? ''), passes, 'the right one passes')
  t.match(
    await replace(rotated[0], { annotations: { 'cert-manager.io/inject-ca-from': 'default/mine' } }),
    passes,
    'an annotation beside a right bundle is not our business'
  )
})

t.test('a bundle that can never work is warned about, whatever webhook it is for', async (t) => {
  const warnings: readonly (readonly [string, (prefix: string) => string, string])[] = [
    ['no certificate', (prefix) => base64(`${prefix}hello\n`), 'contains no -----BEGIN CERTIFICATE-----'],
    ['glued', (prefix) => base64(prefix + pem(current).trim() + pem(next)), 'joins two blocks'],
    [
      'indented',
      (prefix) => base64(prefix + pem(current).replaceAll(/^/gm, '  ')),
      'has a space before -----BEGIN'
    ],
    [
      'escaped',
      (prefix) => base64(prefix + pem(current).replaceAll('\n', '\\n')),
      'has a backslash and an n'
    ],
    [
      'a key',
      (prefix) =>
        base64(
          `${prefix}-----BEGIN EC PRIVATE KEY-----\nAAAA\n-----END EC PRIVATE KEY-----\n${pem(current)}`
        ),
      'contains a PRIVATE KEY-----'
    ]
  ]
  // Base64 depends on where in a group of three bytes a text begins, so each is tried at three places.
  const places = ['', '\n', '\n\n']
  const atEachPlace = (make: (prefix: string) => string | undefined): Promise<Finished> => {
    const one = JSON.parse(configuration(undefined, { name: 'dry' })) as {
      webhooks: { clientConfig: object }[]
    }
    const [webhook] = one.webhooks
    const webhooks = places.map((prefix, index) => ({
      ...webhook,
      name: `w${index}.example.com`,
      clientConfig: { ...webhook?.clientConfig, caBundle: make(prefix) }
    }))
    return kubectl(['create', '--dry-run=server', '-f', '-'], JSON.stringify({ ...one, webhooks }))
  }
  for (const [why, make, warning] of warnings) {
    const told = await atEachPlace(make)
    t.match(told, { code: 0 }, why)
    for (const [index] of places.entries())
      t.match(
        told.stderr,
        new RegExp(`w${index}\\.example\\.com: caBundle ${warning}`),
        `${why}, ${index} bytes further`
      )
  }
  t.match(await atEachPlace((prefix) => base64(prefix + pem(current))), passes)
  const other = { webhook: 'another.example.com' }
  t.match(await dryRun(base64(right), other), { code: 0, stderr: /is base64-encoded twice/ })
  t.match(await dryRun(base64(`\uFEFF${pem(current)}`), other), {
    code: 0,
    stderr: /starts with a byte order mark/
  })
  t.match(await dryRun(undefined, { ...other, ...service }), {
    code: 0,
    stderr:
      /another\.example\.com: no caBundle, so only the root CAs of the API server's own system are trusted/
  })
  for (const [annotation, value] of [
    ['cert-manager.io/inject-ca-from', 'a/b'],
    ['cert-manager.io/inject-ca-from-secret', 'a/b'],
    ['cert-manager.io/inject-apiserver-ca', 'true'],
    ['service.beta.openshift.io/inject-cabundle', 'true']
  ] as const) {
    const injected = { ...other, ...service, annotations: { [annotation]: value } }
    t.match(await dryRun('Cg==', injected), passes, `a stand-in that ${annotation} replaces`)
    t.match(await dryRun(undefined, injected), passes, `no bundle, with ${annotation}`)
  }
  const keyPem = '-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n'
  t.match(
    await dryRun(base64(keyPem), { ...other, annotations: { 'cert-manager.io/inject-ca-from': 'a/b' } }),
    { code: 0, stderr: /contains a PRIVATE KEY/ },
    'a key is never a stand-in'
  )
  t.match(
    await dryRun('Cg==', { ...other, annotations: { 'cert-manager.io/inject-apiserver-ca': 'no' } }),
    { code: 0, stderr: /contains no -----BEGIN CERTIFICATE-----/ },
    'an annotation that asks for nothing'
  )
  t.match(await dryRun(undefined, other), passes, 'a URL may have a certificate that everybody trusts')
})

t.test('with parts of the policy missing, every write passes', async (t) => {
  const allPass = async (why: string): Promise<void> => {
    await waitForSilence()
    t.match(await replace(base64(pem(foreign))), { code: 0 }, `${why}: related`)
    t.match(
      await dryRun(base64(pem(foreign)), { webhook: 'another.example.com' }),
      passes,
      `${why}: unrelated`
    )
    t.match(
      await kubectl(['create', 'serviceaccount', 'any', '--dry-run=server']),
      { code: 0 },
      `${why}: a service account`
    )
  }
  t.match(await kubectl(['delete', 'webhooktrust', 'cluster']), passes)
  await allPass('no WebhookTrust')
  t.match(await kubectl(['apply', '-f', '-'], trustObject()), passes)
  await waitForDenial()

  const [, command = ''] = /^kubectl (delete .*)$/m.exec(readFileSync('docs/switch-off.md', 'utf8')) ?? []
  t.match(await kubectl(command.split(' ')), passes)
  await allPass('switched off with the one command')
  t.match(await kubectl(['apply', '-k', 'manifests']), { code: 0 })
  await waitForDenial()

  t.match(await kubectl(['delete', 'crd', 'webhooktrusts.irsa-guard.io']), passes)
  await allPass('no kind WebhookTrust')
  t.match(await kubectl(['apply', '-k', 'manifests']), { code: 0 })
  await waitFor('the kind', async () => (await kubectl(['apply', '-f', '-'], trustObject())).code === 0)
  await waitForDenial()
})

t.test('the WebhookTrust kind refuses what the policies could not read', async (t) => {
  const invalid: readonly (readonly [string, unknown])[] = [
    ['another name', { metadata: { name: 'mine' } }],
    ['no time', { spec: { webhooks: [] } }],
    ['an unknown action', { spec: { confirmedAt, webhooks: [{ name: 'a', action: 'Allow' }] } }],
    [
      'a name twice',
      {
        spec: {
          confirmedAt,
          webhooks: [
            { name: 'a', action: 'Deny' },
            { name: 'a', action: 'Warn' }
          ]
        }
      }
    ],
    [
      'PEM instead of base64',
      { spec: { confirmedAt, webhooks: [{ name: 'a', action: 'Deny', accepted: [pem(current)] }] } }
    ],
    ['an unknown field', { spec: { confirmedAt, webhooks: [{ name: 'a', action: 'Deny', allowed: [] }] } }]
  ]
  for (const [why, change] of invalid) {
    const object = { ...(JSON.parse(trustObject()) as object), ...(change as object) }
    t.match(await kubectl(['apply', '--dry-run=server', '-f', '-'], JSON.stringify(object)), { code: 1 }, why)
  }
})

t.test('the WebhookTrust takes the longest list that the controller publishes', async (t) => {
  const texts = (count: number, length: number): string[] =>
    Array.from({ length: count }, (_, n) => `${n}`.padEnd(length, 'A'))
  const lists = [
    texts(maxTexts, 1000),
    texts(Math.floor((maxCharacters - maxTexts * 1000) / maxTextLength), maxTextLength)
  ]
  const webhooks = lists.map((accepted, n): Trust => ({ name: `${n}.example.com`, action: 'Deny', accepted }))
  const publish = (list: readonly Trust[]): Promise<Finished> =>
    kubectl(
      ['apply', '--server-side', '--force-conflicts', '--field-manager=irsa-guard', '-f', '-'],
      trustObject(list)
    )
  t.match(await publish(webhooks), { code: 0 })
  t.match(await publish([{ name: 'a', action: 'Deny', accepted: texts(maxTexts + 1, 10) }]), {
    code: 1,
    stderr: /must have at most/
  })
  t.match(await publish([{ name: 'a', action: 'Deny', accepted: texts(1, maxTextLength + 1) }]), {
    code: 1,
    stderr: /Too long/
  })
  t.match(await publish(trusts), { code: 0 })
})

t.test('removed with one command, nothing is left', async (t) => {
  t.match(await kubectl(['create', 'secret', 'generic', 'irsa-guard-ca', '-n', 'irsa-guard']), { code: 0 })
  t.match(await kubectl(['delete', '-k', 'manifests']), { code: 0 })
  const kinds = await kubectl(['api-resources', '--verbs=list', '-o', 'name'])
  t.notMatch(kinds.stdout, 'webhooktrusts')
  const left = await kubectl([
    'get',
    kinds.stdout
      .trim()
      .split('\n')
      .filter((kind) => !/^events/.test(kind))
      .join(','),
    '-A',
    '-o',
    'name'
  ])
  t.notMatch(left.stdout, 'irsa-guard')
  t.match(await replace(base64(pem(foreign))), passes, 'and nothing is denied')
})

async function waitForAudit(text: string): Promise<true> {
  return waitFor(
    `"${text}" in the audit log`,
    async () => {
      const annotations = readFileSync(auditLog, 'utf8')
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => (JSON.parse(line) as { annotations?: Record<string, string> }).annotations)
      return annotations.some((found) => found?.['irsa-guard-ca-bundle-deny/exempt'] === text) || undefined
    },
    5000
  )
}

interface Policy {
  metadata: { name: string }
  spec: { variables: { name: string; expression: string }[]; validations: { expression: string }[] }
}

function readPolicy(file: string): Policy {
  const documents = parseAllDocuments(readFileSync(file, 'utf8')).map(
    (document) => document.toJSON() as Policy & { kind: string }
  )
  const policy = documents.find(({ kind }) => kind === 'ValidatingAdmissionPolicy')
  if (policy === undefined) throw new Error(`${file} holds no policy`)
  return policy
}

function auditPolicy(): string {
  return `apiVersion: audit.k8s.io/v1
kind: Policy
omitStages: [RequestReceived]
rules:
  - level: Metadata
    resources: [{ group: admissionregistration.k8s.io }]
  - level: None
`
}

/** The same order at each run: a failure must be seen again. */
function shuffle<Item>(items: readonly Item[]): Item[] {
  return items
    .map((item, index) => ({ item, key: (index * 7919) % 31 }))
    .sort((a, b) => a.key - b.key)
    .map(({ item }) => item)
}
