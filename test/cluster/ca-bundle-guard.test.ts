import { readdirSync, readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { type Guard, startGuard } from '../control-plane/guard.ts'
import { startIdentityWebhook } from '../control-plane/identity-webhook.ts'
import type { ClusterCa } from '../control-plane/replaceable-api-server.ts'
import { startControlPlane } from '../control-plane/start.ts'
import { waitFor } from '../control-plane/wait.ts'
import { runInProcess } from '../support/guard-in-process.js'

const standIn = fileURLToPath(new URL('../control-plane/identity-webhook-stand-in.ts', import.meta.url))
const webhook = 'pod-identity-webhook/iam-for-pods.amazonaws.com'
const base64 = (pem: string): string => Buffer.from(pem).toString('base64')

t.test('the incident, and what else can happen to a caBundle', async (t) => {
  const controlPlane = await startControlPlane()
  t.teardown(() => controlPlane.stop())
  const identityWebhook = await startIdentityWebhook(controlPlane, { command: [process.execPath, standIn] })
  t.teardown(() => identityWebhook.stop())
  const guard = await startGuard(controlPlane, { run: runInProcess })
  t.teardown(() => guard.stop())

  const kubectl = (...args: string[]) => controlPlane.kubectl(args)
  const patch = (pem: string) =>
    kubectl(
      'patch',
      'mutatingwebhookconfiguration',
      'pod-identity-webhook',
      '--type=json',
      '-p',
      JSON.stringify([{ op: 'replace', path: '/webhooks/0/clientConfig/caBundle', value: base64(pem) }])
    )
  const metrics = async (): Promise<string> => (await fetch(`${guard.controllerHealth}/metrics`)).text()
  const stateIs = async (state: string): Promise<void> => {
    const begun = performance.now()
    await waitFor(
      `state ${state}`,
      async () =>
        (await metrics()).includes(`irsa_guard_ca_bundle_state{webhook="${webhook}",state="${state}"} 1`),
      60_000
    )
    t.comment(`${state} after ${Math.round(performance.now() - begun)} ms`)
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

  await t.test('finds everything right, and says so where one looks', async (t) => {
    await stateIs('ok')
    await waitFor('proofs', async () =>
      /identity_webhook_mutating\{api_server="[^"]+"\} 1\n/.test(await metrics())
    )
    await waitFor(
      'self-test',
      async () =>
        /self_test\{check="webhook",api_server="[^"]+"\} 1\n[^]*self_test\{check="policy",api_server="[^"]+"\} 1\n/.test(
          await metrics()
        ),
      60_000
    )
    t.equal(
      await (await fetch(`${guard.controllerHealth}/readyz?verbose`)).text(),
      '[+] certificates: ok\n[+] caBundles: ok\n[+] probes: ok\n[+] canary: ok\n[+] selfTest: ok\n[+] backgroundScan: ok\n[+] eksAssociations: ok\n[+] changeQueue: ok\n'
    )
    t.equal(await eventsOf('CABundleForeign'), 0)
    const { stdout } = await kubectl(
      'get',
      'webhooktrust',
      'cluster',
      '-o',
      'jsonpath={.status.webhooks[*].state}'
    )
    t.equal(stdout, 'ok ok ok')
  })

  await t.test('an edit that stops the identity webhook has an Event, and the canary names it', async (t) => {
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
      return (JSON.parse(stdout) as { items: { message: string }[] }).items.map(({ message }) => message)
    }
    const operations = (...list: readonly string[]) =>
      kubectl(
        'patch',
        'mutatingwebhookconfiguration',
        'pod-identity-webhook',
        '--type=json',
        '-p',
        JSON.stringify([{ op: 'replace', path: '/webhooks/0/rules/0/operations', value: list }])
      )
    t.match(await operations('UPDATE'), {
      code: 0,
      stderr: /covers the creation of pods, so new pods will start/
    })
    const [failed] = await waitFor(
      'the canary',
      async () => {
        const messages = await messagesOf('IdentityWebhookCanaryFails')
        return messages.length > 0 && messages
      },
      75_000
    )
    t.match(
      failed,
      /did not get the account's role: the pod was returned unchanged; likely cause: identity-webhook-misses-pods: the API server does not call webhook iam-for-pods\.amazonaws\.com for any pod: .*; fix: restore the rule/
    )
    t.match(await messagesOf('IdentityWebhookMissesPods'), [
      /^identity-webhook-misses-pods: the API server does not call webhook .*; fix: restore the rule for the CREATE operation on pods$/
    ])

    t.match(await operations('CREATE'), { code: 0, stderr: /^$/ })
    await waitFor(
      'the end of it',
      async () =>
        (await eventsOf('IdentityWebhookMissesPodsResolved')) === 1 &&
        (await eventsOf('IdentityWebhookCanaryWorks')) === 1,
      75_000
    )
  })

  const foreign = await controlPlane.createClusterCa()
  await t.test('a wrong bundle is denied, also when the object is made anew', async (t) => {
    const denied = await patch(foreign.certificatePem)
    t.equal(denied.code, 1)
    t.match(
      denied.stderr,
      /is forbidden: ValidatingAdmissionPolicy 'irsa-guard-ca-bundle-deny'.*new pods would silently start without their AWS role/
    )
    t.match(
      await kubectl('delete', 'mutatingwebhookconfiguration', 'pod-identity-webhook'),
      { code: 0 },
      'a deletion passes'
    )
    await sleep(2000)
    const create = (pem: string) =>
      controlPlane.kubectl(['create', '-f', '-'], JSON.stringify(identityWebhook.configurationFor(pem)))
    t.match(await create(foreign.certificatePem), { code: 1, stderr: /irsa-guard-ca-bundle-deny/ })
    t.match(await create(controlPlane.clusterCa.certificatePem), { code: 0 })
    await stateIs('ok')
  })

  await t.test(
    'one that got in while the guard was off is found, reported once, and fixed through the policy',
    async (t) => {
      await switchPolicyOff(guard, kubectl)
      t.match(await patch(foreign.certificatePem), { code: 0 })
      await guard.startController()
      await stateIs('foreign')
      await waitFor('the Event', async () => (await eventsOf('CABundleForeign')) > 0)
      await waitFor('the canary', async () =>
        /identity_webhook_mutating\{api_server="[^"]+"\} 0\n/.test(await metrics())
      )
      t.match(await kubectl('apply', '-f', 'manifests/ca-bundle-deny.yaml'), { code: 0 })
      await sleep(2000)
      t.match(
        await kubectl('label', 'mutatingwebhookconfiguration', 'pod-identity-webhook', 'team=a'),
        { code: 0 },
        'a label edit of a wrong object passes'
      )
      t.match(
        await patch((await controlPlane.createClusterCa()).certificatePem),
        { code: 1 },
        'from one wrong bundle to another'
      )
      t.match(await patch(controlPlane.clusterCa.certificatePem), { code: 0 })
      await stateIs('ok')
      t.equal(await eventsOf('CABundleForeign'), 1, 'told once')
      t.equal(await eventsOf('CABundleOk'), 1)
    }
  )

  await t.test('a rotated CA: incomplete, then stale with nothing applied, then right again', async () => {
    const [old, successor] = [controlPlane.clusterCa, await controlPlane.createClusterCa()]
    const both = `${old.certificatePem.trimEnd()}\n${successor.certificatePem.trimEnd()}\n`
    await controlPlane.publishClusterCas([old, successor])
    await stateIs('incomplete')
    await controlPlane.serveWith(successor)
    await stateIs('stale')
    await waitFor('the bundle of both', async () => (await patch(both)).code === 0)
    await stateIs('ok')
    await restore(old)
  })

  async function restore(ca: ClusterCa): Promise<void> {
    await controlPlane.serveWith(ca)
    await controlPlane.publishClusterCas([ca])
    await waitFor('the bundle of one', async () => (await patch(ca.certificatePem)).code === 0)
    await stateIs('ok')
  }

  await t.test('the API server restarted, and the guard still notices within a minute', async (t) => {
    await controlPlane.startApiServer()
    await kubectl('delete', 'validatingadmissionpolicybinding', 'irsa-guard-ca-bundle-deny')
    await waitFor('a wrong bundle that passes', async () => (await patch(foreign.certificatePem)).code === 0)
    await stateIs('foreign')
    await waitFor(
      'the self-test',
      async () => /self_test\{check="policy",api_server="[^"]+"\} 0\n/.test(await metrics()),
      70_000
    )
    t.ok((await eventsOf('SelfTestPolicyFails')) >= 1)
    t.match(await patch(controlPlane.clusterCa.certificatePem), { code: 0 })
  })

  await t.test('etcd hangs for ten seconds, and the guard still notices', async (t) => {
    const pids = processesWith(`${controlPlane.folder}/etcd`)
    t.ok(pids.length >= 1)
    for (const pid of pids) process.kill(pid, 'SIGSTOP')
    await sleep(10_000)
    for (const pid of pids) process.kill(pid, 'SIGCONT')
    await waitFor('a wrong bundle that passes', async () => (await patch(foreign.certificatePem)).code === 0)
    await stateIs('foreign')
    await waitFor(
      'the right one',
      async () => (await patch(controlPlane.clusterCa.certificatePem)).code === 0
    )
    await stateIs('ok')
  })

  await t.test('a guard that is not asked is noticed', async () => {
    await guard.stopServe()
    await kubectl('label', 'validatingwebhookconfiguration', 'irsa-guard', 'touched=true') // what the watch sees, the timer sees within a minute
    await waitFor(
      'the self-test',
      async () => /self_test\{check="webhook",api_server="[^"]+"\} 0\n/.test(await metrics()),
      70_000
    )
  })
})

/** As the page says that switches everything off: the binding goes, then nobody judges. */
async function switchPolicyOff(
  guard: Guard,
  kubectl: (...args: string[]) => Promise<unknown>
): Promise<void> {
  await guard.stopController()
  await kubectl('delete', 'validatingadmissionpolicybinding', 'irsa-guard-ca-bundle-deny')
  await sleep(2000)
}

/** The processes that have a text in their command line, as Linux tells it. */
function processesWith(text: string): number[] {
  return readdirSync('/proc').flatMap((entry) => {
    if (!/^\d+$/.test(entry)) return []
    try {
      return readFileSync(`/proc/${entry}/cmdline`, 'utf8').includes(text) ? [Number(entry)] : []
    } catch {
      return [] // it has ended meanwhile
    }
  })
}
