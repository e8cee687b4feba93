import { readFileSync, writeFileSync } from 'node:fs'
import t from 'tap'
import { parseAllDocuments } from 'yaml'
import { startGuard } from '../control-plane/guard.ts'
import { startIdentityWebhook } from '../control-plane/identity-webhook.ts'
import { findIdentityWebhook } from '../control-plane/identity-webhook-binary.ts'
import type { Fault } from '../control-plane/identity-webhook-stand-in.ts'
import { startControlPlane } from '../control-plane/start.ts'
import { waitFor } from '../control-plane/wait.ts'
import {
  guardOptionsFor,
  kubectlWith,
  namespace,
  role,
  serviceAccount,
  standInWith,
  startTrustingIam
} from '../support/pod-cluster.js'

const container = (name: string, more: object = {}): object => ({ name, image: 'a', ...more })
const template = (more: object = {}): object => ({
  metadata: { labels: { app: 'cart' } },
  spec: { serviceAccountName: 'cart', containers: [container('app'), container('proxy')], ...more }
})
const deployment = (space: string, { labels = {}, spec = {}, replicas = 2 } = {}): object => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'cart', namespace: space, labels },
  spec: { replicas, selector: { matchLabels: { app: 'cart' } }, template: template(spec) }
})
const job = (space: string): object => ({
  apiVersion: 'batch/v1',
  kind: 'Job',
  metadata: { name: 'report', namespace: space },
  spec: { backoffLimit: 0, template: template({ restartPolicy: 'Never' }) }
})
const pod = (space: string, { name = 'alone', metadata = {}, spec = {} } = {}): object => ({
  ...template(spec),
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, namespace: space, ...metadata }
})

/** The first line of what pods without their role are denied with, and warned about. */
const notMutated = `pod-not-mutated: service account cart requests role ${role}, but no container in the pod received it`

const controlPlane = await startControlPlane()
t.teardown(() => controlPlane.stop())
const kubectl = kubectlWith(controlPlane)
const iam = await startTrustingIam(controlPlane.issuer)
t.teardown(() => iam.close())
const faultFile = `${t.testdir()}/fault`
const setFault = (fault: Fault): void => writeFileSync(faultFile, fault)

// Faults are played by a stand-in; everything else by the real one, where it can be had.
const isReal = await findIdentityWebhook().then(
  () => true,
  () => false
)
t.comment(
  isReal ? 'with the real identity webhook' : 'with a stand-in: the real identity webhook cannot be had here'
)
let webhook = await startIdentityWebhook(controlPlane, isReal ? {} : { command: standInWith(faultFile) })
t.teardown(() => webhook.stop())
const guard = await startGuard(controlPlane, guardOptionsFor(iam))
t.teardown(() => guard.stop())

await kubectl('apply -f -', namespace('enforced', { 'irsa-guard.io/pods': 'enforce' }), namespace('warned'))
t.match(await kubectl('apply -f -', serviceAccount('enforced'), serviceAccount('warned')), { code: 0 })

/** Whoever repairs or breaks the identity webhook's registration does it past our own policy. */
const register = async (configuration: object): Promise<void> => {
  t.match(
    await kubectl(
      'apply -f - --as=anna --as-group=system:masters --as-group=irsa-guard:break-glass',
      configuration
    ),
    { code: 0 }
  )
}
const registration = (change: object = {}, ca = controlPlane.clusterCa): object => {
  const configuration = webhook.configurationFor(ca.certificatePem) as { webhooks: object[] } // it is our own literal
  return { ...configuration, webhooks: configuration.webhooks.map((entry) => ({ ...entry, ...change })) }
}
/** What kubectl says to a pod in a dry run, once it says what is expected. */
const saysTo = async (object: object, expected: RegExp): Promise<string> => {
  let said = ''
  await waitFor(String(expected), async () => {
    said = (await kubectl('create --dry-run=server -f -', object)).stderr
    return expected.test(said)
  }).catch(() => undefined) // what it says instead is shown by the caller's assertion
  return said
}
const rolesOf = async (space: string, selector: string): Promise<string[]> =>
  (
    await controlPlane.kubectl([
      ...['get', 'pods', '-n', space, '-l', selector, '-o'],
      'jsonpath={range .items[*]}{.spec.containers[*].env[?(@.name=="AWS_ROLE_ARN")].value}{"\\n"}{end}'
    ])
  ).stdout
    .split('\n')
    .slice(0, -1)
const metric = async (pattern: RegExp): Promise<number> =>
  [...(await (await fetch(`${guard.serveHealth}/metrics`)).text()).matchAll(pattern)].reduce(
    (sum, [, value]) => sum + Number(value),
    0
  )

t.test('while the identity webhook works, pods get their role in silence', async (t) => {
  t.match(await saysTo(pod('enforced'), /^$/), /^$/)
  t.match(
    await kubectl(
      'create -f -',
      pod('enforced', { name: 'before', metadata: { labels: { app: 'before' } } })
    ),
    {
      code: 0,
      stderr: /^$/
    }
  )
  t.strictSame(await rolesOf('enforced', 'app=before'), [`${role} ${role}`])
  t.ok(
    (await metric(/watch_last_event_timestamp_seconds\{collection="serviceaccounts"\} (\d+)/g)) >
      1_000_000_000
  )
})

t.test(
  'a wrong bundle: no pod runs without its role, and the rollout completes by itself once it is right',
  async (t) => {
    const other = await controlPlane.createClusterCa()
    await register(registration({}, other))
    await waitFor(
      'a pod that is not mutated',
      async () => (await kubectl('create --dry-run=server -f -', pod('warned'))).stderr !== ''
    )
    t.match(
      await kubectl('apply -f -', deployment('enforced'), deployment('warned'), job('enforced')),
      { code: 0, stderr: /^$/ },
      'there is nothing wrong with the templates'
    )
    const messageOf = async (kind: string): Promise<string> => {
      const field = `involvedObject.kind=${kind},reason=FailedCreate`
      return (
        await kubectl(`get events -n enforced --field-selector ${field} -o jsonpath={.items[0].message}`)
      ).stdout
    }
    const message = await waitFor(
      'the Event of the ReplicaSet',
      async () => (await messageOf('ReplicaSet')) || undefined
    )
    t.equal(
      message.replace(/cart-\w+-/, 'cart-…-'),
      `Error creating: admission webhook "validate.irsa-guard.io" denied the request: pod enforced/cart-…-*: ${notMutated} (assuming the identity webhook's default settings, because the actual ones could not be read)
  fix: find out why the identity webhook did not mutate the pod (check its MutatingWebhookConfiguration, caBundle and process), then recreate the pod`
    )
    t.match(
      await waitFor('the Event of the Job', async () => (await messageOf('Job')) || undefined),
      notMutated
    )
    t.strictSame(await rolesOf('enforced', 'app=cart'), [])

    await waitFor(
      'pods where nothing is enforced',
      async () => (await rolesOf('warned', 'app=cart')).length === 2
    )
    t.strictSame(await rolesOf('warned', 'app=cart'), ['', ''], 'they run without their role')
    t.match(
      (await kubectl('create --dry-run=server -f -', pod('warned'))).stderr,
      /^Warning: pod-not-mutated: /
    )

    t.match(await kubectl('debug before -n enforced --image=a --attach=false -c debugger'), {
      code: 0,
      stderr: /^(?![^]*Warning)/
    })
    t.ok((await metric(/reviews_total\{kind="Pod",operation="CREATE".*\} (\d+)/g)) > 0)
    t.equal(
      await metric(/reviews_total\{kind="Pod",operation="UPDATE".*\} (\d+)/g),
      0,
      'ephemeral containers are not judged'
    )
    const containers = await kubectl(
      'get pod before -n enforced -o jsonpath={.spec.ephemeralContainers[*].name}'
    )
    t.equal(containers.stdout, 'debugger', 'even while pods are denied')

    const fixed = performance.now()
    await register(registration())
    const took = async (what: string, done: () => Promise<boolean>): Promise<string> => {
      await waitFor(what, done, 60_000)
      return `${what} after ${((performance.now() - fixed) / 1000).toFixed(1)} s`
    }
    const times = await Promise.all([
      took(
        'the pods of the ReplicaSet',
        async () => (await rolesOf('enforced', 'app=cart,!job-name')).length === 2
      ),
      took('the pod of the Job', async () => (await rolesOf('enforced', 'job-name=report')).length === 1)
    ])
    t.comment(times.join('; '))
    t.strictSame(await rolesOf('enforced', 'app=cart'), [
      `${role} ${role}`,
      `${role} ${role}`,
      `${role} ${role}`
    ])
    t.equal(
      (await kubectl('get job report -n enforced -o jsonpath={.status.failed}{.status.conditions}')).stdout,
      '',
      'the Job has not failed'
    )
  }
)

t.test('each way to fail is noticed', async (t) => {
  if (isReal) {
    await webhook.stop()
    webhook = await startIdentityWebhook(controlPlane, { command: standInWith(faultFile) })
  }
  setFault('half')
  const later = new RegExp(
    `^Warning: pod-half-mutated: container proxy got no credentials for role ${role}, although other containers did: most likely it was injected after the identity webhook ran`
  )
  for (const space of ['warned', 'enforced'])
    t.match(await saysTo(pod(space), later), later, `a container that came later is never denied, ${space}`)
  setFault('none')

  const cases: readonly (readonly [string, string, () => void | Promise<void>])[] = [
    ['stopped', notMutated, () => webhook.stop()],
    [
      'slow',
      notMutated,
      async () => {
        await webhook.start()
        setFault('slow')
        await register(registration({ timeoutSeconds: 1 }))
      }
    ],
    ['answering without a patch', notMutated, () => setFault('no-patch')],
    [
      'skipped by a selector',
      notMutated,
      async () => {
        setFault('none')
        const matchExpressions = [
          {
            key: 'kubernetes.io/metadata.name',
            operator: 'NotIn',
            values: ['enforced', 'warned', 'kube-system']
          }
        ]
        await register(registration({ namespaceSelector: { matchExpressions } }))
      }
    ]
  ]
  for (const [why, found, fail] of cases) {
    await fail()
    const warned = new RegExp(`^Warning: ${found}`)
    t.match(await saysTo(pod('warned'), warned), warned, why)
    const denied = new RegExp(`denied the request: pod enforced/alone: ${found}`)
    t.match(await saysTo(pod('enforced'), denied), denied, `${why}, enforced`)
  }

  await kubectl('label namespace kube-system irsa-guard.io/pods=enforce')
  await kubectl('apply -f -', serviceAccount('kube-system'))
  const warned = new RegExp(`^Warning: ${notMutated}`)
  t.match(await saysTo(pod('kube-system'), warned), warned, 'kube-system is never denied')
  for (const priorityClassName of ['system-node-critical', 'system-cluster-critical']) {
    t.match(
      await saysTo(pod('enforced', { spec: { priorityClassName } }), warned),
      warned,
      `${priorityClassName} is never denied`
    )
  }

  await register(registration())
  t.match(await saysTo(pod('enforced'), /^$/), /^$/, 'and all is well again')
})

t.test('what pods and accounts ask for on purpose is no failure', async (t) => {
  const bypassed = { labels: { 'eks.amazonaws.com/skip-pod-identity-webhook': 'true' } }
  t.match(
    await saysTo(pod('enforced', { metadata: bypassed }), /./),
    /^Warning: mutation-skipped: the label eks.amazonaws.com\/skip-pod-identity-webhook/
  )
  const skipping = { annotations: { 'eks.amazonaws.com/skip-containers': 'proxy' } }
  t.match(await saysTo(pod('enforced', { metadata: skipping }), /^$/), /^$/)
  const own = { containers: [container('app', { env: [{ name: 'AWS_ROLE_ARN', value: role }] })] }
  t.match(
    await saysTo(pod('enforced', { spec: own }), /./),
    /pod-half-mutated: container app lacks AWS_WEB_IDENTITY_TOKEN_FILE/,
    'one of the two keeps both away'
  )
  const initContainers = [container('init')]
  t.match(await saysTo(pod('enforced', { spec: { initContainers } }), /^$/), /^$/)
  await kubectl('apply -f -', serviceAccount('enforced', 'plain', {}))
  t.match(
    await saysTo(pod('enforced', { spec: { serviceAccountName: 'plain' } }), /^$/),
    /^$/,
    'an account without a role'
  )
})

t.test('a pod that another webhook changed after the identity webhook is never denied', async (t) => {
  await webhook.stop() // these pods have been mutated already
  for (const [file, said] of [
    ['admitted', /^Warning: pod-half-mutated: container vault-agent got no credentials[^]*\n$/],
    ['native-sidecar', /^Warning: pod-half-mutated: containers istio-proxy, istio-init got no credentials/]
  ] as const) {
    const text = readFileSync(`test/field/sidecar-after-identity-webhook/${file}.yaml`, 'utf8')
    const [account, space, admitted] = parseAllDocuments(text).map((document) => document.toJS() as object)
    if (account === undefined || space === undefined || admitted === undefined) throw new Error(file)
    await kubectl('apply -f -', space, account)
    t.match(await saysTo(admitted, said), said, file)
    t.match(await kubectl('create --dry-run=server -f -', admitted), { code: 0 }, `${file} is admitted`)
  }
  await webhook.start()
})

t.test('a template with a mistake is warned about where a person sees it, once', async (t) => {
  const env = [
    { name: 'AWS_ACCESS_KEY_ID', value: 'AKIAIOSFODNN7EXAMPLE' },
    { name: 'AWS_SECRET_ACCESS_KEY', value: 'x' }
  ]
  const spec = { containers: [container('app', { env })] }
  const applied = await kubectl('apply -f -', deployment('warned', { spec, replicas: 1 }))
  t.match(applied, { code: 0, stderr: /^Warning: static-credentials-shadow-role: / })
  t.equal(applied.stderr.match(/Warning: static-credentials-shadow-role: (?!fix)/g)?.length, 1)
  t.match(
    await kubectl('apply -f -', deployment('warned', { spec, replicas: 1, labels: { team: 'shop' } })),
    { code: 0, stderr: /^$/ },
    'only its labels'
  )
  await waitFor('its pod', async () => (await kubectl('get pods -n warned -o name')).stdout !== '')
  t.ok((await metric(/reviews_total\{kind="Deployment".*\} (\d+)/g)) > 0)
  t.equal(
    await metric(/reviews_total\{kind="ReplicaSet".*\} (\d+)/g),
    0,
    'what the Deployment makes of it is not asked about'
  )
})
