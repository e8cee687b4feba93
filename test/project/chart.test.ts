import { readFileSync } from 'node:fs'
import t from 'tap'
import { parse } from 'yaml'
import { chartFiles } from '../../scripts/chart.ts'
import { parseConfig } from '../../src/config.js'
import { rules } from '../../src/rules/index.js'
import { findBinaries } from '../control-plane/binaries.ts'
import { run } from '../control-plane/run.ts'
import { chart, findHelms, type KubeObject, objectsOf } from '../support/helm.ts'

const helms = await findHelms(t.testdir())
const release = ['irsa-guard', chart, '--namespace', 'irsa-guard']
const [helm3] = helms
const render = async (values: object = {}, ...args: string[]): Promise<ReadonlyMap<string, KubeObject>> => {
  const { code, stdout, stderr } = (await helm3?.run(
    ['template', ...release, '--values', '-', ...args],
    JSON.stringify(values)
  )) ?? { code: 1, stdout: '', stderr: 'no Helm' }
  if (code !== 0) throw new Error(stderr)

  return objectsOf(stdout)
}

t.test('the generated files of the chart are those of npm run chart', async (t) => {
  for (const [path, content] of chartFiles())
    t.equal(readFileSync(path, 'utf8'), content, `${path}: run npm run chart`)
})

t.test('the chart has the version of the package', async (t) => {
  const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string }
  t.match(parse(readFileSync(`${chart}/Chart.yaml`, 'utf8')), { version, appVersion: version })
})

t.test('with default values, it renders the objects of manifests/', async (t) => {
  const { kubectl } = await findBinaries()
  const kustomized = new Map(objectsOf((await run(kubectl, ['kustomize', 'manifests'])).stdout))
  t.ok(kustomized.delete('Namespace/irsa-guard'), 'Helm creates the namespace of a release')
  t.ok(kustomized.size > 20)

  for (const helm of helms) {
    const { code, stdout, stderr } = await helm.run(['template', ...release])
    t.strictSame([code, stderr], [0, ''], helm.name)
    const rendered = objectsOf(stdout)
    t.strictSame([...rendered.keys()].sort(), [...kustomized.keys()].sort(), helm.name)
    for (const [key, object] of kustomized)
      t.strictSame(comparable(rendered.get(key)), comparable(object), `${helm.name}: ${key}`)
    t.match(await helm.run(['lint', '--strict', chart]), { code: 0 }, helm.name)
  }
})

t.test('values that the configuration or the chart does not know are refused', async (t) => {
  const table: readonly (readonly [values: object, message: RegExp])[] = [
    [{ config: { mode: 'block' } }, /config\/mode|config\.mode/],
    [{ config: { mood: 'warn' } }, /mood/],
    [{ config: { eks: { clusterArn: 'prod' } } }, /clusterArn/],
    [{ server: { replicas: 3 } }, /server/],
    [{ serve: { replicas: 0 } }, /replicas/],
    [{ image: { digest: 'sha256:abc' } }, /digest/],
    [{ aws: { roleArn: 'arn:aws:iam::111122223333:user/irsa-guard' } }, /roleArn/],
    [{ networkPolicy: { controlPlaneCidrs: [] } }, /controlPlaneCidrs/],
    [{ certificates: { existingSecret: 'tls' } }, /caBundle/],
    [{ certificates: { existingSecret: 'tls', caBundle: '-----BEGIN' } }, /caBundle/],
    [{ certificates: { caBundle: 'AAAA' } }, /existingSecret/],
    [{ certificates: { certManager: { enabled: true } } }, /name/],
    [
      {
        certificates: {
          existingSecret: 'tls',
          caBundle: 'AAAA',
          certManager: { enabled: true, issuerRef: { name: 'ca' } }
        }
      },
      /enabled/
    ]
  ]
  for (const helm of helms)
    for (const [values, stderr] of table)
      t.match(
        await helm.run(['template', ...release, '--values', '-'], JSON.stringify(values)),
        { code: 1, stderr },
        `${helm.name}: ${JSON.stringify(values)}`
      )
})

t.test('values reach the objects', async (t) => {
  const objects = await render({
    global: { other: 'chart' },
    image: {
      registry: 'registry.example.com/team',
      digest: `sha256:${'a'.repeat(64)}`,
      pullSecrets: [{ name: 'a' }]
    },
    config: {
      mode: 'enforce',
      annotationPrefix: 'aws.example',
      server: { port: 9444 },
      rules: { 'role-missing': { severity: 'off' } }
    },
    aws: { roleArn: 'arn:aws:iam::111122223333:role/irsa-guard' },
    serve: {
      replicas: 3,
      hostNetwork: true,
      env: [{ name: 'AWS_REGION', value: 'eu-west-1' }],
      podLabels: { team: 'platform' }
    },
    controller: { tolerations: [{ operator: 'Exists' }], podAnnotations: { note: 'a' } },
    priorityClass: { create: false, name: 'system-cluster-critical' },
    podDisruptionBudget: { minAvailable: '50%' },
    networkPolicy: { controlPlaneCidrs: ['10.0.0.0/28'] },
    monitoring: {
      labels: { release: 'prometheus' },
      serviceMonitor: { enabled: true, interval: '30s' },
      prometheusRule: { enabled: true }
    }
  })
  const roleAnnotation = { 'aws.example/role-arn': 'arn:aws:iam::111122223333:role/irsa-guard' }
  const image = `registry.example.com/team/irsa-guard@sha256:${'a'.repeat(64)}`
  const expected: Readonly<Record<string, object>> = {
    'ServiceAccount/irsa-guard/irsa-guard-serve': { metadata: { annotations: roleAnnotation } },
    'ServiceAccount/irsa-guard/irsa-guard-controller': { metadata: { annotations: roleAnnotation } },
    'ServiceAccount/irsa-guard-canary/irsa-guard-canary': {
      metadata: {
        annotations: { 'aws.example/role-arn': 'arn:aws:iam::000000000000:role/irsa-guard-canary' }
      }
    },
    'Deployment/irsa-guard/irsa-guard-serve': {
      spec: {
        replicas: 3,
        template: {
          metadata: { labels: { 'app.kubernetes.io/name': 'irsa-guard-serve', team: 'platform' } },
          spec: {
            hostNetwork: true,
            dnsPolicy: 'ClusterFirstWithHostNet',
            priorityClassName: 'system-cluster-critical',
            imagePullSecrets: [{ name: 'a' }],
            containers: [
              { image, env: [{ name: 'AWS_REGION', value: 'eu-west-1' }], ports: [{ containerPort: 9444 }] }
            ]
          }
        }
      }
    },
    'Deployment/irsa-guard/irsa-guard-controller': {
      spec: {
        template: {
          metadata: { annotations: { note: 'a' } },
          spec: { tolerations: [{ operator: 'Exists' }], containers: [{ image }] }
        }
      }
    },
    'PodDisruptionBudget/irsa-guard/irsa-guard-serve': { spec: { minAvailable: '50%' } },
    'NetworkPolicy/irsa-guard/irsa-guard-serve': {
      spec: { ingress: [{ from: [{ ipBlock: { cidr: '10.0.0.0/28' } }], ports: [{ port: 9444 }] }] }
    },
    'ServiceMonitor/irsa-guard/irsa-guard': {
      metadata: { labels: { release: 'prometheus' } },
      spec: { endpoints: [{ port: 'health', interval: '30s' }] }
    },
    'Service/irsa-guard/irsa-guard-serve-metrics': {},
    'Service/irsa-guard/irsa-guard-controller-metrics': {},
    'PrometheusRule/irsa-guard/irsa-guard': {
      metadata: { labels: { release: 'prometheus' } },
      spec: parse(readFileSync('manifests/monitoring/alerts.yaml', 'utf8')) as object
    }
  }
  for (const [key, pattern] of Object.entries(expected)) t.match(objects.get(key), pattern, key)
  t.notOk(objects.has('PriorityClass/irsa-guard'))
  t.strictSame(
    objects.get('PrometheusRule/irsa-guard/irsa-guard')?.['spec'],
    parse(readFileSync('manifests/monitoring/alerts.yaml', 'utf8')),
    'the alerts are those of manifests/'
  )
  const config = parseConfig(
    configTextOf(objects.get('ConfigMap/irsa-guard/irsa-guard-config')),
    'config.yaml',
    [...rules.map(({ id }) => id)]
  )
  t.match(config, { mode: 'enforce', server: { port: 9444, healthPort: 8080 } })
})

const certificateRights = [
  'Role/irsa-guard/irsa-guard-controller',
  'RoleBinding/irsa-guard/irsa-guard-controller'
]
const ways = {
  existingSecret: { certificates: { existingSecret: 'my-cert', caBundle: 'AAAA' } },
  certManager: {
    certificates: { certManager: { enabled: true, issuerRef: { name: 'internal', kind: 'ClusterIssuer' } } },
    config: { tls: { hosts: ['guard.example.com', '10.0.0.7', 'fd00::7'], managed: true } }
  }
}

t.test('with certificates from elsewhere, only what concerns them differs', async (t) => {
  const standard = await render()
  for (const [way, values] of Object.entries(ways)) {
    const objects = await render(values)
    t.strictSame(
      [...objects.keys()].filter((key) => !standard.has(key)),
      way === 'certManager' ? ['Certificate/irsa-guard/irsa-guard'] : [],
      way
    )
    t.strictSame(
      [...standard.keys()].filter((key) => !objects.has(key)).sort(),
      certificateRights,
      'the controller cannot touch Secrets'
    )
    const changed = [...objects].filter(
      ([key, object]) => standard.has(key) && JSON.stringify(object) !== JSON.stringify(standard.get(key))
    )
    t.strictSame(
      changed.map(([key]) => key).sort(),
      [
        'ConfigMap/irsa-guard/irsa-guard-config',
        ...(way === 'existingSecret' ? ['Deployment/irsa-guard/irsa-guard-serve'] : []),
        'NetworkPolicy/irsa-guard/irsa-guard-serve',
        'ValidatingWebhookConfiguration/irsa-guard'
      ],
      way
    )
    const text = configTextOf(objects.get('ConfigMap/irsa-guard/irsa-guard-config'))
    t.match(parseConfig(text, 'config.yaml', []), {
      tls: { managed: false, certFile: '/etc/irsa-guard/tls/tls.crt' }
    })
    t.match(objects.get('NetworkPolicy/irsa-guard/irsa-guard-serve'), {
      spec: {
        ingress: [
          {
            from: [
              {},
              {},
              { podSelector: { matchLabels: { 'app.kubernetes.io/name': 'irsa-guard-controller' } } }
            ]
          }
        ]
      }
    })
  }
})

t.test('certificates of your own', async (t) => {
  const objects = await render(ways.existingSecret)
  t.match(objects.get('ValidatingWebhookConfiguration/irsa-guard'), {
    webhooks: [{ clientConfig: { caBundle: 'AAAA' } }, { clientConfig: { caBundle: 'AAAA' } }]
  })
  t.match(objects.get('Deployment/irsa-guard/irsa-guard-serve'), {
    spec: { template: { spec: { volumes: [{}, { secret: { secretName: 'my-cert' } }] } } }
  })
})

// The fields of the Certificate: https://cert-manager.io/docs/reference/api-docs/#cert-manager.io/v1.CertificateSpec
t.test('a certificate from cert-manager', async (t) => {
  const objects = await render(ways.certManager, '--namespace', 'guard')
  t.match(objects.get('ValidatingWebhookConfiguration/irsa-guard'), {
    metadata: { annotations: { 'cert-manager.io/inject-ca-from': 'guard/irsa-guard' } }
  })
  t.strictSame(objects.get('Certificate/guard/irsa-guard')?.['spec'], {
    secretName: 'irsa-guard-serving-cert',
    issuerRef: { name: 'internal', kind: 'ClusterIssuer', group: 'cert-manager.io' },
    privateKey: { algorithm: 'ECDSA', size: 256, rotationPolicy: 'Always' },
    usages: ['digital signature', 'key encipherment', 'server auth'],
    dnsNames: ['irsa-guard.guard.svc', 'irsa-guard.guard.svc.cluster.local', 'guard.example.com'],
    ipAddresses: ['10.0.0.7', 'fd00::7']
  })
})

t.test('in another namespace, no object names the default one', async (t) => {
  const { stdout } = (await helm3?.run(['template', 'irsa-guard', chart, '--namespace', 'guard'])) ?? {
    stdout: ''
  }
  const objects = objectsOf(stdout)
  t.ok(objects.has('Deployment/guard/irsa-guard-serve'))
  t.notMatch(stdout, /^\s*namespace: irsa-guard$|values: \[irsa-guard\]|serviceaccount:irsa-guard:/m)
})

const configTextOf = (object: KubeObject | undefined): string =>
  (object?.['data'] as Record<string, string> | undefined)?.['config.yaml'] ?? ''

/**
 * An object as it can be compared. The configuration in the ConfigMap is text, and that of manifests/ has comments.
 * Kustomize and the YAML library fold the lines of long expressions differently.
 */
function comparable(object: KubeObject | undefined): unknown {
  const text = configTextOf(object)
  const parsed = text === '' ? object : { ...object, data: { 'config.yaml': parse(text) as unknown } }

  return JSON.parse(JSON.stringify(parsed), (_, value: unknown) =>
    typeof value === 'string' ? value.split(/\s+/).join(' ') : value
  )
}
