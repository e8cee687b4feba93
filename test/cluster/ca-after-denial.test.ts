import t from 'tap'
import { caOfObject } from '../../src/commands/ca-object.js'
import { startGuard } from '../control-plane/guard.ts'
import { clientCertificate, writeKubeconfig } from '../control-plane/kubeconfig.ts'
import { startControlPlane } from '../control-plane/start.ts'
import { waitFor } from '../control-plane/wait.ts'
import { runInProcess } from '../support/guard-in-process.js'

const own = 'validatingwebhookconfiguration/irsa-guard'

t.test('ca tells what is right where a denial says to ask it', async (t) => {
  const controlPlane = await startControlPlane()
  t.teardown(() => controlPlane.stop())
  const kubectl = (...args: string[]) => controlPlane.kubectl(args)
  const ca = async (reference: string, kubeconfig = controlPlane.kubeconfig) => {
    let text = ''
    const options = { kubeconfig, fix: true }
    const code = await caOfObject(
      reference,
      options,
      { stdout: (part) => (text += part), stderr: (part) => (text += part) },
      { environment: {} }
    )
    return { code, text }
  }
  const foreign = (await controlPlane.createClusterCa()).certificatePem
  const write = (pem: string, ...more: string[]) => {
    const patch = [
      { op: 'add', path: '/webhooks/0/clientConfig/caBundle', value: Buffer.from(pem).toString('base64') }
    ]
    return kubectl(
      'patch',
      'validatingwebhookconfiguration',
      'irsa-guard',
      '--type=json',
      '-p',
      JSON.stringify(patch),
      ...more
    )
  }
  const dryRun = '--dry-run=server'

  await t.test('without a guard nobody can tell', async (t) => {
    const configuration = {
      apiVersion: 'admissionregistration.k8s.io/v1',
      kind: 'ValidatingWebhookConfiguration',
      metadata: { name: 'other' },
      webhooks: [
        {
          name: 'other.example.com',
          clientConfig: { url: 'https://127.0.0.1:1/', caBundle: Buffer.from(foreign).toString('base64') },
          sideEffects: 'None',
          admissionReviewVersions: ['v1']
        }
      ]
    }
    t.match(await controlPlane.kubectl(['create', '-f', '-'], JSON.stringify(configuration)), { code: 0 })
    t.match(await ca('validatingwebhookconfiguration/other'), {
      code: 2,
      text: /^\? undetermined {4}webhook other\.example\.com: .*\n {2}because {9}the expected CA is unknown: no injector .*, and there is no WebhookTrust "cluster", /
    })
  })

  const guard = await startGuard(controlPlane, { run: runInProcess })
  t.teardown(() => guard.stop())
  const denied = await waitFor('a denial', async () => {
    const answer = await write(foreign, dryRun)
    return answer.stderr.includes("'irsa-guard-ca-bundle-deny'") ? answer : undefined
  })
  const reference = /irsa-guard ca (\S+) --fix/.exec(denied.stderr)?.[1] ?? ''

  await t.test('what the denial names is right, and says so', async (t) => {
    t.equal(reference, own)
    const right = await ca(reference)
    t.match(right, {
      code: 0,
      text: /^[✓!] ok {14}webhook validate\.irsa-guard\.io trusts the expected CA\n {2}because {9}it contains [^]*\n {2}confirmed {7}expected CA from WebhookTrust "cluster", confirmed at \d{4}-/
    })
    t.notMatch(right.text, 'kubectl patch')
    t.match(await ca('validatingwebhookconfiguration/other'), {
      code: 2,
      text: 'and WebhookTrust "cluster" has no entry for other.example.com\n'
    })
  })

  await t.test('who may not read what is published is told so', async (t) => {
    const rights = ['--verb=get', '--resource=validatingwebhookconfigurations']
    t.match(await kubectl('create', 'clusterrole', 'reader', ...rights), { code: 0 })
    t.match(
      await kubectl('create', 'clusterrolebinding', 'reader', '--clusterrole=reader', '--user=reader'),
      { code: 0 }
    )
    const kubeconfig = `${t.testdir({})}/kubeconfig`
    const credentials = clientCertificate(await controlPlane.clientCertificate('reader'))
    await writeKubeconfig(kubeconfig, controlPlane.url, controlPlane.caFile, 'reader', credentials)
    await waitFor('the right', async () => (await kubectl('get', own, '--as=reader')).code === 0)
    t.match(await ca(own, kubeconfig), {
      code: 2,
      text: /^\? undetermined .*\n {2}because {9}.*: the WebhookTrust could not be read \(the API server answered 403\): /
    })
  })

  await t.test('a wrong one is foreign, and the printed patch passes the policy', async (t) => {
    await guard.stopController() // it would restore its own at once
    t.match(await kubectl('delete', 'validatingadmissionpolicybinding', 'irsa-guard-ca-bundle-deny'), {
      code: 0
    })
    await waitFor('a wrong bundle that passes', async () => (await write(foreign)).code === 0)
    t.match(await kubectl('apply', '-f', 'manifests/ca-bundle-deny.yaml'), { code: 0 })
    const another = (await controlPlane.createClusterCa()).certificatePem
    await waitFor('the policy', async () => (await write(another, dryRun)).code !== 0)

    const wrong = await ca(own)
    t.match(wrong, {
      code: 1,
      text: /^✗ foreign {9}webhook validate\.irsa-guard\.io .*\n {2}because {9}it contains CN=kubernetes .*, but the current CA is /
    })
    const command = /^kubectl --kubeconfig \S+ (patch) (\S+) (\S+) (--type) (json) (-p) '([^']+)'$/m
      .exec(wrong.text)
      ?.slice(1)
    if (command === undefined) throw new Error(`no command in:\n${wrong.text}`)
    t.match(await kubectl(...command), { code: 0, stdout: /patched/ })
    t.match(await ca(own), { code: 0, text: /^✓ ok {14}webhook validate\.irsa-guard\.io / })
  })
})
