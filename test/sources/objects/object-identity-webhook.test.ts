import t from 'tap'
import { annotationNamesUnder } from '../../../src/identity-webhook/annotation-names.js'
import { defaultIdentityWebhook } from '../../../src/identity-webhook/settings.js'
import { known, unknown } from '../../../src/model/fact.js'
import { dataKeysAmong } from '../../../src/sources/objects/data-keys.js'
import { identityWebhookAmong } from '../../../src/sources/objects/object-identity-webhook.js'
import { overlaySettings } from '../../../src/sources/overlay.js'
import { configurationOf, selfManagedWebhook } from '../../support/webhooks.js'

const at = { namespace: 'aws', name: 'piw' }
const registration = configurationOf([selfManagedWebhook({ clientConfig: { service: at } })])
const service = { apiVersion: 'v1', kind: 'Service', metadata: at, spec: { selector: { app: 'piw' } } }
const workload = (container: object, { kind = 'Deployment', metadata = at, app = 'piw' } = {}): object => ({
  apiVersion: 'apps/v1',
  kind,
  metadata,
  spec: { template: { metadata: { labels: { app } }, spec: { containers: [container] } } }
})
const audience = (name: string): object => ({ args: [`--token-audience=${name}`] })
const named = { name: 'pod-identity-webhook' }

t.test('finds the settings of the identity webhook among objects', async (t) => {
  const audienceAmong = (...objects: readonly unknown[]): string | undefined =>
    identityWebhookAmong(objects)?.defaultAudience
  t.equal(
    audienceAmong(registration, service, workload({ name: 'w', ...audience('a') })),
    'a',
    'what the Service selects'
  )
  t.equal(
    audienceAmong(registration, service, workload({ name: 'w', ...audience('a') }, { kind: 'DaemonSet' })),
    'a'
  )
  t.equal(
    audienceAmong(
      registration,
      service,
      workload({ ...named, ...audience('other') }, { metadata: { namespace: 'b', name: 'piw' } }),
      workload({ ...named, ...audience('old') }),
      workload({ ...named, ...audience('a') })
    ),
    'a',
    'in its namespace, and the last of several versions'
  )
  t.equal(audienceAmong(workload({ ...named, ...audience('a') })), 'a', 'known by its name')
  t.equal(
    audienceAmong(
      registration,
      workload({ image: 'eks/amazon-eks-pod-identity-webhook:v1', ...audience('a') })
    ),
    'a',
    'known by its image'
  )
  t.equal(
    audienceAmong(registration, service, workload({ ...named }, { app: 'x' })),
    'sts.amazonaws.com',
    'no flags'
  )
  for (const [why, ...objects] of [
    ['nothing'],
    ['not objects', null, 7, { kind: 'Deployment' }],
    ['a workload that is not known', workload({ name: 'w', ...audience('a') })],
    ['several', workload(named), workload(named, { metadata: { namespace: 'b', name: 'piw' } })],
    ['a script', workload({ ...named, command: ['sh', '-c', '/webhook --token-audience=a'] })]
  ] as const)
    t.equal(identityWebhookAmong(objects), undefined, why)
  const { annotationNames } =
    identityWebhookAmong([workload({ ...named, args: ['--annotation-prefix=a.b'] })]) ?? {}
  t.strictSame(annotationNames, annotationNamesUnder('a.b'))
})

t.test('finds the ConfigMap that it watches', async (t) => {
  const watching = workload({ ...named, args: ['--watch-config-map', '--namespace=aws'] })
  const configMap = (config: string, namespace?: string): object => ({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'pod-identity-webhook', namespace },
    data: { config }
  })
  const configuredAmong = (objects: readonly unknown[], namespace?: string): unknown =>
    identityWebhookAmong(objects, namespace)?.configured
  t.strictSame(configuredAmong([watching, configMap('{}', 'aws')]), known(new Map()))
  t.strictSame(
    configuredAmong([watching, configMap('{}')], 'aws'),
    known(new Map()),
    'in the given namespace'
  )
  t.strictSame(
    configuredAmong([watching, configMap('{}', 'shop')]),
    unknown('configmap aws/pod-identity-webhook is not among the given objects')
  )
  t.match(configuredAmong([watching, configMap('{', 'aws')]), {
    state: 'unknown',
    because: /rejects its ConfigMap/
  })
})

t.test('objects win over the cluster, except for a ConfigMap that is not among them', async (t) => {
  const given = { ...defaultIdentityWebhook, defaultAudience: 'given' }
  const live = {
    ...defaultIdentityWebhook,
    defaultAudience: 'live',
    configured: known(new Map([['a/b', { role: 'r', audience: undefined }]]))
  }
  t.equal(overlaySettings(undefined, undefined), undefined)
  t.equal(overlaySettings(given, undefined), given)
  t.equal(overlaySettings(undefined, live), live)
  t.equal(overlaySettings(given, live), given)
  t.strictSame(overlaySettings({ ...given, configured: unknown('not among the given objects') }, live), {
    ...given,
    configured: live.configured
  })
})

t.test('keeps the keys of Secrets and ConfigMaps, and no values', async (t) => {
  const keys = dataKeysAmong(
    [
      {
        apiVersion: 'v1',
        kind: 'Secret',
        metadata: { name: 'aws' },
        data: { a: 'x' },
        stringData: { b: 'x' }
      },
      { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'aws', namespace: 'shop' }, data: { c: 'x' } },
      { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'aws', namespace: 'shop' } },
      { apiVersion: 'v2', kind: 'Secret' },
      { apiVersion: 'v1', kind: 'Service' },
      null
    ],
    'team'
  )
  t.strictSame(
    keys,
    new Map([
      ['team', new Map([['Secret/aws', new Set(['a', 'b'])]])],
      ['shop', new Map([['ConfigMap/aws', new Set()]])]
    ])
  )
})
