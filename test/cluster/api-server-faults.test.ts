// The running processes while the API server is in trouble, which a proxy in front of the real one imitates, or EKS.
// Each time: reviews are answered and rightly, nothing is rewritten, no false alarm, and afterwards all works again.
// The table in docs/reliability.md names these tests.
import { readFile, writeFile } from 'node:fs/promises'
import type { ServerResponse } from 'node:http'
import t from 'tap'
import { runBuilt, startGuard } from '../control-plane/guard.ts'
import { startIdentityWebhook } from '../control-plane/identity-webhook.ts'
import { startControlPlane } from '../control-plane/start.ts'
import { waitFor } from '../control-plane/wait.ts'
import { eksCluster, startEksServer } from '../support/eks-server.js'
import { type ApiServerFault, startFaultProxy } from '../support/fault-proxy.js'
import { kubectlWith, namespace, serviceAccount, standInWith } from '../support/pod-cluster.js'

// Rounds come twice a minute, and a slow machine may need several.
const patience = 240_000

const faults: readonly ApiServerFault[] = [
  ...(['gone', 'slow', 'truncated', 'garbage', 'expired'] as const),
  ...([401, 410, 429, 500] as const)
]

/** The collections whose watches begin rounds of the controller, and tell `serve` the mode of a namespace. */
const watched = ['mutatingwebhookconfigurations', 'validatingwebhookconfigurations', 'namespaces']

function refuse(response: ServerResponse, status: number, name: string): void {
  response.writeHead(status, { 'content-type': 'application/json', 'x-amzn-errortype': name })
  response.end('{"message":"no"}')
}

const isIn =
  (paths: readonly string[]) =>
  (collection: string): boolean =>
    paths.some((path) => path.includes(`/${collection}?`))

t.test('the API server is in trouble', async (t) => {
  const controlPlane = await startControlPlane()
  t.teardown(() => controlPlane.stop())
  const identityWebhook = await startIdentityWebhook(controlPlane, {
    command: standInWith(`${t.testdir()}/faults`)
  })
  t.teardown(() => identityWebhook.stop())
  const proxy = await startFaultProxy(controlPlane)
  t.teardown(() => proxy.close())
  const ca = controlPlane.clusterCa.certificatePem
  const eks = await startEksServer({
    issuer: controlPlane.issuer,
    bundle: ca,
    authorities: [
      {
        id: '0f1e2d3c-a',
        createdAt: Date.parse('2018-12-01T00:00:00Z') / 1000,
        createdBy: 'EKS',
        activatedAt: Date.parse('2018-12-01T00:00:00Z') / 1000,
        signingStatus: 'IN_USE',
        distributionStatus: 'COMPLETE',
        data: Buffer.from(ca).toString('base64')
      }
    ]
  })
  t.teardown(() => eks.close())
  const guard = await startGuard(controlPlane, {
    config: { eks: { clusterArn: eksCluster } },
    env: { ...eks.env },
    run: async (process) => {
      const kubeconfig = `${process.kubeconfig}.proxy`
      const text = await readFile(process.kubeconfig, 'utf8')
      const through = text.replace(controlPlane.url, `https://127.0.0.1:${proxy.port}`)
      await writeFile(kubeconfig, through, { mode: 0o600 })
      return runBuilt({ ...process, kubeconfig })
    }
  })
  t.teardown(() => guard.stop())

  const kubectlOk = async (...args: string[]): Promise<string> => {
    const { code, stdout, stderr } = await controlPlane.kubectl(args)
    if (code !== 0) throw new Error(`kubectl ${args.join(' ')}: ${stderr}`)
    return stdout
  }
  const read = async (address: string, path: string): Promise<string> =>
    (await fetch(`${address}${path}`)).text()
  const works = (): Promise<string> => read(guard.controllerHealth, '/readyz?verbose')
  const shop = kubectlWith(controlPlane)
  const wrong = serviceAccount('shop', 'wrong', {
    'eks.amazonaws.com/role-arn': 'arn:aws:iam::111122223333:policy/cart'
  })
  await shop('apply -f -', namespace('shop'), serviceAccount('shop', 'plain', {}))
  const create = (object: object) => shop('create --dry-run=server -f -', object)

  /** What no fault may change: the certificates, the CA of the webhook, the accepted bundles and the Events. */
  const written = async (): Promise<readonly string[]> =>
    Promise.all([
      kubectlOk(
        ...['get', 'secret/irsa-guard-ca', 'secret/irsa-guard-serving-cert', '-n', 'irsa-guard', '-o'],
        'jsonpath={.items[*].metadata.resourceVersion}'
      ),
      kubectlOk(
        ...['get', 'validatingwebhookconfiguration', 'irsa-guard', '-o'],
        'jsonpath={.webhooks[*].clientConfig}'
      ),
      kubectlOk(
        'get',
        'webhooktrust',
        'cluster',
        '-o',
        'jsonpath={.spec.clusterCAs} {range .spec.webhooks[*]}{.name} {.action} {.accepted} {.complete} {end} {.status.webhooks[*].state}'
      ),
      kubectlOk('get', 'events', '-n', 'default', '-o', 'jsonpath={.items[*].reason}')
    ])
  /** The samples that an alert would fire for. */
  const alarms = async (): Promise<string[]> =>
    (await read(guard.controllerHealth, '/metrics')).match(
      /^irsa_guard_(?:(?:self_test|identity_webhook_mutating)\{.*\} 0|ca_bundle_state\{.*state="(?!ok|unknown).*\} 1)$/gm
    ) ?? []
  const isWell = async (): Promise<boolean> =>
    !/^\[-\]|: (?!ok$)/m.test(await works()) &&
    (await read(guard.serveHealth, '/readyz')).startsWith('ok') &&
    /irsa_guard_self_test\{check="policy",.*\} 1/.test(await read(guard.controllerHealth, '/metrics'))
  await waitFor('everything to work', isWell, patience)
  const before = await written()
  const calm = proxy.open()

  let turn = 0
  for (const fault of faults)
    await t.test(String(fault), async (t) => {
      // The watches that are open stay for now, and this begins rounds.
      proxy.fault = fault
      const touch = (): Promise<string> =>
        kubectlOk(
          ...['label', 'mutatingwebhookconfiguration', 'pod-identity-webhook', `touched=t${turn++}`],
          '--overwrite'
        )
      await touch()
      if (fault !== 'expired')
        await waitFor(
          'rounds that fail',
          async () => /caBundles: (?!ok\n)[^]*selfTest: (?!ok\n)/.test(await works()),
          patience
        )
      t.comment((await works()).replaceAll('\n', ' '))
      proxy.cut()
      // What changes meanwhile is seen afterwards.
      const mode = turn % 2 === 0 ? 'warn' : 'enforce'
      await kubectlOk('label', 'namespace', 'shop', `irsa-guard.io/mode=${mode}`, '--overwrite')
      await waitFor('watches that fail', async () => watched.every(isIn(proxy.met())), patience)
      for (let count = 0; count < 3; count++) {
        t.match(await create(wrong), { stderr: /role-arn-malformed/ }, 'what is wrong is told')
        t.match(await create(serviceAccount('shop', 'other', {})), { code: 0, stderr: '' })
      }
      t.strictSame(await written(), before, 'nothing is written')
      t.strictSame(await alarms(), [], 'no alarm')
      t.ok(proxy.open() <= calm + 40, `${proxy.open()} connections, ${calm} before`)

      proxy.fault = undefined
      await waitFor('watches', async () => watched.every(isIn(proxy.watches())), patience)
      await touch()
      await waitFor('everything to work again', isWell, patience)
      await waitFor(
        'the mode that was set meanwhile',
        async () => ((await create(wrong)).code === 0) === (mode === 'warn'),
        patience
      )
      t.strictSame(await written(), before, 'nothing is written afterwards')
      t.strictSame(await alarms(), [], 'no alarm afterwards')
    })

  await t.test('EKS is in trouble', async (t) => {
    const signing = async (): Promise<boolean> =>
      (await read(guard.controllerHealth, '/metrics')).includes(
        'irsa_guard_cluster_ca_signing{id="0f1e2d3c-a"} 1\n'
      )
    await waitFor('the CA as EKS names it', signing, patience)
    const restarted = async (): Promise<void> => {
      await guard.stopController()
      await guard.startController() // it asks at its start
    }
    const table: Readonly<Record<string, (response: ServerResponse) => void>> = {
      slow: () => undefined, // no answer
      refusing: (response) => refuse(response, 403, 'AccessDeniedException'),
      throttling: (response) => refuse(response, 429, 'ThrottlingException'),
      garbage: (response) => response.end('<html>Please log in</html>'),
      truncated: (response) => response.write('{"cluster":{"name":"gua', () => response.destroy())
    }
    for (const [what, answer] of Object.entries(table)) {
      eks.answers.override = (_path, response) => {
        answer(response)
        return true
      }
      await restarted()
      await waitFor(
        `${what}: an unknown rotation`,
        () => Promise.resolve(guard.controllerLog().includes("the cluster CA's rotation is unknown")),
        patience
      )
      await waitFor(
        `${what}: a round`,
        async () =>
          /caBundles: ok\n/.test(await works()) &&
          /irsa_guard_self_test\{check="policy",.*\} 1/.test(await read(guard.controllerHealth, '/metrics')),
        patience
      )
      t.strictSame(await written(), before, `${what}: nothing is written`)
      t.strictSame(await alarms(), [], `${what}: no alarm`)
    }
    eks.answers.override = undefined
    await restarted()
    await waitFor('the CA as EKS names it, again', signing, patience)
  })
  for (const log of [guard.serveLog(), guard.controllerLog()]) {
    t.notMatch(log, /"level":(?:50|60)/)
    t.comment(`${log.split('\n').length} lines of log`)
  }
})
