import type { ServerResponse } from 'node:http'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { caOfObject } from '../../src/commands/ca-object.js'
import { canaryAccount, canaryNamespace } from '../../src/controller/own-names.js'
import { probePodOf } from '../../src/identity-webhook/probe-pod.js'
import { startGuard } from '../control-plane/guard.ts'
import { startIdentityWebhook } from '../control-plane/identity-webhook.ts'
import type { ClusterCa } from '../control-plane/replaceable-api-server.ts'
import { startControlPlane } from '../control-plane/start.ts'
import { waitFor } from '../control-plane/wait.ts'
import { eksCluster, type ServedAuthority, startEksServer } from '../support/eks-server.js'
import { runInProcess } from '../support/guard-in-process.js'
import { startShell } from '../support/paste.js'

const standIn = fileURLToPath(new URL('../control-plane/identity-webhook-stand-in.ts', import.meta.url))
const webhook = 'pod-identity-webhook/iam-for-pods.amazonaws.com'
const base64 = (pem: string): string => Buffer.from(pem).toString('base64')
const seconds = (time: string): number => Date.parse(time) / 1000

t.test('a rotation of the cluster CA, as EKS does it', async (t) => {
  const controlPlane = await startControlPlane()
  t.teardown(() => controlPlane.stop())
  const [a, b] = [controlPlane.clusterCa, await controlPlane.createClusterCa()]
  const x = await controlPlane.createClusterCa()
  const identityWebhook = await startIdentityWebhook(controlPlane, { command: [process.execPath, standIn] })
  t.teardown(() => identityWebhook.stop())

  const authorityA = (more: object = {}): ServedAuthority => ({
    id: '0f1e2d3c-a',
    createdAt: seconds('2018-12-01T00:00:00Z'),
    createdBy: 'EKS',
    activatedAt: seconds('2018-12-01T00:00:00Z'),
    signingStatus: 'IN_USE',
    distributionStatus: 'COMPLETE',
    data: base64(a.certificatePem),
    ...more
  })
  const soon = Math.floor(Date.now() / 1000) + 5 * 86_400
  const authorityB = (more: object = {}): ServedAuthority => ({
    id: '7c6b5a49-b',
    createdAt: seconds('2026-11-18T00:00:00Z'),
    createdBy: 'EKS',
    signingStatus: 'NOT_USED',
    distributionStatus: 'COMPLETE',
    rollbackAvailable: false,
    scheduledEvents: { firstAutoActivation: soon, finalAutoActivation: soon + 86_400 },
    data: base64(b.certificatePem),
    ...more
  })
  const authorityX = { ...authorityB({ data: base64(x.certificatePem) }), id: '5d4c3b2a-x' }
  const eks = await startEksServer({
    issuer: controlPlane.issuer,
    bundle: a.certificatePem,
    authorities: [authorityA()]
  })
  t.teardown(() => eks.close())
  Object.assign(process.env, eks.env)
  const guard = await startGuard(controlPlane, {
    run: runInProcess,
    config: { eks: { clusterArn: eksCluster } }
  })
  t.teardown(() => guard.stop())

  const text = (...cas: readonly ClusterCa[]): string =>
    cas.map(({ certificatePem }) => `${certificatePem.trimEnd()}\n`).join('')
  const kubectl = (...args: string[]) => controlPlane.kubectl(args)
  const shell = await startShell(t.testdir({}), {})
  const patch = (pem: string, ...more: string[]) =>
    kubectl(
      'patch',
      'mutatingwebhookconfiguration',
      'pod-identity-webhook',
      '--type=json',
      '-p',
      JSON.stringify([{ op: 'replace', path: '/webhooks/0/clientConfig/caBundle', value: base64(pem) }]),
      ...more
    )
  const metrics = async (): Promise<string> => (await fetch(`${guard.controllerHealth}/metrics`)).text()
  const stateIs = (state: string): Promise<unknown> =>
    waitFor(
      `state ${state}`,
      async () =>
        (await metrics()).includes(`irsa_guard_ca_bundle_state{webhook="${webhook}",state="${state}"} 1`),
      60_000
    )
  const messagesOf = async (reason: string): Promise<string[]> => {
    const { stdout } = await kubectl(
      'get',
      'events',
      '-n',
      'default',
      `--field-selector=reason=${reason}`,
      '-o',
      'json'
    )
    return (JSON.parse(stdout) as { items: { message: string }[] }).items.map(({ message }) => message) // a List of Events
  }
  /** What the policies answer to each bundle in a dry run, with line ends that nobody has written yet. */
  const answers = async (): Promise<Record<string, string>> => {
    const found: Record<string, string> = {}
    for (const [name, pem] of Object.entries({
      A: text(a),
      B: text(b),
      AB: text(a, b),
      BA: text(b, a),
      X: text(x),
      ABX: text(a, b, x)
    })) {
      const { code, stderr } = await patch(pem.replaceAll('\n', '\r\n'), '--dry-run=server')
      const policy = /irsa-guard-ca-bundle-(deny|warn)/.exec(stderr)?.[1]
      found[name] = policy ?? (code === 0 ? 'pass' : stderr)
    }
    return found
  }
  /** Waits until the policies answer as in a phase. */
  const answersAre = async (expected: Readonly<Record<string, string>>): Promise<void> => {
    const wanted = { ...expected, X: 'deny', ABX: 'deny' }
    let last: Record<string, string> = {}
    await waitFor(
      `answers ${JSON.stringify(expected)}`,
      async () => JSON.stringify((last = await answers())) === JSON.stringify(wanted),
      60_000
    ).catch(() => t.strictSame(last, wanted))
  }
  /** Makes the controller ask EKS at once, as it does at its start. */
  const restarted = async (authorities: readonly ServedAuthority[], bundle: string): Promise<void> => {
    Object.assign(eks.answers, { authorities, bundle })
    await guard.stopController()
    await guard.startController()
  }
  const ca = async (fix = false): Promise<{ text: string; code: number }> => {
    let text = ''
    const code = await caOfObject(
      'mutatingwebhookconfiguration/pod-identity-webhook',
      { fix, kubeconfig: controlPlane.kubeconfig },
      { stdout: (part) => (text += part), stderr: (part) => (text += part) },
      { environment: {} }
    )
    return { text, code }
  }

  await t.test('P0: one CA', async (t) => {
    await stateIs('ok')
    await answersAre({ A: 'pass', B: 'deny', AB: 'deny', BA: 'deny' })
    t.match(await metrics(), 'irsa_guard_cluster_ca_signing{id="0f1e2d3c-a"} 1\n')
    t.notMatch(await metrics(), /cluster_ca_activation_timestamp_seconds \d/)
    t.match(
      await kubectl('get', 'validatingadmissionpolicies', '-o', 'jsonpath={.items[*].status.typeChecking}'),
      {
        stdout: /^(?:\{\} ?)*$/
      }
    )
  })

  await t.test('P1: EKS names the successor before the cluster publishes it', async (t) => {
    await restarted([authorityA(), authorityB({ distributionStatus: 'IN_PROGRESS' })], text(a))
    await stateIs('incomplete')
    await answersAre({ A: 'warn', B: 'deny', AB: 'pass', BA: 'pass' })
    await controlPlane.publishClusterCas([a, b])
    await answersAre({ A: 'warn', B: 'deny', AB: 'pass', BA: 'pass' })
    t.match(await metrics(), 'irsa_guard_cluster_ca_unconfirmed 0\n', 'EKS confirms the CA that it appended')
  })

  await t.test('P2: both are trusted, and the date comes closer', async (t) => {
    await restarted([authorityA(), authorityB()], text(a, b))
    await waitFor('the metric', async () =>
      (await metrics()).includes(`activation_timestamp_seconds ${soon}\n`)
    )
    t.match(await metrics(), `auto_activation_timestamp_seconds{id="7c6b5a49-b",event="first"} ${soon}\n`)
    await waitFor('the Event', async () => (await messagesOf('ClusterCAActivationNear')).length > 0)
    t.match(
      (await messagesOf('ClusterCAActivationNear'))[0],
      /^EKS activates CN=kubernetes .* within 5 days, by .* lacks it: calls will fail then; see: irsa-guard ca/
    )
    t.match((await messagesOf('CABundleIncomplete'))[0], /; next: calls will fail once CN=kubernetes/)
    const { stdout } = await kubectl(
      'get',
      'webhooktrust',
      'cluster',
      '-o',
      'jsonpath={.status.webhooks[?(@.name=="iam-for-pods.amazonaws.com")].next}'
    )
    t.match(stdout, /^calls will fail once CN=kubernetes .* starts signing, by /)
    await answersAre({ A: 'warn', B: 'deny', AB: 'pass', BA: 'pass' })
    t.match(await patch(text(b)), {
      code: 1,
      stderr: /lacks a CA that signs now.*; CN=kubernetes .* signs now; CN=kubernetes .* signs next, by /
    })
    t.match(await ca(), { code: 1, text: /incomplete[^]*rotation[^]* signs next, by/ })
  })

  await t.test('P3: EKS activates the successor', async (t) => {
    await restarted([authorityA(), authorityB({ signingStatus: 'ACTIVATING' })], text(a, b))
    await answersAre({ A: 'deny', B: 'deny', AB: 'pass', BA: 'pass' })
    const label = ['label', 'mutatingwebhookconfiguration', 'pod-identity-webhook', 'team=a']
    t.match(await kubectl(...label), { code: 0, stderr: '' }, 'an edit that leaves the bundle as it is')
  })

  /** Whether a pod that is created now gets its role. Like the canary, it is not stored. */
  const getsRole = async (): Promise<boolean> => {
    const { code, stdout, stderr } = await controlPlane.kubectl(
      ['create', '--dry-run=server', '-n', canaryNamespace, '-o', 'json', '-f', '-'],
      JSON.stringify(probePodOf({ name: 'cart', serviceAccount: canaryAccount }))
    )
    if (code !== 0) throw new Error(stderr)
    return stdout.includes('AWS_ROLE_ARN')
  }
  /** How many pods were created in a dry run: by the canary, and by `getsRole`. */
  const dryRuns = async (): Promise<number> => {
    const { stdout } = await kubectl('get', '--raw', '/metrics')
    const counted =
      /^apiserver_request_total\{code="201",[^}]*dry_run="All",[^}]*resource="pods",.* (\d+)$/m.exec(stdout)
    return Number(counted?.[1] ?? 0)
  }
  const canaryPassed = async (): Promise<boolean> => {
    const before = await dryRuns()
    await kubectl(
      'label',
      'mutatingwebhookconfiguration',
      'pod-identity-webhook',
      '--overwrite',
      `at=${before}`
    )
    await waitFor('the canary', async () => (await dryRuns()) > before, 90_000)
    return waitFor('its outcome', async () => /mutating\{api_server="[^"]+"\} 1\n/.test(await metrics()))
  }

  await t.test(
    'P4: the canary passes over an old connection, and the stale bundle stays stale',
    async (t) => {
      Object.assign(eks.answers, {
        authorities: [
          authorityB({
            signingStatus: 'IN_USE',
            activatedAt: Math.floor(Date.now() / 1000),
            rollbackAvailable: true
          }),
          authorityA({ signingStatus: 'NOT_USED' })
        ],
        bundle: text(b, a)
      })
      await controlPlane.serveWith(b)
      t.ok(await getsRole(), 'the API server has a connection to the identity webhook')
      await identityWebhook.renew(b)
      await stateIs('stale')
      t.ok(await canaryPassed(), 'the API server keeps the connection')
      t.ok(await getsRole())
      await stateIs('stale')
      t.strictSame(await messagesOf('CABundleOk'), [], 'a canary that passes takes nothing back')

      await identityWebhook.start(b) // which ends the connection
      await waitFor('a pod without its role', async () => !(await getsRole()))
      const touch = ['label', 'mutatingwebhookconfiguration', 'pod-identity-webhook', '--overwrite', 'at=now']
      t.match(await kubectl(...touch), { code: 0 })
      await waitFor(
        'the Event',
        async () => (await messagesOf('IdentityWebhookCanaryFails')).length > 0,
        90_000
      )
      t.match(
        (await messagesOf('IdentityWebhookCanaryFails'))[0],
        /likely cause: the caBundle of iam-for-pods.amazonaws.com is stale/
      )
    }
  )

  await t.test(
    'P4: the bundle was left behind, as EKS leaves it, and the printed patch fixes it',
    async (t) => {
      await answersAre({ A: 'deny', B: 'warn', AB: 'pass', BA: 'pass' })
      const printed = await ca(true)
      t.match(printed, { code: 1, text: /stale[^]*rotation[^]* may sign again/ })
      const pem = await kubectl(
        'get',
        'webhooktrust',
        'cluster',
        '-o',
        'jsonpath={.spec.webhooks[?(@.name=="iam-for-pods.amazonaws.com")].complete[0]}'
      )
      t.equal(pem.stdout, base64(text(b, a)), 'the signer is first')
      const command = /^kubectl .* patch .*$/m.exec(printed.text)?.[0] ?? ''
      t.match(await shell(command), { code: 0, text: /patched/ }, printed.text)
      const written = await kubectl(
        'get',
        'mutatingwebhookconfiguration',
        'pod-identity-webhook',
        '-o',
        'jsonpath={.webhooks[0].clientConfig.caBundle}'
      )
      t.equal(written.stdout, base64(text(b, a)))
      await stateIs('ok')
      await waitFor('a pod with its role', getsRole)
      t.match(await ca(), { code: 0 })
      await waitFor('the Event', async () => (await messagesOf('CABundleOk')).length > 0)
      t.match(
        (await messagesOf('CABundleOk')).at(-1),
        /; pods created since \S+ may lack their role: find them with irsa-guard scan, and restart/
      )
      t.match(
        await patch(text(a)),
        { code: 1, stderr: /irsa-guard-ca-bundle-deny/ },
        'a rollback by Git would repeat the incident'
      )
    }
  )

  await t.test('P5: rolled back', async () => {
    Object.assign(eks.answers, {
      authorities: [authorityA(), authorityB({ activatedAt: Math.floor(Date.now() / 1000) })],
      bundle: text(a, b)
    })
    await controlPlane.serveWith(a)
    await identityWebhook.start(a)
    await answersAre({ A: 'warn', B: 'deny', AB: 'pass', BA: 'pass' })
    await stateIs('ok')
  })

  await t.test('P6: settled', async (t) => {
    Object.assign(eks.answers, {
      authorities: [
        authorityB({ signingStatus: 'IN_USE', rollbackAvailable: false }),
        authorityA({ signingStatus: 'NOT_USED' })
      ],
      bundle: text(b, a)
    })
    await controlPlane.serveWith(b)
    await identityWebhook.start(b)
    await answersAre({ A: 'deny', B: 'pass', AB: 'pass', BA: 'pass' })
    await stateIs('ok')
    await waitFor('the Event', async () =>
      (await messagesOf('ClusterCARotation')).some((message) => message.endsWith('may be deleted'))
    )
    t.match(await metrics(), 'irsa_guard_cluster_ca_signing{id="7c6b5a49-b"} 1\n')
  })

  await t.test('P7: the outgoing CA is gone, and Git still has both', async (t) => {
    Object.assign(eks.answers, { authorities: [authorityB({ signingStatus: 'IN_USE' })], bundle: text(b) })
    await controlPlane.publishClusterCas([b])
    await answersAre({ A: 'deny', B: 'pass', AB: 'warn', BA: 'warn' })
    await stateIs('ok')
    t.match(await patch(text(a, b)), { code: 0, stderr: /contains one that the cluster no longer trusts/ })
    await kubectl('delete', 'validatingadmissionpolicybinding', 'irsa-guard-ca-bundle-deny')
    await waitFor('the old bundle', async () => (await patch(text(a))).code === 0)
    await stateIs('stale')
    t.match(await kubectl('apply', '-f', 'manifests/ca-bundle-deny.yaml'), { code: 0 })
    t.match(await patch(text(b)), { code: 0 })
    await stateIs('ok')
  })

  await t.test(
    'without a usable answer from EKS, only the cluster decides, and the log says why once',
    async (t) => {
      const answering =
        (status: number, type: string) =>
        (_path: string, response: ServerResponse): boolean => {
          response.writeHead(status, { 'x-amzn-errortype': type }).end('{"message":"no"}')
          return true
        }
      for (const [name, answer, because] of [
        [
          'another cluster',
          { issuer: 'https://oidc.eks.eu-west-1.amazonaws.com/id/OTHER' },
          'guard-test is another cluster'
        ],
        ['refused', { override: answering(403, 'AccessDeniedException') }, 'denied eks:DescribeCluster'],
        [
          'absent',
          { override: answering(404, 'ResourceNotFoundException') },
          'EKS has no cluster guard-test'
        ],
        ['silent', { override: () => true }, 'did not answer eks:DescribeCluster in time'],
        [
          'three CAs',
          { authorities: [authorityB({ signingStatus: 'IN_USE' }), authorityA(), authorityX] },
          'names 3 certificate authorities'
        ]
      ] as const) {
        Object.assign(eks.answers, { issuer: controlPlane.issuer, override: undefined })
        await guard.stopController()
        Object.assign(eks.answers, {
          authorities: [authorityA(), authorityB()],
          bundle: text(a, b),
          ...answer
        })
        await guard.startController()
        const lines = (): number => guard.controllerLog().split(because).length - 1
        await waitFor(`the log: ${name}`, async () => lines() > 0)
        await answersAre({ A: 'deny', B: 'pass', AB: 'warn', BA: 'warn' })
        t.notMatch(await metrics(), /cluster_ca_signing\{/, name)
        const touch = ['label', 'mutatingwebhookconfiguration', 'pod-identity-webhook', '--overwrite']
        await kubectl(...touch, `at=${name.replaceAll(' ', '-')}`) // starts a round
        await stateIs('ok')
        t.equal(lines(), 1, `${name}: said once`)
      }
      t.ok(eks.requests.every((path) => path.startsWith('/clusters/guard-test')))
    }
  )
})
