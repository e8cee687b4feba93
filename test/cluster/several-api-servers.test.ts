import { networkInterfaces } from 'node:os'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { startGuard } from '../control-plane/guard.ts'
import { startIdentityWebhook } from '../control-plane/identity-webhook.ts'
import { startControlPlane } from '../control-plane/start.ts'
import { waitFor } from '../control-plane/wait.ts'
import { runInProcess } from '../support/guard-in-process.js'

const standIn = fileURLToPath(new URL('../control-plane/identity-webhook-stand-in.ts', import.meta.url))
const webhook = 'pod-identity-webhook/iam-for-pods.amazonaws.com'

// An endpoint may not be a loopback address, so the API servers listen on all.
const machine = Object.values(networkInterfaces())
  .flatMap((addresses = []) => addresses)
  .find(
    ({ family, internal, address }) => family === 'IPv4' && !internal && !address.startsWith('169.254.')
  )?.address
const skip =
  machine === undefined && 'this machine has no IPv4 address but loopback ones, which may not be endpoints'

t.test('two API servers, each with an address of its own', { skip }, async (t) => {
  const everywhere = { 'bind-address': '0.0.0.0' }
  const controlPlane = await startControlPlane({ apiServerFlags: everywhere })
  t.teardown(() => controlPlane.stop())
  const second = await controlPlane.addApiServer(everywhere)
  const [here, there] = [`${machine}:${new URL(controlPlane.url).port}`, `${machine}:${second.port}`]
  const identityWebhook = await startIdentityWebhook(controlPlane, { command: [process.execPath, standIn] })
  t.teardown(() => identityWebhook.stop())

  const kubectl = (...args: string[]) => controlPlane.kubectl(args)
  /** As API servers write their own endpoints, but one slice for each, so that each has a port. */
  const publish = async (name: string, port: number): Promise<void> => {
    const slice = {
      apiVersion: 'discovery.k8s.io/v1',
      kind: 'EndpointSlice',
      metadata: { name, namespace: 'default', labels: { 'kubernetes.io/service-name': 'kubernetes' } },
      addressType: 'IPv4',
      endpoints: [{ addresses: [machine], conditions: { ready: true } }],
      ports: [{ name: 'https', port, protocol: 'TCP' }]
    }
    t.match(await controlPlane.kubectl(['apply', '-f', '-'], JSON.stringify(slice)), { code: 0 })
  }
  await publish('first', Number(new URL(controlPlane.url).port))
  await publish('second', second.port)

  const guard = await startGuard(controlPlane, { run: runInProcess })
  t.teardown(() => guard.stop())

  const read = async (path: string): Promise<string> =>
    (await fetch(`${guard.controllerHealth}${path}`)).text()
  const mutating = async (): Promise<Record<string, string>> => {
    const found = [
      ...(await read('/metrics')).matchAll(/identity_webhook_mutating\{api_server="([^"]+)"\} ([01])\n/g)
    ]
    return Object.fromEntries(found.map(([, address = '', value = '']) => [address, value]))
  }
  /** Waits for the canary's metric; what the watch sees at once, the timer sees within a minute. */
  const mutatingIs = async (expected: Readonly<Record<string, string>>): Promise<void> => {
    const touch = [
      'label',
      '--overwrite',
      'mutatingwebhookconfiguration',
      'pod-identity-webhook',
      `touched=${Date.now()}`
    ]
    t.match(await kubectl(...touch), { code: 0 })
    const begun = performance.now()
    const wanted = JSON.stringify(Object.entries(expected).sort())
    await waitFor(
      `canary ${wanted}`,
      async () => JSON.stringify(Object.entries(await mutating()).sort()) === wanted,
      75_000
    )
    t.comment(`canary ${wanted} after ${Math.round(performance.now() - begun)} ms`)
  }
  const stateIs = (state: string) =>
    waitFor(
      `state ${state}`,
      async () =>
        (await read('/metrics')).includes(
          `irsa_guard_ca_bundle_state{webhook="${webhook}",state="${state}"} 1`
        ),
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

  await t.test('asks both, though neither certificate names its endpoint', async (t) => {
    await mutatingIs({ [here]: '1', [there]: '1' })
    await stateIs('ok')
    t.match(await read('/readyz?verbose'), '[+] canary: ok\n')
  })

  await t.test(
    'tells at which one pods are not mutated and nothing is denied, and when it is well again',
    async (t) => {
      const selfTests = async (): Promise<Record<string, string>> => {
        const found = [
          ...(await read('/metrics')).matchAll(/self_test\{check="(\w+)",api_server="([^"]+)"\} ([01])\n/g)
        ]
        return Object.fromEntries(
          found.map(([, check = '', address = '', value = '']) => [`${check} ${address}`, value])
        )
      }
      const plugins = 'MutatingAdmissionWebhook,ValidatingAdmissionWebhook,ValidatingAdmissionPolicy'
      await second.start({ ...everywhere, 'disable-admission-plugins': plugins })
      await mutatingIs({ [here]: '1', [there]: '0' })
      t.strictSame(await selfTests(), {
        [`webhook ${here}`]: '1',
        [`webhook ${there}`]: '0',
        [`policy ${here}`]: '1',
        [`policy ${there}`]: '0'
      })
      await waitFor('the Event', async () => (await messagesOf('SelfTestPolicyFails')).length > 0)
      t.match(await messagesOf('SelfTestWebhookFails'), [
        `own webhook at API server ${there}: a service account that must be denied was admitted`
      ])
      t.match(await messagesOf('SelfTestPolicyFails'), [
        `caBundle policy at API server ${there}: an unexpected caBundle was admitted`
      ])
      const fault = `identity webhook of API server ${there}: a pod with an annotated service account did not get the account's role: the pod was returned unchanged`
      await waitFor('the Event', async () => (await messagesOf('IdentityWebhookCanaryFails')).length > 0)
      t.strictSame(await messagesOf('IdentityWebhookCanaryFails'), [fault])
      const verbose = await read('/readyz?verbose')
      t.match(
        verbose,
        `canary: ${there}: fails: a pod with an annotated service account did not get the account's role`
      )
      t.match(
        verbose,
        `selfTest: webhook at ${there}: fails: a service account that must be denied was admitted`
      )
      t.notMatch(verbose, here)

      await second.stop()
      await mutatingIs({ [here]: '1' })
      await second.start(everywhere)
      await mutatingIs({ [here]: '1', [there]: '1' })
      await waitFor('the Event', async () => (await messagesOf('IdentityWebhookCanaryWorks')).length > 0)
      t.strictSame(await messagesOf('IdentityWebhookCanaryWorks'), [
        `identity webhook of API server ${there}: works again`
      ])
      // It answers before it has loaded its policies, and is asked again a minute later.
      await waitFor('the Event', async () => (await messagesOf('SelfTestPolicyWorks')).length > 0, 75_000)
      t.strictSame(await messagesOf('SelfTestPolicyWorks'), [
        `caBundle policy at API server ${there}: works again`
      ])
      t.strictSame(Object.values(await selfTests()), ['1', '1', '1', '1'])
      t.equal((await messagesOf('IdentityWebhookCanaryFails')).length, 1, 'told once')
    }
  )

  await t.test('a bundle is stale as soon as one serves a certificate that it does not trust', async (t) => {
    const [old, successor] = [controlPlane.clusterCa, await controlPlane.createClusterCa()]
    await controlPlane.publishClusterCas([old, successor])
    await stateIs('incomplete')
    await second.serveWith(successor)
    await stateIs('stale')
    t.match(
      (await messagesOf('CABundleStale'))[0],
      `is stale: at API server ${there}, the certificate served now is signed by`
    )

    const both = Buffer.from(
      `${old.certificatePem.trimEnd()}\n${successor.certificatePem.trimEnd()}\n`
    ).toString('base64')
    const operation = { op: 'replace', path: '/webhooks/0/clientConfig/caBundle', value: both }
    const patch = [
      'mutatingwebhookconfiguration',
      'pod-identity-webhook',
      '--type=json',
      '-p',
      JSON.stringify([operation])
    ]
    await waitFor('the bundle of both', async () => (await kubectl('patch', ...patch)).code === 0)
    await stateIs('ok')
  })

  await t.test(
    'one that stops, comes back elsewhere, or is gone, takes nothing from the other',
    async (t) => {
      await second.stop()
      await mutatingIs({ [here]: '1' })
      t.match(await read('/readyz?verbose'), new RegExp(`canary: ${there}: unknown: .*ECONNREFUSED`))
      await stateIs('ok')
      t.strictSame(
        (await messagesOf('IdentityWebhookCanaryFails')).length,
        1,
        'what cannot be asked is no failure'
      )
      await identityWebhook.stop()
      await mutatingIs({ [here]: '0' })
      await identityWebhook.start()
      await mutatingIs({ [here]: '1' })

      const third = await controlPlane.addApiServer(everywhere)
      const elsewhere = `${machine}:${third.port}`
      await publish('second', third.port)
      await mutatingIs({ [here]: '1', [elsewhere]: '1' })
      t.notMatch(await read('/readyz?verbose'), there)
      t.notMatch(await read('/metrics'), there, 'nothing is told about an address that is gone')

      await third.stop()
      await kubectl('delete', 'endpointslice', 'second')
      await mutatingIs({ [here]: '1' })
      t.match(await read('/readyz?verbose'), '[+] canary: ok\n')
    }
  )
})
