// The guard broken in every way that we could think of, on a real API server. Each time: nothing unrelated is
// blocked, installing it again is not blocked, and somebody is told. Then availability, and the switch.
import { readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { issueCa, issueServing } from '../../src/controller/certificates/issue-certificate.js'
import { startGuard } from '../control-plane/guard.ts'
import { startIdentityWebhook } from '../control-plane/identity-webhook.ts'
import { findMonitoringTools } from '../control-plane/monitoring-tools.ts'
import { run } from '../control-plane/run.ts'
import { startControlPlane } from '../control-plane/start.ts'
import { waitFor } from '../control-plane/wait.ts'
import { standInWith } from '../support/pod-cluster.js'

// Rounds come once a minute, and a slow machine may need several.
const patience = 240_000
const hour = 3_600_000
const base64 = (text: string): string => Buffer.from(text).toString('base64')
const foreign = issueCa('kubernetes', { from: new Date(0), until: new Date('2100-01-01') }).certificate

t.test('a broken guard locks nobody out, and its loss is told', async (t) => {
  const controlPlane = await startControlPlane()
  t.teardown(() => controlPlane.stop())
  const identityWebhook = await startIdentityWebhook(controlPlane, {
    command: standInWith(`${t.testdir()}/faults`)
  })
  t.teardown(() => identityWebhook.stop())
  const guard = await startGuard(controlPlane)
  t.teardown(() => guard.stop())

  const kubectl = (...args: string[]) => controlPlane.kubectl(args)
  const kubectlOk = async (...args: string[]): Promise<string> => {
    const { code, stdout, stderr } = await kubectl(...args)
    if (code !== 0) throw new Error(`kubectl ${args.join(' ')}: ${stderr}`)
    return stdout
  }
  const create = (object: object) =>
    controlPlane.kubectl(['create', '--dry-run=server', '-f', '-'], JSON.stringify(object))
  const metricsOf = async (health: string): Promise<string> => (await fetch(`${health}/metrics`)).text()
  const metrics = (): Promise<string> => metricsOf(guard.controllerHealth)
  let touched = 0
  /** Starts the next rounds at once; without it, they come within a minute. */
  const touch = () =>
    kubectlOk(
      'label',
      'mutatingwebhookconfiguration',
      'pod-identity-webhook',
      `touched=t${touched++}`,
      '--overwrite'
    )
  /** Waits for metrics of the controller, and starts round after round: one may run before a change is in effect. */
  const shown = (what: string, isShown: (text: string) => boolean): Promise<unknown> =>
    waitFor(
      what,
      async () => {
        if (isShown(await metrics())) return true
        await touch()
        await sleep(500)
        return isShown(await metrics())
      },
      patience
    )
  const selfTest = (check: 'webhook' | 'policy', value: '0' | '1'): Promise<unknown> =>
    shown(`self-test ${check} ${value}`, (text) =>
      new RegExp(`^irsa_guard_self_test\\{check="${check}",.*\\} ${value}$`, 'm').test(text)
    )
  const event = (reason: string): Promise<unknown> =>
    waitFor(
      `Event ${reason}`,
      async () =>
        (await kubectlOk(
          'get',
          'events',
          '-n',
          'default',
          '--field-selector',
          `reason=${reason}`,
          '-o',
          'name'
        )) !== '',
      patience
    )

  const account = (name: string, role?: string): object => ({
    apiVersion: 'v1',
    kind: 'ServiceAccount',
    metadata: {
      name,
      namespace: 'default',
      ...(role && { annotations: { 'eks.amazonaws.com/role-arn': role } })
    }
  })
  const wrong = account('wrong', 'arn:aws:iam::111122223333:policy/cart')
  const denies = async (): Promise<boolean> => (await create(wrong)).stderr.includes('role-arn-malformed')
  const patchBundle = (bundle: string) =>
    kubectl(
      ...[
        'patch',
        'mutatingwebhookconfiguration',
        'pod-identity-webhook',
        '--dry-run=server',
        '--type=json',
        '-p'
      ],
      JSON.stringify([{ op: 'replace', path: '/webhooks/0/clientConfig/caBundle', value: base64(bundle) }])
    )
  const container = { name: 'a', image: 'a' }
  let round = 0
  /** Writes that have nothing to do with AWS roles, a repair of the bundle, and installing the guard again. */
  const nothingIsBlocked = async (t: Test, after: string): Promise<void> => {
    const name = `unrelated-${round++}`
    const metadata = { name, namespace: 'default' }
    const template = { metadata: { labels: { app: name } }, spec: { containers: [container] } }
    const unrelated: object[] = [
      account(name),
      account(`${name}-good`, 'arn:aws:iam::111122223333:role/cart'),
      { apiVersion: 'v1', kind: 'Namespace', metadata: { name } },
      { apiVersion: 'v1', kind: 'ConfigMap', metadata },
      { apiVersion: 'v1', kind: 'Secret', metadata },
      { apiVersion: 'v1', kind: 'Pod', metadata, spec: { containers: [container] } },
      {
        apiVersion: 'apps/v1',
        kind: 'Deployment',
        metadata,
        spec: { selector: { matchLabels: { app: name } }, template }
      },
      {
        apiVersion: 'admissionregistration.k8s.io/v1',
        kind: 'MutatingWebhookConfiguration',
        metadata: { name },
        webhooks: [
          {
            name: `${name}.example.com`,
            admissionReviewVersions: ['v1'],
            sideEffects: 'None',
            failurePolicy: 'Ignore',
            clientConfig: { service: { namespace: 'default', name }, caBundle: base64(foreign) },
            rules: [{ apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE'], resources: ['secrets'] }]
          }
        ]
      }
    ]
    const [created, repaired, removed, applied] = await Promise.all([
      create({ apiVersion: 'v1', kind: 'List', items: unrelated }),
      patchBundle(`${controlPlane.clusterCa.certificatePem.trimEnd()}\n`),
      kubectl('delete', 'mutatingwebhookconfiguration', 'pod-identity-webhook', '--dry-run=server'),
      kubectl('apply', '-k', 'manifests', '--dry-run=server')
    ])
    t.match(created, { code: 0 }, `${after}: unrelated writes`)
    t.equal(created.stdout.trim().split('\n').length, unrelated.length, `${after}: all of them`)
    t.match(repaired, { code: 0 }, `${after}: a repair`)
    t.match(removed, { code: 0 }, `${after}: a removal`)
    t.match(applied, { stderr: /^(?![^]*(denied|forbidden))/i }, `${after}: an installation`)
  }
  const reinstalled = async (): Promise<void> => {
    await guard.reinstall()
    await waitFor('a denial by the webhook', denies, patience)
    await selfTest('webhook', '1')
    await selfTest('policy', '1')
  }
  await selfTest('webhook', '1')
  await selfTest('policy', '1')
  await controlPlane.backUpEtcd() // the last test restores it

  await t.test('its metrics, as Prometheus reads them', async (t) => {
    const { promtool } = await findMonitoringTools()
    for (const health of [guard.serveHealth, guard.controllerHealth]) {
      const text = await metricsOf(health)
      t.match(await run(promtool, ['check', 'metrics'], { input: text }), { code: 0, text: '' })
      t.match(text, 'irsa_guard_config_last_reload_successful 1\n')
    }
    const text = await metrics()
    t.match(text, 'irsa_guard_cluster_cas 1\n')
    const expiry = Number(/^irsa_guard_cluster_ca_expiry_timestamp_seconds (\S+)$/m.exec(text)?.[1])
    t.ok(expiry * 1000 > Date.now(), 'the expiry of the cluster CA')
  })

  await t.test('serve is dead', async (t) => {
    await guard.stopServe()
    await Promise.all([nothingIsBlocked(t, 'dead'), selfTest('webhook', '0')])
    await event('SelfTestWebhookFails')
    await guard.startServe()
    await selfTest('webhook', '1')
  })

  await t.test('the controller is down: the policy and the webhook still deny', async (t) => {
    await guard.stopController()
    await nothingIsBlocked(t, 'no controller')
    t.ok(await denies())
    t.match(await patchBundle(foreign), { code: 1, stderr: /irsa-guard-ca-bundle-deny/ })

    await t.test('its serving certificate expires meanwhile', async (t) => {
      const { stdout } = await kubectl('get', 'secret', 'irsa-guard-ca', '-n', 'irsa-guard', '-o', 'json')
      const { data } = JSON.parse(stdout) as { data: Record<'ca.crt' | 'ca.key', string> }
      const [certificate, key] = [data['ca.crt'], data['ca.key']].map((text) =>
        Buffer.from(text, 'base64').toString()
      )
      const over = { from: new Date(Date.now() - 2 * hour), until: new Date(Date.now() - hour) }
      const expired = issueServing({ certificate: certificate ?? '', key: key ?? '' }, ['127.0.0.1'], over)
      const patch = { data: { 'tls.crt': base64(expired.certificate), 'tls.key': base64(expired.key) } }
      await kubectlOk(
        'patch',
        'secret',
        'irsa-guard-serving-cert',
        '-n',
        'irsa-guard',
        '-p',
        JSON.stringify(patch)
      )
      await waitFor(
        'the metric by which an alert tells',
        async () => {
          const text = await metricsOf(guard.serveHealth)
          return (
            Number(/^irsa_guard_serving_certificate_expiry_timestamp_seconds (\S+)$/m.exec(text)?.[1]) <
            Date.now() / 1000
          )
        },
        patience
      )
      // The API server keeps its open connections; an unrelated write after they are closed cannot be judged.
      await nothingIsBlocked(t, 'expired')
    })

    await guard.startController()
    await waitFor('the renewed certificate', denies, patience)
    await selfTest('webhook', '1')
  })

  await t.test('policies are broken', async (t) => {
    // An expression that fails at run time, and one that no longer denies.
    for (const expression of ["object.metadata.annotations['none'] == 'a'", 'true']) {
      await kubectlOk(
        ...['patch', 'validatingadmissionpolicy', 'irsa-guard-ca-bundle-deny', '--type=merge', '-p'],
        JSON.stringify({ spec: { validations: [{ expression }] } })
      )
      await selfTest('policy', '0')
      await nothingIsBlocked(t, expression)
    }
    await event('SelfTestPolicyFails')
    await reinstalled()
  })

  await t.test('the WebhookTrust comes from another cluster while the controller is down', async (t) => {
    await guard.stopController()
    const spec = JSON.parse(await kubectlOk('get', 'webhooktrust', 'cluster', '-o', 'json')) as {
      spec: { webhooks: { name: string; accepted: string[] }[] }
    }
    const webhooks = spec.spec.webhooks.map((entry) => ({ ...entry, accepted: [base64(foreign)] }))
    await kubectlOk(
      'patch',
      'webhooktrust',
      'cluster',
      '--type=merge',
      '-p',
      JSON.stringify({ spec: { webhooks } })
    )
    await guard.reinstall() // rejects if anything is denied
    await guard.startController()
    await waitFor(
      'the published texts again',
      async () =>
        !(await kubectlOk('get', 'webhooktrust', 'cluster', '-o', 'json')).includes(base64(foreign)),
      patience
    )
    await nothingIsBlocked(t, 'a foreign WebhookTrust, healed')
    await selfTest('policy', '1')
  })

  await t.test('the CustomResourceDefinition is gone', async (t) => {
    await kubectlOk('delete', 'crd', 'webhooktrusts.irsa-guard.io')
    await selfTest('policy', '0')
    await nothingIsBlocked(t, 'no definition')
    t.ok(await denies(), 'the webhook still judges')
    await reinstalled()
  })

  await t.test('clocks are off', async (t) => {
    await guard.stopController()
    for (const offset of [100 * 24 * hour, -100 * 24 * hour]) {
      const shifted = await guard.startAnother('controller', shiftedBy(offset))
      const told = (): Promise<boolean> =>
        metricsOf(shifted.health).then((text) =>
          /^irsa_guard_self_test\{check="webhook",.*\} [01]$/m.test(text)
        )
      await waitFor('a self-test by the shifted clock', told, patience)
      await nothingIsBlocked(t, `${offset / hour} hours`)
      await shifted.stop()
    }
    // What a wrong clock left behind is replaced by a controller with the right one.
    await guard.startController()
    await waitFor('a denial', denies, patience)
    await selfTest('webhook', '1')
    await selfTest('policy', '1')

    const late = await guard.startAnother('serve', shiftedBy(100 * 24 * hour))
    t.match(await (await fetch(`${late.health}/readyz`)).text(), /^ok/)
    await late.stop()
  })

  await t.test('two controllers at once', async (t) => {
    const versions = async (): Promise<string> =>
      kubectlOk(
        ...['get', 'secret/irsa-guard-ca', 'secret/irsa-guard-serving-cert', '-n', 'irsa-guard', '-o'],
        'jsonpath={.items[*].metadata.resourceVersion}'
      )
    const configuration = () =>
      kubectlOk(
        'get',
        'validatingwebhookconfiguration',
        'irsa-guard',
        '-o',
        'jsonpath={.webhooks[*].clientConfig}'
      )
    const before = [await versions(), await configuration()]
    const second = await guard.startAnother('controller')
    const spec = () => kubectlOk('get', 'webhooktrust', 'cluster', '-o', 'jsonpath={.spec.webhooks}')
    const published = await spec()
    for (let count = 0; count < 3; count++) {
      await touch()
      t.ok(await denies())
      t.equal(await spec(), published, 'both publish the same')
    }
    await waitFor(
      'the self-test of the second',
      async () => (await metricsOf(second.health)).includes('irsa_guard_self_test{check="policy"'),
      patience
    )
    t.strictSame([await versions(), await configuration()], before, 'neither rewrites what the other wrote')
    t.notMatch(second.output() + guard.controllerLog().slice(-20_000), /"level":50/)
    await second.stop()
  })

  await t.test('one command switches everything off', async (t) => {
    const [, command = ''] =
      /```sh\n(kubectl delete .*)\n```/.exec(readFileSync('docs/switch-off.md', 'utf8')) ?? []
    await kubectlOk(...command.split(' ').slice(1))
    await waitFor('the bad service account', async () => (await create(wrong)).code === 0)
    await waitFor('the bad bundle', async () => (await patchBundle(foreign)).code === 0)
    await Promise.all([nothingIsBlocked(t, 'switched off'), selfTest('webhook', '0')])
    await shown(
      'no sample of the policy, which is tested with the webhook configuration that is gone',
      (text) => !text.includes('irsa_guard_self_test{check="policy"')
    )
    await reinstalled()
    t.match(await patchBundle(foreign), { code: 1 })
  })

  await t.test('its namespace is gone', async (t) => {
    await kubectlOk('delete', 'namespace', 'irsa-guard', '--wait=false')
    await waitFor(
      'the end of the namespace',
      async () => (await kubectl('get', 'ns', 'irsa-guard')).code !== 0,
      patience
    )
    await shown('no self-test, by which an alert tells', (text) => !text.includes('irsa_guard_self_test{'))
    await nothingIsBlocked(t, 'no namespace')
    await guard.reinstall()
    t.pass('it can be installed again')
    t.match(await kubectl('delete', '-k', 'manifests', '--wait=false'), { code: 0 }, 'and removed')
  })

  await t.test('etcd is restored from an old snapshot', async (t) => {
    // Certificates, bundles and the WebhookTrust have been replaced several times since, and are now gone.
    await shown('no self-test, by which an alert tells', (text) => !text.includes('irsa_guard_self_test{'))
    const certificate = async (): Promise<string> =>
      metricsOf(guard.serveHealth).then(
        (text) => /^irsa_guard_serving_certificate_expiry_timestamp_seconds (\S+)$/m.exec(text)?.[1] ?? ''
      )
    const newest = await certificate()
    await controlPlane.restoreEtcd()
    await nothingIsBlocked(t, 'an old snapshot')
    await waitFor('a denial by the webhook', denies, patience)
    await selfTest('webhook', '1')
    await selfTest('policy', '1')
    t.not(await certificate(), newest, 'the old certificate is served')
    t.match(await patchBundle(foreign), { code: 1 })
    await reinstalled()
    await nothingIsBlocked(t, 'installed over an old snapshot')
  })
})

/** A module that moves the clock of a Node process. */
const shiftedBy = (offset: number): string =>
  `data:text/javascript,${encodeURIComponent(`
    const Real = Date
    globalThis.Date = class extends Real {
      constructor(...args) { args.length === 0 ? super(Real.now() + ${offset}) : super(...args) }
      static now() { return Real.now() + ${offset} }
    }
  `)}`
