import { rename, writeFile } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { startGuard } from '../control-plane/guard.ts'
import { startIdentityWebhook } from '../control-plane/identity-webhook.ts'
import { writeKubeconfig } from '../control-plane/kubeconfig.ts'
import { signToken } from '../control-plane/sign-token.ts'
import { startControlPlane } from '../control-plane/start.ts'
import { waitFor } from '../control-plane/wait.ts'
import { startCountingProxy } from '../support/counting-proxy.js'
import { runInProcess } from '../support/guard-in-process.js'

const standIn = fileURLToPath(new URL('../control-plane/identity-webhook-stand-in.ts', import.meta.url))
const hour = 3600

t.test('tokens that are replaced too late, and connections that are cut', async (t) => {
  const controlPlane = await startControlPlane()
  t.teardown(() => controlPlane.stop())
  const identityWebhook = await startIdentityWebhook(controlPlane, { command: [process.execPath, standIn] })
  t.teardown(() => identityWebhook.stop())
  const proxy = await startCountingProxy(Number(new URL(controlPlane.url).port))
  t.teardown(() => proxy.close())

  const folder = t.testdir()
  const files = { serve: `${folder}/serve.token`, controller: `${folder}/controller.token` }
  const writeToken = async (name: 'serve' | 'controller', seconds: number): Promise<string> => {
    const token = await signToken(controlPlane, {
      namespace: 'irsa-guard',
      serviceAccount: `irsa-guard-${name}`,
      seconds
    })
    await writeFile(`${files[name]}.new`, token, { mode: 0o600 })
    await rename(`${files[name]}.new`, files[name])
    return token
  }
  const writeTokens = (seconds: number) =>
    Promise.all([writeToken('serve', seconds), writeToken('controller', seconds)])

  // What client-node makes of a pod's own token, written as a kubeconfig.
  const guard = await startGuard(controlPlane, {
    run: async (process) => {
      const kubeconfig = `${folder}/${process.name}.kubeconfig`
      const tokenFile = { 'auth-provider': { name: 'tokenFile', config: { tokenFile: files[process.name] } } }
      await writeToken(process.name, hour)
      await writeKubeconfig(
        kubeconfig,
        `https://127.0.0.1:${proxy.port}`,
        controlPlane.caFile,
        process.name,
        tokenFile
      )
      return runInProcess({ ...process, kubeconfig })
    }
  })
  t.teardown(() => guard.stop())

  const kubectl = (...args: string[]) => controlPlane.kubectl(args)
  const read = async (path: string): Promise<string> =>
    (await fetch(`${guard.controllerHealth}${path}`)).text()
  const isState = async (state: string) =>
    (await read('/metrics')).includes(`iam-for-pods.amazonaws.com",state="${state}"} 1`)
  const patch = (pem: string) => {
    const operation = {
      op: 'replace',
      path: '/webhooks/0/clientConfig/caBundle',
      value: Buffer.from(pem).toString('base64')
    }
    return kubectl(
      'patch',
      'mutatingwebhookconfiguration',
      'pod-identity-webhook',
      '--type=json',
      '-p',
      JSON.stringify([operation])
    )
  }
  const isRefused = async (token: string) =>
    (
      await kubectl(
        '--kubeconfig=/dev/null',
        `--server=${controlPlane.url}`,
        `--certificate-authority=${controlPlane.caFile}`,
        `--token=${token}`,
        'get',
        'namespaces'
      )
    ).stderr.includes('Unauthorized')

  await waitFor('state ok', () => isState('ok'), 60_000)
  await waitFor(
    'the canary',
    async () => /identity_webhook_mutating\{[^}]+\} 1\n/.test(await read('/metrics')),
    60_000
  )
  const before = { open: proxy.open(), total: proxy.total() }

  const [, last] = await writeTokens(10)
  t.equal(await isRefused(last), false, 'it is accepted while it lives')
  await waitFor('its end', () => isRefused(last), 60_000)
  // The watches go on with the token that they began with, so this is noticed, and then everything is
  // refused.
  await kubectl('label', 'mutatingwebhookconfiguration', 'pod-identity-webhook', 'touched=true')
  await waitFor(
    'no outcome of the canary',
    async () => !/identity_webhook_mutating\{/.test(await read('/metrics')),
    75_000
  )
  t.match(
    await read('/readyz?verbose'),
    /caBundles: .* answered 401\): Unauthorized\n.*canary: .*unknown: the API server answered the canary pod with 401/s
  )

  proxy.cut()
  const foreign = await controlPlane.createClusterCa()
  await kubectl('delete', 'validatingadmissionpolicybinding', 'irsa-guard-ca-bundle-deny')
  await waitFor('a wrong bundle that passes', async () => (await patch(foreign.certificatePem)).code === 0)
  t.equal(await isState('foreign'), false)
  await sleep(5000) // as a kubelet that is slow

  const begun = performance.now()
  await writeTokens(hour)
  await waitFor('state foreign', () => isState('foreign'), 60_000)
  t.comment(`found ${Math.round(performance.now() - begun)} ms after the new token`)
  await waitFor(
    'the canary',
    async () => /identity_webhook_mutating\{[^}]+\} 0\n/.test(await read('/metrics')),
    60_000
  )
  const isWell = async () =>
    (await read('/readyz?verbose')).startsWith('[+] certificates: ok\n[+] caBundles: ok\n[+] probes: ok\n')
  await waitFor('every work that works again', isWell, 60_000)

  await waitFor(
    'the right bundle',
    async () => (await patch(controlPlane.clusterCa.certificatePem)).code === 0
  )
  await waitFor('state ok', () => isState('ok'), 60_000)
  const made = proxy.total() - before.total
  t.comment(`${proxy.open()} connections open, ${before.open} before; ${made} made meanwhile`)
  t.ok(
    proxy.open() <= 40,
    `${proxy.open()} connections of two processes: at most ten each for requests, and one for each watch`
  )
  t.ok(made <= 60, `${made} connections made`)

  const uncut = proxy.total()
  for (let cuts = 0; cuts < 50; cuts++) {
    proxy.cut()
    await sleep(100)
  }
  await waitFor('a wrong bundle that passes', async () => (await patch(foreign.certificatePem)).code === 0)
  await waitFor('state foreign', () => isState('foreign'), 60_000)
  t.ok(proxy.open() <= 20, `${proxy.open()} connections after 50 cuts`)
  t.ok(proxy.total() - uncut <= 500, `${proxy.total() - uncut} connections made for 50 cuts`)
})
