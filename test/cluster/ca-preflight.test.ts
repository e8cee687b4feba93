import { readFileSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import t from 'tap'
import { caPreflight } from '../../src/commands/ca-preflight.js'
import { findBinaries } from '../control-plane/binaries.ts'
import { clientCertificate, writeKubeconfig } from '../control-plane/kubeconfig.ts'
import { run } from '../control-plane/run.ts'
import { startControlPlane } from '../control-plane/start.ts'
import { waitFor } from '../control-plane/wait.ts'
import { schemaErrors } from '../support/schemas.js'
import { startStandInKubelet } from '../support/stand-in-kubelet.js'

const controlPlane = await startControlPlane()
t.teardown(() => controlPlane.stop())
const { kubeconfig, url, clusterCa: outgoing } = controlPlane
const successor = await controlPlane.createClusterCa()
const ownCa = await controlPlane.createClusterCa()
const directory = t.testdir({ 'config.yaml': '' })
const file = (name: string): string => `${directory}/${name}`
const bundleOf = (...cas: readonly { certificatePem: string }[]): string =>
  Buffer.from(cas.map(({ certificatePem }) => `${certificatePem.trim()}\n`).join('')).toString('base64')

const apply = async (...objects: object[]): Promise<void> => {
  const list = JSON.stringify({ apiVersion: 'v1', kind: 'List', items: objects })
  const { code, stderr } = await controlPlane.kubectl(['apply', '-f', '-'], list)
  if (code !== 0) throw new Error(stderr)
}
interface Printed {
  readonly code: number
  readonly text: string
  readonly json: { readonly rows: readonly { name: string; state: string; message: string }[] }
}
const preflight = async (more: object = {}): Promise<Printed> => {
  let text = ''
  const code = await caPreflight(
    {
      kubeconfig,
      config: file('config.yaml'),
      output: [
        { format: 'text', file: undefined },
        { format: 'json', file: file('preflight.json') }
      ],
      ...more
    },
    { stdout: (part) => (text += part) },
    { environment: {} }
  )
  const json = JSON.parse(readFileSync(file('preflight.json'), 'utf8')) as Printed['json']
  const errors = schemaErrors('preflight', json, { closed: true })
  if (errors.length > 0) throw new Error(errors.join('\n'))

  return { code, text, json }
}
const stateOf = ({ json }: Printed, name: string): string | undefined =>
  json.rows.find((row) => row.name.includes(name))?.state

/** Runs what is printed, as a shell does. */
const binaries = await findBinaries()
const paste = async (command: string): Promise<void> => {
  const env = { ...process.env, PATH: `${dirname(binaries.kubectl)}:${process.env['PATH'] ?? ''}` }
  const { code, text } = await run('sh', ['-c', command], { env })
  if (code !== 0) throw new Error(`${command.slice(0, 120)}: ${text}`)
}
const commandsIn = ({ text }: Printed): string[] =>
  text.split('\n').flatMap((line) => /^ {5}((?:kubectl|printf) .*)$/.exec(line)?.[1] ?? [])

const service = { namespace: 'default', name: 'nothing' }
const rules = [
  { apiGroups: ['x.example.com'], apiVersions: ['v1'], operations: ['CREATE'], resources: ['xs'] }
]
const configuration = (kind: string, name: string, webhook: string, clientConfig: object): object => ({
  apiVersion: 'admissionregistration.k8s.io/v1',
  kind,
  metadata: { name },
  webhooks: [
    {
      name: webhook,
      clientConfig,
      rules,
      failurePolicy: 'Ignore',
      sideEffects: 'None',
      admissionReviewVersions: ['v1']
    }
  ]
})
const loopback = {
  ...configuration('MutatingWebhookConfiguration', 'pod-identity-webhook', 'iam-for-pods.amazonaws.com', {
    url: 'https://127.0.0.1:1/mutate',
    caBundle: bundleOf(outgoing)
  })
}
const version = (name: string, storage: boolean): object => ({
  name,
  served: true,
  storage,
  schema: { openAPIV3Schema: { type: 'object' } }
})
const objects = [
  loopback,
  configuration('ValidatingWebhookConfiguration', 'own-ca', 'own.example.com', {
    service,
    caBundle: bundleOf(ownCa)
  }),
  configuration('ValidatingWebhookConfiguration', 'two-cas', 'two.example.com', {
    service,
    caBundle: bundleOf(ownCa, outgoing)
  }),
  configuration('ValidatingWebhookConfiguration', 'vpc-resource-validating-webhook', 'vpc.example.com', {
    url: 'https://127.0.0.1:2/validate',
    caBundle: bundleOf(outgoing)
  }),
  {
    apiVersion: 'apiregistration.k8s.io/v1',
    kind: 'APIService',
    metadata: { name: 'v1.metrics.example.com' },
    spec: {
      ...{ service, group: 'metrics.example.com', version: 'v1', versionPriority: 1 },
      ...{ groupPriorityMinimum: 1, caBundle: bundleOf(outgoing) }
    }
  },
  {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: 'carts.shop.example.com' },
    spec: {
      group: 'shop.example.com',
      scope: 'Namespaced',
      names: { plural: 'carts', kind: 'Cart' },
      versions: [version('v1', true), version('v2', false)],
      conversion: {
        strategy: 'Webhook',
        webhook: {
          conversionReviewVersions: ['v1'],
          clientConfig: { service, caBundle: bundleOf(outgoing) }
        }
      }
    }
  }
]
const deployment = {
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'old', namespace: 'default' },
  spec: {
    selector: { matchLabels: { app: 'old' } },
    template: {
      metadata: { labels: { app: 'old' } },
      spec: { terminationGracePeriodSeconds: 0, containers: [{ name: 'app', image: 'a' }] }
    }
  }
}
const node = async (name: string): Promise<void> => {
  await apply({ apiVersion: 'v1', kind: 'Node', metadata: { name } })
  const status = { status: { nodeInfo: { kubeletVersion: 'v1.35.0-eks-1' } } }
  const args = ['patch', 'node', name, '--subresource=status', '--type=merge', '-p', JSON.stringify(status)]
  const { code, stderr } = await controlPlane.kubectl(args)
  if (code !== 0) throw new Error(stderr)
}
const runningPods = async (): Promise<string[]> => {
  const { stdout } = await controlPlane.kubectl([
    ...['get', 'pods', '-l', 'app=old', '--field-selector=status.phase=Running'],
    ...['-o', 'jsonpath={range .items[*]}{.metadata.name} {.status.startTime}{"\\n"}{end}']
  ])
  return stdout.split('\n').filter((line) => line !== '')
}

await apply(...objects, deployment)
await node('node-a')
let current = 'node-a'
const stopKubelet = startStandInKubelet(controlPlane, () => current)
t.teardown(stopKubelet)
const [oldPod = ''] = await waitFor('a running pod', async () => {
  const pods = await runningPods()
  return pods.length === 1 && pods
})

t.test('with one CA, nothing is to be done', async (t) => {
  const before = await preflight()
  t.match(before, { code: 0, text: /^✓ one CA: / })
  t.notMatch(before.text, /In this order/)
})

t.test('with two CAs, it prints what adds the successor in the right order', async (t) => {
  // Times in the API server have whole seconds.
  await waitFor('the next second', async () => Date.now() - Date.parse(oldPod.split(' ')[1] ?? '') > 1000)
  await controlPlane.publishClusterCas([outgoing, successor])
  const entry = (server: string, ca: { certificatePem: string }): object => ({
    server,
    'certificate-authority-data': bundleOf(ca)
  })
  writeFileSync(
    file('ci.kubeconfig'),
    JSON.stringify({
      apiVersion: 'v1',
      kind: 'Config',
      clusters: [
        { name: 'this one', cluster: entry(url, outgoing) },
        { name: 'another', cluster: entry('https://203.0.113.1', ownCa) }
      ]
    })
  )
  const options = { checkKubeconfig: [file('ci.kubeconfig')] }
  const found = await preflight(options)
  t.equal(found.code, 1)
  t.match(found.text, /^✗ several CAs: CN=kubernetes .* signs now; .*\n/)
  t.strictSame(
    Object.fromEntries(found.json.rows.map(({ name, state }) => [name.replace(directory, ''), state])),
    {
      'ConfigMap kube-root-ca.crt': 'ok',
      'MutatingWebhookConfiguration pod-identity-webhook, webhook iam-for-pods.amazonaws.com': 'lacks',
      'ValidatingWebhookConfiguration vpc-resource-validating-webhook, webhook vpc.example.com': 'ok',
      'ValidatingWebhookConfiguration own-ca, webhook own.example.com': 'ok',
      'ValidatingWebhookConfiguration two-cas, webhook two.example.com': 'lacks',
      'APIService v1.metrics.example.com': 'lacks',
      'CustomResourceDefinition carts.shop.example.com': 'lacks',
      [`${kubeconfig}, cluster control-plane`]: 'ok',
      '/ci.kubeconfig, cluster this one': 'lacks',
      nodes: 'lacks',
      'Deployment default/old': 'unknown'
    }
  )
  const commands = commandsIn(found)
  t.strictSame(
    commands.map((command) =>
      command.replace(/ --kubeconfig \S+/, '').replace(/ (?:-n|--type|\S{100,}) .*/, '')
    ),
    [
      'kubectl patch mutatingwebhookconfiguration pod-identity-webhook',
      'kubectl patch validatingwebhookconfiguration two-cas',
      'kubectl patch apiservice v1.metrics.example.com',
      'kubectl patch customresourcedefinition carts.shop.example.com',
      'printf %s',
      'kubectl rollout restart deployment/old'
    ],
    'the webhook whose failure no error shows comes first'
  )

  await t.test('and running it as printed leaves nothing that lacks the successor', async (t) => {
    for (const command of commands) await paste(command)
    await controlPlane.kubectl(['delete', 'node', 'node-a'])
    await node('node-b')
    current = 'node-b'
    await waitFor('a new pod', async () => {
      const pods = await runningPods()
      return pods.length === 1 && pods[0] !== oldPod
    })
    const after = await preflight(options)
    t.equal(after.code, 0, after.text)
    t.match(
      (await controlPlane.kubectl(['get', 'validatingwebhookconfiguration', 'two-cas', '-o', 'json'])).stdout,
      bundleOf(outgoing, successor, ownCa),
      'another CA of the bundle is kept'
    )
  })

  await t.test('a patch changes nothing once the bundle has changed', async (t) => {
    const [first = ''] = commands
    const env = { ...process.env, PATH: `${dirname(binaries.kubectl)}:${process.env['PATH'] ?? ''}` }
    t.match(await run('sh', ['-c', first], { env }), { code: 1 })
  })
})

t.test('after the activation, it lists the pods that came up without their role', async (t) => {
  await controlPlane.serveWith(successor)
  await apply({
    apiVersion: 'v1',
    kind: 'ServiceAccount',
    metadata: {
      name: 'cart',
      namespace: 'default',
      annotations: { 'eks.amazonaws.com/role-arn': 'arn:aws:iam::111122223333:role/cart' }
    }
  })
  const { spec } = deployment
  const template = { ...spec.template, spec: { ...spec.template.spec, serviceAccountName: 'cart' } }
  await apply({
    ...deployment,
    metadata: { name: 'cart', namespace: 'default' },
    spec: { ...spec, template }
  })
  const found = await waitFor('a pod without its role', async () => {
    const now = await preflight()
    return stateOf(now, 'Deployment default/cart') === 'lacks' && now
  })
  t.equal(found.code, 1)
  t.match(
    found.text,
    /role {8}Deployment default\/cart\n +cart-\S+: created since \S+ without the role of the service account/
  )
  t.match(commandsIn(found), [/^kubectl --kubeconfig \S+ rollout restart deployment\/cart -n default$/])
})

t.test('what may not be read is undetermined, with the command that shows the missing right', async (t) => {
  const stranger = await controlPlane.clientCertificate('stranger')
  await writeKubeconfig(file('stranger'), url, controlPlane.caFile, 'stranger', clientCertificate(stranger))
  const found = await preflight({ kubeconfig: file('stranger') })
  t.equal(found.code, 2)
  for (const right of [
    'get configmaps/kube-root-ca.crt -n kube-system',
    'list mutatingwebhookconfigurations.admissionregistration.k8s.io',
    'list customresourcedefinitions.apiextensions.k8s.io',
    'list apiservices.apiregistration.k8s.io',
    'list nodes',
    'list pods -A'
  ])
    t.match(found.text, `kubectl auth can-i ${right} --kubeconfig ${file('stranger')}\n`)
})

t.test('without access to EKS, the cluster alone is judged', async (t) => {
  const found = await preflight({ aws: true })
  t.match(found.json.rows[0], {
    name: 'certificate authorities',
    state: 'unknown',
    message: 'the EKS cluster is not known; name it with --cluster-arn, or use its own kubeconfig'
  })
})
