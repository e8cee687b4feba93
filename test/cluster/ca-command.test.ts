import { writeFileSync } from 'node:fs'
import { Readable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { caOfObject } from '../../src/commands/ca-object.js'
import { check } from '../../src/commands/check.js'
import { startIdentityWebhook } from '../control-plane/identity-webhook.ts'
import { findIdentityWebhook } from '../control-plane/identity-webhook-binary.ts'
import { clientCertificate, writeKubeconfig } from '../control-plane/kubeconfig.ts'
import { run } from '../control-plane/run.ts'
import { startControlPlane } from '../control-plane/start.ts'
import { waitFor } from '../control-plane/wait.ts'

const role = 'arn:aws:iam::111122223333:role/cart'
const account = (name: string): object => ({
  apiVersion: 'v1',
  kind: 'ServiceAccount',
  metadata: { name, namespace: 'default', annotations: { 'eks.amazonaws.com/role-arn': role } }
})
const reference = 'mutatingwebhookconfiguration/pod-identity-webhook'

t.test('commands that ask a cluster', async (t) => {
  const controlPlane = await startControlPlane()
  t.teardown(() => controlPlane.stop())
  const { kubeconfig } = controlPlane
  const kubectl: typeof controlPlane.kubectl = (args, input) => controlPlane.kubectl(args, input)
  const apply = async (object: unknown) =>
    t.match(await kubectl(['apply', '-f', '-'], JSON.stringify(object)), { code: 0 })
  const ca = async (fix: boolean, name = reference, more: { kubeconfig?: string } = {}) => {
    let text = ''
    const code = await caOfObject(
      name,
      { kubeconfig, fix, ...more },
      { stdout: (part) => (text += part), stderr: (part) => (text += part) },
      { environment: {} }
    )
    return { code, text }
  }
  const checked = async (...objects: object[]) => {
    let text = ''
    const terminal = {
      stdin: Readable.from([objects.map((object) => JSON.stringify(object)).join('\n---\n')]),
      stdout: (part: string) => (text += part),
      stderr: (part: string) => (text += part)
    }
    const options = { iam: [], kubeconfig, failOn: 'error', failOnUnknown: false } as const
    return { code: await check(['-'], options, terminal, {}), text }
  }
  const workload = (serviceAccountName: string): object => ({
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'web', namespace: 'default' },
    spec: { template: { spec: { serviceAccountName, containers: [{ name: 'app' }] } } }
  })

  await t.test('without an identity webhook', async (t) => {
    t.match(await checked(account('cart')), {
      code: 1,
      text: /error {2}.* identity-webhook-missing\n +no identity webhook is registered in the cluster/
    })
    await t.rejects(ca(false), {
      code: 'ERR_INPUT',
      message: /^there is no mutatingwebhookconfiguration pod-identity-webhook in the cluster https:/
    })
  })

  const standIn = [
    process.execPath,
    fileURLToPath(new URL('../control-plane/identity-webhook-stand-in.ts', import.meta.url))
  ] as const
  const real = await findIdentityWebhook().catch(() => undefined)
  const webhook = await startIdentityWebhook(controlPlane, real === undefined ? { command: standIn } : {})
  t.teardown(() => webhook.stop())
  await apply(account('cart'))

  await t.test(
    'ca --fix repairs a bundle with another CA of the same name, by the command that it prints',
    async (t) => {
      const pod = {
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: { name: 'probe' },
        spec: { serviceAccountName: 'cart', containers: [{ name: 'app', image: 'app' }] }
      }
      const injectedRole = async () =>
        /AWS_ROLE_ARN/.test(
          (await kubectl(['create', '--dry-run=server', '-o', 'json', '-f', '-'], JSON.stringify(pod))).stdout
        )
      t.match(await ca(true), {
        code: 0,
        text: /^! ok {14}webhook iam-for-pods\.amazonaws\.com trusts the expected CA\n[^]* signs now\n[^]*\n {2}compared with {3}what the API server serves/
      })

      const other = await controlPlane.createClusterCa()
      await apply(webhook.configurationFor(other.certificatePem))
      await waitFor('pods without a role', async () => !(await injectedRole()))
      const wrong = await ca(true)
      t.match(wrong, {
        code: 1,
        text: /^✗ foreign .*\n {2}because {9}it contains CN=kubernetes[^]*failurePolicy is Ignore: every pod created now starts WITHOUT its AWS role[^]*\n {2}Go says .*x509: /
      })
      const command = wrong.text.split('\n').find((line) => line.startsWith('kubectl '))
      if (command === undefined) throw new Error(`no command in:\n${wrong.text}`)
      const arguments_ =
        /^kubectl --kubeconfig \S+ (patch) (\S+) (\S+) (--type) (json) (-p) '([^']+)'$/
          .exec(command)
          ?.slice(1) ?? []
      t.match(await kubectl(arguments_), { code: 0, stdout: /patched/ })
      await waitFor('pods with their role', injectedRole)
      t.match(await ca(true), { code: 0, text: /^! ok / })
    }
  )

  await t.test('a successor that signs already is named, whatever the order of the CAs', async (t) => {
    const successor = await controlPlane.createClusterCa()
    await controlPlane.publishClusterCas([controlPlane.clusterCa, successor])
    t.match(await ca(false), { code: 1, text: /^✗ incomplete / })
    await controlPlane.serveWith(successor)
    t.match(await ca(false), {
      code: 1,
      text: /^✗ stale .*\n {2}because {9}the certificate served now is signed by [^]*\n {2}Go says /
    })
  })

  await t.test('check sees what the cluster has, and says what it has not', async (t) => {
    const none = await checked(account('cart'))
    t.notMatch(none.text, /identity-webhook-missing/)
    const { text } = await checked(workload('cart'), workload('gone'), {
      apiVersion: 'admissionregistration.k8s.io/v1',
      kind: 'ValidatingWebhookConfiguration',
      metadata: { name: 'a' },
      webhooks: [{ name: 'a.b.c', clientConfig: { service: { namespace: 'default', name: 'nobody' } } }]
    })
    t.match(text, /service-account-missing\n +service account default\/gone does not exist/)
    t.notMatch(text, /default\/cart does not exist/)
    t.match(text, /webhook-backend-missing\n.* service default\/nobody, which does not exist/)
  })

  await t.test('says who has no right, and that nobody answers', async (t) => {
    const directory = t.testdir({})
    const stranger = await controlPlane.clientCertificate('stranger')
    await writeKubeconfig(
      `${directory}/stranger`,
      controlPlane.url,
      controlPlane.caFile,
      'stranger',
      clientCertificate(stranger)
    )
    await t.rejects(ca(false, reference, { kubeconfig: `${directory}/stranger` }), {
      code: 'ERR_INPUT',
      message:
        /^you are not allowed to read mutatingwebhookconfiguration pod-identity-webhook in the cluster https:.* \(403: .*forbidden: User "stranger"/
    })
    await writeKubeconfig(
      `${directory}/gone`,
      'https://127.0.0.1:1',
      controlPlane.caFile,
      'stranger',
      clientCertificate(stranger)
    )
    await t.rejects(ca(false, reference, { kubeconfig: `${directory}/gone` }), {
      code: 'ERR_KUBECONFIG',
      message: /^the cluster https:\/\/127\.0\.0\.1:1 could not be queried: .*ECONNREFUSED/
    })
    await t.rejects(ca(false, 'configmap/x'), {
      code: 'ERR_USAGE',
      message: /is not a webhook configuration; expected mutatingwebhookconfiguration\/NAME/
    })
    writeFileSync(`${directory}/ca.pem`, '')
    const args = [
      'dist/cli.js',
      'ca',
      reference,
      '--kubeconfig',
      kubeconfig,
      '--cluster-ca',
      `${directory}/ca.pem`
    ]
    t.match(await run(process.execPath, args), {
      code: 2,
      stdout: /^$/,
      stderr: /ca\.pem contains no certificate that an API server can read/
    })
  })
})
