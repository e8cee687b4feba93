// What users with few rights can try against the guard, on a real API server.
import { spawnSync } from 'node:child_process'
import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { issueCa } from '../../src/controller/certificates/issue-certificate.js'
import { startGuard } from '../control-plane/guard.ts'
import { startIdentityWebhook } from '../control-plane/identity-webhook.ts'
import { startControlPlane } from '../control-plane/start.ts'
import { waitFor } from '../control-plane/wait.ts'
import { standInWith } from '../support/pod-cluster.js'

const webhook = 'pod-identity-webhook/iam-for-pods.amazonaws.com'
const base64 = (pem: string): string => Buffer.from(pem).toString('base64')
const pem = (name: string): string =>
  issueCa(name, { from: new Date(0), until: new Date('2100-01-01') }).certificate

t.test('attacks by users with few rights', async (t) => {
  const controlPlane = await startControlPlane()
  t.teardown(() => controlPlane.stop())
  const identityWebhook = await startIdentityWebhook(controlPlane, {
    command: standInWith(`${t.testdir()}/faults`)
  })
  t.teardown(() => identityWebhook.stop())
  const guard = await startGuard(controlPlane)
  t.teardown(() => guard.stop())

  const kubectl = (...args: string[]) => controlPlane.kubectl(args)
  const as = (user: string, manifest: unknown, ...args: string[]) =>
    controlPlane.kubectl([...args, '--as', user, '-f', '-'], JSON.stringify(manifest))
  const grant = async (user: string, verb: string, resource: string, ...more: string[]): Promise<void> => {
    const name = `${user}-${verb.replace(',', '-')}-${resource.replaceAll('.', '-')}`
    t.match(
      await kubectl('create', 'clusterrole', name, `--verb=${verb}`, `--resource=${resource}`, ...more),
      { code: 0 }
    )
    t.match(await kubectl('create', 'clusterrolebinding', name, `--clusterrole=${name}`, `--user=${user}`), {
      code: 0
    })
  }
  const metrics = async (): Promise<string> => (await fetch(`${guard.controllerHealth}/metrics`)).text()
  const stateIs = (state: string): Promise<unknown> =>
    waitFor(
      `state ${state}`,
      async () =>
        (await metrics()).includes(`irsa_guard_ca_bundle_state{webhook="${webhook}",state="${state}"} 1`),
      60_000
    )
  const patchBundle = (text: string) =>
    kubectl(
      'patch',
      'mutatingwebhookconfiguration',
      'pod-identity-webhook',
      '--type=json',
      '-p',
      JSON.stringify([{ op: 'replace', path: '/webhooks/0/clientConfig/caBundle', value: text }])
    )
  const account = (role: string): object => ({
    apiVersion: 'v1',
    kind: 'ServiceAccount',
    metadata: { name: 'victim', namespace: 'default', annotations: { 'eks.amazonaws.com/role-arn': role } }
  })
  const isDenied = async (): Promise<boolean> => {
    const { stderr } = await controlPlane.kubectl(
      ['create', '--dry-run=server', '-f', '-'],
      JSON.stringify(account('arn:aws:iam::111122223333:policy/x'))
    )
    return stderr.includes('role-arn-malformed')
  }
  const eventsOf = async (reason: string): Promise<number> => {
    const { stdout } = await kubectl(
      'get',
      'events',
      '-n',
      'default',
      '--field-selector',
      `reason=${reason}`,
      '-o',
      'name'
    )
    return stdout.split('\n').filter((line) => line !== '').length
  }
  await stateIs('ok')
  const right = `${controlPlane.clusterCa.certificatePem.trimEnd()}\n`

  await t.test('a user who may only create pods does not keep others waiting', async (t) => {
    await grant('tenant', 'create', 'pods')
    const pod = (value: string): object => ({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'attack', namespace: 'default' },
      spec: { containers: [{ name: 'a', image: 'a', env: [{ name: 'AWS_ROLE_ARN', value }] }] }
    })
    const values = ['$(', '${', '{{', '<a', '/', '"'].map((piece) => piece.repeat(393_216 / piece.length))
    const attacks = values.map((value) => as('tenant', pod(value), 'create', '--dry-run=server'))
    let denied = 0
    for (let count = 0; count < 3; count++) if (await isDenied()) denied++
    for (const { stderr } of await Promise.all(attacks))
      t.notMatch(stderr, /failed calling webhook|deadline exceeded/)
    t.equal(denied, 3, 'every broken service account was judged meanwhile')
  })

  await t.test('a user who may only write ConfigMaps does not choose the CA', async (t) => {
    await grant('writer', 'get,patch', 'configmaps')
    const attacker = pem('kubernetes')
    const poisoned = { data: { 'ca.crt': right + attacker }, immutable: true }
    for (const namespace of ['irsa-guard', 'default', 'kube-system']) {
      const patch = [
        'patch',
        'configmap',
        'kube-root-ca.crt',
        '-n',
        namespace,
        '--as',
        'writer',
        '--type=merge',
        '-p',
        JSON.stringify(poisoned)
      ]
      t.match(await kubectl(...patch), { code: 0 })
    }
    await stateIs('unknown')
    t.match(await metrics(), 'irsa_guard_cluster_ca_unconfirmed 1\n')
    await waitFor('the Event', async () => (await eventsOf('CABundleUnknown')) > 0)
    t.match(
      guard.controllerLog(),
      /ConfigMap irsa-guard\/kube-root-ca\.crt contains CN=kubernetes .* \(the ConfigMap is immutable/
    )
    t.match(
      await patchBundle(base64(attacker)),
      { code: 1, stderr: /irsa-guard-ca-bundle-deny/ },
      'the incident is denied'
    )
    t.match(
      await patchBundle(base64(right + attacker)),
      { code: 1, stderr: /irsa-guard-ca-bundle-deny/ },
      'hidden behind the right one, too'
    )
    t.match(await patchBundle(base64(right.trimEnd())), { code: 0 }, 'the right bundle passes')
    const told = await controlPlane.kubectl([
      'get',
      'webhooktrust',
      'cluster',
      '-o',
      'jsonpath={.status.webhooks[*].because}'
    ])
    t.match(told.stdout, /judged by the confirmed CAs, the bundle is ok/)

    const { stdout, status } = spawnSync(
      process.execPath,
      [
        'dist/cli.js',
        'ca',
        'mutatingwebhookconfiguration/pod-identity-webhook',
        '--kubeconfig',
        controlPlane.kubeconfig
      ],
      { encoding: 'utf8' }
    )
    t.match(
      { stdout, status },
      {
        status: 0,
        stdout:
          /^! ok [^]*\n {2}because {9}it contains [^]*\n {2}warning {9}ConfigMap default\/kube-root-ca\.crt contains CN=/
      }
    )

    for (const namespace of ['irsa-guard', 'default', 'kube-system'])
      await kubectl('delete', 'configmap', 'kube-root-ca.crt', '-n', namespace)
    await stateIs('ok')
    await waitFor('the metric', async () =>
      (await metrics()).includes('irsa_guard_cluster_ca_unconfirmed 0\n')
    )
  })

  await t.test('what somebody writes into the WebhookTrust does not last', async (t) => {
    const attacker = pem('kubernetes')
    interface Entry {
      name: string
      action: string
      accepted: string[]
      complete: string[]
      injectors: string[]
    }
    const stored = async (): Promise<Entry[]> => {
      const { stdout } = await kubectl('get', 'webhooktrust', 'cluster', '-o', 'json')
      return (JSON.parse(stdout) as { spec: { webhooks: Entry[] } }).spec.webhooks // the schema of the kind
    }
    const published = await stored()
    let touched = 0
    const heals = async (why: string): Promise<void> => {
      // The watch starts the next round at once; without it, it comes within half a minute.
      await kubectl(
        'label',
        'mutatingwebhookconfiguration',
        'pod-identity-webhook',
        `touched=t${touched++}`,
        '--overwrite'
      )
      await waitFor(
        `healed: ${why}`,
        async () => {
          const { stdout, code } = await kubectl('get', 'webhooktrust', 'cluster', '-o', 'json')
          if (code !== 0) return false
          const { spec, metadata } = JSON.parse(stdout) as {
            spec: { webhooks: Entry[]; confirmedAt: string }
            metadata: object
          }
          return (
            JSON.stringify(spec.webhooks) === JSON.stringify(published) &&
            new Date(spec.confirmedAt).getTime() <= Date.now() &&
            !('finalizers' in metadata) &&
            !('ownerReferences' in metadata)
          )
        },
        70_000
      )
    }
    const write = async (spec: object, metadata: object = {}) => {
      const object = {
        apiVersion: 'irsa-guard.io/v1',
        kind: 'WebhookTrust',
        metadata: { name: 'cluster', ...metadata },
        spec: { confirmedAt: '2026-01-01T00:00:00Z', webhooks: published, ...spec }
      }
      return controlPlane.kubectl(
        ['apply', '--server-side', '--force-conflicts', '--field-manager=attacker', '-f', '-'],
        JSON.stringify(object)
      )
    }
    const withText = published.map((entry) => ({ ...entry, accepted: [...entry.accepted, base64(attacker)] }))
    t.match(await write({ webhooks: withText }), { code: 0 }, 'a foreign item')
    await heals('a foreign item')
    t.match(await patchBundle(base64(attacker)), { code: 1 })

    const entry = {
      name: 'unrelated.example.com',
      action: 'Deny',
      accepted: ['AAAA'],
      complete: [],
      injectors: []
    }
    t.match(await write({ webhooks: [...published, entry] }), { code: 0 }, 'a foreign entry')
    await heals('a foreign entry')

    const large = Array.from(
      { length: 12 },
      (_, index) => `${String(index).padStart(4, 'A')}${'A'.repeat(32_764)}`
    )
    t.match(
      await write({
        webhooks: published.map((one, index) => (index === 0 ? { ...one, accepted: large } : one))
      }),
      { code: 0 },
      'as large as may be'
    )
    await heals('as large as may be')
    t.match(
      await write({
        webhooks: published.map((one, index) =>
          index === 0 ? { ...one, accepted: [...large, ...large.map((text) => `${text}AAAA`)] } : one
        )
      }),
      { code: 1, stderr: /500,000|500000|Too long|may not be longer/ },
      'more than the controller can write'
    )

    t.match(await write({ confirmedAt: '2099-01-01T00:00:00Z' }), { code: 0 }, 'a time that has not come')
    await heals('a time that has not come')

    t.match(await write({}, { finalizers: ['example.com/stay'] }), { code: 0 }, 'a finalizer')
    t.match(await kubectl('delete', 'webhooktrust', 'cluster', '--wait=false'), { code: 0 })
    await heals('a finalizer and a deletion')

    const elsewhere = published.map((one) => ({
      ...one,
      accepted: [base64(attacker)],
      complete: [base64(attacker)],
      action: 'Warn'
    }))
    t.match(await write({ webhooks: elsewhere }), { code: 0 }, 'that of another cluster')
    await heals('that of another cluster')
    await sleep(1000) // an API server learns of the new parameter a moment later
    t.match(await patchBundle(base64(attacker)), { code: 1 }, 'the incident is denied')
    t.match(await patchBundle(base64(right)), { code: 0 }, 'the repair passes')
    t.ok((await eventsOf('WebhookTrustCorrected')) >= 3)
    await stateIs('ok')
  })
})
