import { readdirSync, readFileSync } from 'node:fs'
import { dirname } from 'node:path'
import t from 'tap'
import { parseAllDocuments } from 'yaml'
import { ownWebhooks } from '../../src/ca-bundle/guarded-webhooks.js'
import { parseConfig } from '../../src/config.js'
import { canaryAccount, canaryNamespace, ownNames } from '../../src/controller/own-names.js'
import { canaryRole } from '../../src/controller/probes/canary.js'
import { rules } from '../../src/rules/index.js'

/** The parts of the manifests that are read here. */
interface Document {
  kind: string
  metadata: {
    name: string
    namespace?: string
    labels?: Record<string, string>
    annotations?: Record<string, string>
  }
  data: Record<string, string>
  webhooks: {
    name: string
    timeoutSeconds: number
    clientConfig: { service: { namespace: string; name: string } }
  }[]
  spec: { ports: { port: number }[]; template: { spec: PodSpec } }
}
interface PodSpec {
  containers: {
    args: string[]
    ports: { containerPort: number }[]
    volumeMounts: { name: string; mountPath: string }[]
  }[]
  volumes: { name: string; secret?: { secretName: string }; configMap?: { name: string } }[]
}

const documents = readdirSync('manifests')
  .filter((file) => file.endsWith('.yaml') && file !== 'kustomization.yaml')
  .flatMap((file) =>
    parseAllDocuments(readFileSync(`manifests/${file}`, 'utf8')).map(
      (document) => document.toJSON() as Document
    )
  )

function read(kind: string, name: string): Document {
  const found = documents.find((document) => document.kind === kind && document.metadata.name === name)
  if (found === undefined) throw new Error(`there is no ${kind} ${name}`)
  return found
}

const configuration = parseConfig(
  read('ConfigMap', 'irsa-guard-config').data['config.yaml'] ?? '',
  'config.yaml',
  rules.map(({ id }) => id)
)
const webhooks = read('ValidatingWebhookConfiguration', ownNames.webhookConfiguration).webhooks

t.test('the configuration fits the deployments', async (t) => {
  const { containers, volumes } = read('Deployment', 'irsa-guard-serve').spec.template.spec
  const [container] = containers
  const folderOf = (volume: string | undefined): string | undefined =>
    container?.volumeMounts.find(({ name }) => name === volume)?.mountPath
  const secret = volumes.find((volume) => volume.secret?.secretName === ownNames.servingSecret)

  t.strictSame(
    container?.ports.map(({ containerPort }) => containerPort),
    [configuration.server.port, configuration.server.healthPort]
  )
  t.equal(dirname(configuration.tls.certFile), folderOf(secret?.name))
  t.equal(dirname(configuration.tls.keyFile), folderOf(secret?.name))
  const configFile = `${folderOf('config') ?? ''}/config.yaml`
  t.strictSame(container?.args, ['serve', '--config', configFile])
  t.match(read('Deployment', 'irsa-guard-controller').spec.template.spec.containers[0]?.args, [
    'controller',
    '--config',
    configFile
  ])
  for (const file of ['serve', 'controller'])
    t.notMatch(
      readFileSync(`manifests/${file}.yaml`, 'utf8'),
      /subPath:/,
      'the kubelet never updates a file mounted by subPath'
    )
  for (const { timeoutSeconds } of webhooks) t.ok(configuration.server.deadline < timeoutSeconds * 1000)
})

t.test('the code knows the objects by their names', async (t) => {
  const { name, namespace } = read('Service', ownNames.service).metadata
  for (const { clientConfig } of webhooks) t.match(clientConfig.service, { name, namespace })
  t.strictSame(
    webhooks.map((webhook) => webhook.name),
    ownWebhooks
  )
  t.match(read('ServiceAccount', canaryAccount).metadata, {
    namespace: canaryNamespace,
    annotations: { 'eks.amazonaws.com/role-arn': canaryRole }
  })
})

t.test(
  'what denies bears the label by which it is switched off, even when its file is applied alone',
  async (t) => {
    const denying = documents.filter(({ kind }) =>
      /^(?:ValidatingAdmissionPolicyBinding|(?:Validating|Mutating)WebhookConfiguration)$/.test(kind)
    )
    t.ok(denying.length > 3)
    for (const { metadata } of denying)
      t.match(metadata, { labels: { 'app.kubernetes.io/part-of': 'irsa-guard' } }, metadata.name)
  }
)
