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
    [{ networkPolicy: { controlPlaneCidrs: [] } }, /controlPlaneCidrs/]
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
