import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { Readable } from 'node:stream'
import { text as readStream } from 'node:stream/consumers'
import t from 'tap'
import { waitForIdentity, type WaitOptions } from '../../src/commands/wait.js'
import type { WaitReport } from '../../src/output/wait-text.js'
import { startIdentityWebhook } from '../control-plane/identity-webhook.ts'
import type { Fault } from '../control-plane/identity-webhook-stand-in.ts'
import { clientCertificate, writeKubeconfig } from '../control-plane/kubeconfig.ts'
import { startControlPlane } from '../control-plane/start.ts'
import { waitFor } from '../control-plane/wait.ts'
import { eksAssociation, startFakeEks } from '../support/fake-eks.js'
import { kubectlWith, namespace, role, serviceAccount, standInWith } from '../support/pod-cluster.js'
import { schemaErrors } from '../support/schemas.js'

const clusterArn = 'arn:aws:eks:eu-west-1:111122223333:cluster/prod'
const [controlPlane, eks] = await Promise.all([startControlPlane(), startFakeEks()])
t.teardown(() => eks.close())
t.teardown(() => controlPlane.stop())
const kubectl = kubectlWith(controlPlane)
// The AWS SDK reads the environment of its own process, which is the test's.
Object.assign(process.env, {
  AWS_ENDPOINT_URL: eks.url,
  AWS_ACCESS_KEY_ID: 'a',
  AWS_SECRET_ACCESS_KEY: 's',
  AWS_REGION: 'us-east-1'
})
const directory = t.testdir({ 'config.yaml': `eks: { endpoint: "${eks.url}" }\n` })
const [identities, faultFile] = [`${directory}/identities.json`, `${directory}/fault`]
const webhookKnows = (...names: readonly string[]): void =>
  writeFileSync(
    identities,
    JSON.stringify({ identities: names.map((serviceAccount) => ({ namespace: 'shop', serviceAccount })) })
  )
const setFault = (fault: Fault): void => writeFileSync(faultFile, fault)
webhookKnows()
const webhook = await startIdentityWebhook(controlPlane, { command: standInWith(faultFile), identities })
t.teardown(() => webhook.stop())

const template = {
  metadata: { labels: { app: 'cart' } },
  spec: { serviceAccountName: 'cart', containers: [{ name: 'app', image: 'a' }] }
}
const labelled = { selector: { matchLabels: { app: 'cart' } }, template }
const named = (apiVersion: string, kind: string, spec: object): object => ({
  apiVersion,
  kind,
  metadata: { name: 'cart', namespace: 'shop' },
  spec
})
const claim = {
  metadata: { name: 'data' },
  spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } }
}
const withClaim = {
  ...template,
  spec: {
    serviceAccountName: 'cart',
    containers: [{ name: 'app', image: 'a', volumeMounts: [{ name: 'data', mountPath: '/data' }] }]
  }
}
const jobTemplate = { spec: { template: { spec: { ...template.spec, restartPolicy: 'Never' } } } }
const applied = await kubectl(
  'apply -f -',
  namespace('shop'),
  serviceAccount('shop'),
  serviceAccount('shop', 'plain', {}),
  serviceAccount('shop', 'malformed', { 'eks.amazonaws.com/role-arn': 'arn:aws:iam::111122223333:policy/a' }),
  named('apps/v1', 'Deployment', { ...labelled, replicas: 0 }),
  named('apps/v1', 'StatefulSet', {
    ...labelled,
    replicas: 0,
    serviceName: 'cart',
    template: withClaim,
    volumeClaimTemplates: [claim]
  }),
  named('apps/v1', 'DaemonSet', labelled),
  named('batch/v1', 'CronJob', { schedule: '0 0 1 1 *', suspend: true, jobTemplate })
)
t.equal(applied.code, 0, applied.stderr)

const base: WaitOptions = {
  kubeconfig: controlPlane.kubeconfig,
  namespace: 'shop',
  output: [{ format: 'json', file: undefined }],
  timeout: 60_000
}
interface Ended {
  readonly code: number
  readonly report: WaitReport
  readonly stderr: string
}
/** Runs the command; `onWaiting` is called with each reason that it prints. */
async function wait(
  object: string,
  options: Partial<WaitOptions> = {},
  { interrupted, onWaiting }: { interrupted?: AbortSignal; onWaiting?: (stderr: string) => void } = {}
): Promise<Ended> {
  let [stdout, stderr] = ['', '']
  const terminal = {
    stdin: Readable.from([]),
    stdout: (text: string) => (stdout += text),
    stderr: (text: string) => {
      stderr += text
      onWaiting?.(text)
    }
  }
  const surroundings = { interval: 50, ...(interrupted && { interrupted }) }
  const code = await waitForIdentity(object.split(' '), { ...base, ...options }, terminal, surroundings)

  const report = JSON.parse(stdout) as WaitReport
  t.strictSame(schemaErrors('wait', report, { closed: true }), [])

  return { code, report, stderr }
}

t.test('every kind of object whose new pods get the role is ready at once', async (t) => {
  await waitFor('the identity webhook', async () => (await wait('sa/cart', { timeout: 0 })).code === 0)
  for (const object of ['sa/cart', 'serviceaccount cart', 'deploy/cart', 'deployment.apps/cart'])
    t.match(await wait(object), { code: 0, stderr: '' }, object)
  for (const object of ['sts/cart', 'ds/cart', 'cronjob/cart', 'daemonsets cart'])
    t.match(await wait(object), { code: 0, stderr: '' }, object)
  t.match((await wait('deploy/cart')).report, {
    subject: { kind: 'Deployment', namespace: 'shop', name: 'cart' },
    state: 'ready',
    chain: 'irsa',
    role,
    attempts: 1,
    fix: []
  })
})

t.test('waits until the identity webhook works again', async (t) => {
  setFault('no-patch')
  const once = await wait('deploy/cart', { timeout: 0 })
  t.match(once, { code: 1, stderr: '', report: { state: 'absent', attempts: 1 } })
  t.equal(once.report.because, 'container "app" got no credentials')
  t.match(once.report, {
    step: 'identity-webhook',
    cause: /registered, but a pod created now, in a dry run, got no credentials/
  })
  t.strictSame(once.report.fix, [
    `irsa-guard diagnose deploy/cart -n shop --kubeconfig ${controlPlane.kubeconfig}`
  ])
  t.match(await wait('sa/cart', { timeout: 300 }), { code: 1, report: { state: 'absent' } })

  const ended = await wait('deploy/cart', {}, { onWaiting: () => setFault('none') })
  t.match(ended, { code: 0, report: { state: 'ready' } })
  t.equal(ended.stderr, 'irsa-guard: waiting for deploy/cart: container "app" got no credentials\n', 'once')
})

t.test('waits until an association takes effect', async (t) => {
  const ended = await wait('sa/plain', {}, { onWaiting: () => webhookKnows('plain') })
  t.match(ended, { code: 0, report: { chain: 'pod-identity' } })
  t.match(
    ended.stderr,
    /^irsa-guard: waiting for sa\/plain: service account shop\/plain requests no role, and it is not known whether it has an EKS Pod Identity association \(.* --aws\)\n$/
  )
  const aws = { aws: true, clusterArn, config: `${directory}/config.yaml` }
  eks.associations.set('a-1', eksAssociation('a-1', 'cart'))
  const both = await wait('deploy/cart', aws, { onWaiting: () => webhookKnows('cart') })
  t.match(both, { code: 0, report: { chain: 'pod-identity' } })
  t.match(
    both.stderr,
    /got role .*role\/cart through IRSA, not the credentials of its EKS Pod Identity association/
  )
  const foreign = { ...aws, clusterArn: clusterArn.replace('eu-west-1', 'us-east-1') }
  webhookKnows()
  t.match(
    await wait('sa/cart', foreign),
    { code: 0, stderr: /^irsa-guard: --aws: .*\n$/, report: { chain: 'irsa' } },
    'says once that the association is not known'
  )
  eks.associations.clear()
})

t.test('a service account that asks for no role: there is nothing to wait for', async (t) => {
  const aws = { aws: true, clusterArn, config: `${directory}/config.yaml` }
  t.match(await wait('sa/plain', aws), {
    code: 1,
    stderr: '',
    report: {
      state: 'absent',
      because: 'service account shop/plain requests no role, and it has no EKS Pod Identity association'
    }
  })
  t.match(await wait('sa/malformed', aws), {
    code: 1,
    report: {
      because: /^eks.amazonaws.com\/role-arn of .* is "arn:.*:policy\/a", which is not the ARN of a role/
    }
  })
  t.match(await wait('sa/malformed', { timeout: 0 }), {
    code: 1,
    report: { because: /is not known whether/ }
  })
  await t.rejects(wait('sa/plain', { aws: true }), { code: 'ERR_USAGE', message: /pass .* --cluster-arn/ })
})

t.test('a pod that admission refuses shows nothing; the reason says what refused it', async (t) => {
  await kubectl('label namespace shop pod-security.kubernetes.io/enforce=restricted')
  t.match(await wait('sa/cart'), { code: 0 }, 'the pod for a service account meets the standard')
  t.match(await wait('deploy/cart', { timeout: 300 }), {
    code: 2,
    report: {
      state: 'unknown',
      because: /refused the dry-run pod: .*violates PodSecurity "restricted:latest"/
    }
  })
  await kubectl('label namespace shop pod-security.kubernetes.io/enforce-')

  await kubectl('create quota none --hard=pods=0 -n shop')
  await waitFor('the quota', async () => (await wait('sa/cart', { timeout: 0 })).code === 2)
  let deletion: Promise<unknown> | undefined
  const ended = await wait(
    'sa/cart',
    {},
    { onWaiting: () => void (deletion ??= kubectl('delete quota none -n shop')) }
  )
  await deletion
  t.match(ended, { code: 0, stderr: /refused the dry-run pod: .*exceeded quota: none/ })

  await kubectl(
    'apply -f -',
    named('apps/v1', 'ReplicaSet', {
      ...labelled,
      replicas: 0,
      template: { ...template, spec: { ...template.spec, serviceAccountName: 'gone' } }
    })
  )
  t.match(await wait('rs/cart', { timeout: 0 }), {
    code: 1,
    report: { because: 'service account shop/gone does not exist' }
  })
})

t.test('says what cannot be waited for', async (t) => {
  const table: readonly (readonly [string, { code: string; message: RegExp }])[] = [
    [
      'sa/gone',
      { code: 'ERR_INPUT', message: /^there is no sa\/gone in namespace shop in the cluster https/ }
    ],
    ['po/cart', { code: 'ERR_USAGE', message: /^po\/cart is a pod, whose identity never changes; wait for/ }],
    ['svc/cart', { code: 'ERR_USAGE', message: /^"svc" is not a kind/ }]
  ]
  for (const [object, expected] of table) await t.rejects(wait(object), expected, object)
})

t.test('permissions that are missing are named with the command that checks them', async (t) => {
  const user = await controlPlane.clientCertificate('anna')
  const kubeconfig = `${directory}/anna`
  await writeKubeconfig(kubeconfig, controlPlane.url, controlPlane.caFile, 'anna', clientCertificate(user))
  await t.rejects(wait('deploy/cart', { kubeconfig }), {
    code: 'ERR_INPUT',
    message: new RegExp(
      `^you are not allowed to read deploy/cart .*; check: kubectl auth can-i get deployments.apps/cart -n shop --kubeconfig ${kubeconfig}$`
    )
  })
  await kubectl('create clusterrolebinding anna --clusterrole=view --user=anna')
  await waitFor('the permission', async () =>
    wait('sa/cart', { kubeconfig, timeout: 0 }).then(
      () => true,
      (error: unknown) => String(error).includes('create pods')
    )
  )
  await t.rejects(wait('sa/cart', { kubeconfig }), {
    code: 'ERR_INPUT',
    message: new RegExp(
      `^you are not allowed to create pods in namespace shop, not even in a dry run; check: kubectl auth can-i create pods -n shop --kubeconfig ${kubeconfig}$`
    )
  })
})

t.test('Ctrl-C ends it with 130 and what is known so far', async (t) => {
  setFault('no-patch')
  const args = ['wait', 'sa/cart', '-n', 'shop', '--for=identity', '--timeout=10m']
  const child = spawn(process.execPath, ['dist/cli.js', ...args, '--kubeconfig', controlPlane.kubeconfig])
  child.stderr.once('data', () => child.kill('SIGINT'))
  const [stdout, [code]] = await Promise.all([
    readStream(child.stdout),
    once(child, 'close') as Promise<[number]>
  ])
  t.equal(code, 130)
  t.match(
    stdout,
    /^\? interrupted after \d+ s: .*shop\/cart.*\n {2}dry run {2}container "probe" got no credentials\n/
  )
  setFault('none')
})

t.test('an API server that goes away is waited for, unless it was never there', async (t) => {
  setFault('no-patch')
  let stopped: Promise<void> | undefined
  const onWaiting = (): void => void (stopped ??= controlPlane.stopApiServer())
  const ended = await wait(
    'sa/cart',
    { timeout: 180_000 },
    {
      onWaiting: (text) => {
        onWaiting()
        if (text.includes('could not be queried'))
          void stopped?.then(() => controlPlane.startApiServer()).then(() => setFault('none'))
      }
    }
  )
  t.match(ended, { code: 0, stderr: /could not be queried/ })
  await controlPlane.stopApiServer()
  await t.rejects(wait('sa/cart'), { code: 'ERR_KUBECONFIG', message: /ECONNREFUSED/ })
})
