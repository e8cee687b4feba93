import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { CreateRoleCommand, GetRoleCommand, IAMClient } from '@aws-sdk/client-iam'
import t, { type Test } from 'tap'
import { type IdentityWebhookOptions, startIdentityWebhook } from '../control-plane/identity-webhook.ts'
import { findIdentityWebhook } from '../control-plane/identity-webhook-binary.ts'
import { mirrorSecret } from '../control-plane/mirror-secret.ts'
import { startMoto } from '../control-plane/moto.ts'
import { run } from '../control-plane/run.ts'
import { writeIdentity } from '../control-plane/service-account-identity.ts'
import { startControlPlane } from '../control-plane/start.ts'
import { waitFor } from '../control-plane/wait.ts'

const role = 'arn:aws:iam::111122223333:role/team/cart'
const account = {
  apiVersion: 'v1',
  kind: 'ServiceAccount',
  metadata: { name: 'cart', namespace: 'default', annotations: { 'eks.amazonaws.com/role-arn': role } }
}
const pod = {
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'cart', namespace: 'default' },
  spec: { serviceAccountName: 'cart', containers: [{ name: 'cart', image: 'cart' }] }
}

t.test('a control plane', async (t) => {
  const controlPlane = await startControlPlane()
  t.teardown(() => controlPlane.stop())
  const kubectl = (...args: Parameters<typeof controlPlane.kubectl>) => controlPlane.kubectl(...args)
  const apply = async (object: unknown) =>
    t.match(await kubectl(['apply', '-f', '-'], JSON.stringify(object)), { code: 0 })
  /** Creates the pod in a dry run, and says which role its container was given. */
  const readInjectedRole = async () => {
    const created = await kubectl(
      ['create', '--dry-run=server', '-o', 'json', '-f', '-'],
      JSON.stringify(pod)
    )
    const { spec } = JSON.parse(created.stdout) as {
      spec: { containers: { env?: { name: string; value?: string }[] }[] }
    } // a v1 Pod
    return spec.containers[0]?.env?.find(({ name }) => name === 'AWS_ROLE_ARN')?.value
  }

  t.test('says who its issuer is', async (t) => {
    const document = JSON.parse(
      (await kubectl(['get', '--raw', '/.well-known/openid-configuration'])).stdout
    ) as { issuer: string }
    t.equal(document.issuer, 'https://oidc.eks.us-east-1.amazonaws.com/id/EXAMPLED539D4633E53DE1B71EXAMPLE')
    t.equal(document.issuer, controlPlane.issuer)
  })

  t.test('turns a Deployment into pods', async (t) => {
    t.match(await kubectl(['create', 'deployment', 'web', '--image=web']), { code: 0 })
    const names = await waitFor(
      'a pod of the Deployment',
      async () => (await kubectl(['get', 'pods', '-o', 'name'])).stdout || false
    )
    t.match(names, /^pod\/web-/)
  })

  t.test('type-checks admission policies', async (t) => {
    await apply({
      apiVersion: 'admissionregistration.k8s.io/v1',
      kind: 'ValidatingAdmissionPolicy',
      metadata: { name: 'typo' },
      spec: {
        matchConstraints: {
          resourceRules: [
            { apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE'], resources: ['pods'] }
          ]
        },
        validations: [{ expression: 'object.spec.replicas == 1' }]
      }
    })
    const path = 'jsonpath={.status.typeChecking.expressionWarnings[*].warning}'
    const read = async () =>
      (await kubectl(['get', 'validatingadmissionpolicy', 'typo', '-o', path])).stdout || false
    t.match(await waitFor('a warning', read), /undefined field 'replicas'/)
  })

  t.test('gives a process the rights of a service account, and no more', async (t) => {
    await apply({
      apiVersion: 'v1',
      kind: 'ServiceAccount',
      metadata: { name: 'reader', namespace: 'default' }
    })
    await kubectl(['create', 'clusterrole', 'reader', '--verb=get', '--resource=serviceaccounts'])
    await kubectl([
      'create',
      'clusterrolebinding',
      'reader',
      '--clusterrole=reader',
      '--serviceaccount=default:reader'
    ])
    const reader = await writeIdentity(controlPlane, {
      namespace: 'default',
      serviceAccount: 'reader',
      folder: t.testdir()
    })
    t.teardown(() => reader.stop())
    const as = (...args: string[]) => kubectl(['--kubeconfig', reader.kubeconfig, ...args])
    t.match(await as('auth', 'whoami'), { code: 0, stdout: /system:serviceaccount:default:reader/ })
    t.match(await as('get', 'serviceaccount', 'default'), { code: 0 })
    t.match(await as('get', 'secrets'), { code: 1, stderr: /Forbidden/ })
    const nobody = writeIdentity(controlPlane, {
      namespace: 'default',
      serviceAccount: 'nobody',
      folder: t.testdir()
    })
    await t.rejects(nobody, /no token for default\/nobody: .*not found/)
  })

  t.test('copies a Secret as a kubelet does', async (t) => {
    const folder = `${t.testdir()}/mount`
    const mirror = mirrorSecret(controlPlane, { namespace: 'default', name: 'tls', folder })
    t.teardown(() => mirror.stop())
    const secret = (stringData: Record<string, string>) => ({
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: 'tls' },
      stringData
    })
    const read = (file: string) => readFileSync(`${folder}/${file}`, 'utf8')
    await apply(secret({ 'tls.crt': 'one', 'tls.key': 'first', old: '' }))
    await mirror.mounted
    t.equal(read('tls.crt') + read('tls.key') + read('old'), 'onefirst')
    await kubectl(['replace', '-f', '-'], JSON.stringify(secret({ 'tls.crt': 'two', 'tls.key': 'second' })))
    await waitFor('the change', async () => read('tls.crt') === 'two')
    t.equal(read('tls.key'), 'second')
    t.throws(() => read('old'), { code: 'ENOENT' })
  })

  const mutates = async (t: Test, command: IdentityWebhookOptions['command']) => {
    await apply(account)
    const webhook = await startIdentityWebhook(controlPlane, command && { command })
    t.teardown(() => webhook.stop())
    t.equal(await waitFor('a mutated pod', readInjectedRole), role)
    await webhook.stop()
    t.equal(await readInjectedRole(), undefined, 'while it is down, pods pass without a role')
    await webhook.start()
    t.equal(await readInjectedRole(), role)

    const successor = await controlPlane.createClusterCa()
    await webhook.start(successor)
    t.equal(await readInjectedRole(), undefined, 'its certificate is of a CA that the caBundle lacks')
    await apply(webhook.configurationFor(successor.certificatePem))
    t.equal(await waitFor('a mutated pod', readInjectedRole), role)
  }
  const standIn = fileURLToPath(new URL('../control-plane/identity-webhook-stand-in.ts', import.meta.url))
  t.test('registers an identity webhook as EKS does', (t) => mutates(t, [process.execPath, standIn]))

  // Where nobody serves the real one, that is said; what is proved about mutation is then proved by the
  // stand-in alone.
  const missing = await findIdentityWebhook().then(
    () => false as const,
    (error: unknown) => String(error).replace(/\s+/g, ' ') // one line of TAP
  )
  t.test('runs the real identity webhook', { skip: missing }, (t) => mutates(t, undefined))

  t.test('follows a rotation of its CA', async (t) => {
    const successor = await controlPlane.createClusterCa()
    await controlPlane.publishClusterCas([successor, controlPlane.clusterCa])
    const published = await kubectl([
      'get',
      'configmap',
      'kube-root-ca.crt',
      '-o',
      'jsonpath={.data.ca\\.crt}'
    ])
    t.equal(published.stdout.match(/BEGIN CERTIFICATE/g)?.length, 2)
    t.equal(published.stdout, readFileSync(controlPlane.caFile, 'utf8'))
    await controlPlane.serveWith(successor)
    await controlPlane.publishClusterCas([successor])
    t.match(await kubectl(['get', 'namespaces']), { code: 0 }, 'the certificate is of the successor')
  })

  t.test('survives a restart of the API server', async (t) => {
    const auditLog = `${t.testdir({ 'policy.yaml': auditPolicy })}/audit.log`
    await controlPlane.stopApiServer()
    t.match(await kubectl(['get', 'namespaces']), { code: 1 })
    await controlPlane.startApiServer({
      'audit-log-path': auditLog,
      'audit-policy-file': auditLog.replace('audit.log', 'policy.yaml')
    })
    t.match(await kubectl(['get', 'deployment', 'web']), { code: 0 })
    t.match(readFileSync(auditLog, 'utf8'), /"requestURI":"[^"]*deployments\/web/)
    await kubectl(['create', 'namespace', 'late'])
    await waitFor(
      'the controllers at work',
      async () => (await kubectl(['get', 'sa', 'default', '-n', 'late'])).code === 0
    )
  })
})

const auditPolicy = 'apiVersion: audit.k8s.io/v1\nkind: Policy\nrules:\n- level: Metadata\n'

t.test('what is started', async (t) => {
  t.test('is gone when the start fails', async (t) => {
    const failed = await startControlPlane({ apiServerFlags: { 'no-such-flag': 'x' } }).catch(String)
    t.match(
      failed,
      /kube-apiserver ended before it was ready \(exit code 1\); it wrote:\n.*unknown flag: --no-such-flag/s
    )
    const etcds = await run('pgrep', ['-f', '-P', `${process.pid}`, 'etcd'])
    t.equal(etcds.stdout, '')
  })

  t.test('ends with its parent, even one that is killed', async (t) => {
    const daemon = new URL('../control-plane/daemon.ts', import.meta.url).href
    const program = `
      import { startDaemon } from ${JSON.stringify(daemon)}
      const daemon = await startDaemon({ name: 'd', command: 'sh', args: ['-c', 'echo $$; exec sleep 600'], isReady: async () => true })
      while (!daemon.output()) await new Promise((resolve) => setTimeout(resolve, 10))
      console.log(daemon.output())
      process.kill(process.pid, 'SIGKILL')`
    const { stdout } = await run(process.execPath, ['--input-type=module', '--eval', program])
    const pid = Number(stdout)
    t.ok(pid > 1)
    await waitFor(
      'the end of the program',
      async () => !/sleep/.test((await run('ps', ['-o', 'args=', '-p', `${pid}`])).stdout)
    )
  })
})

t.test('moto, an IAM API', async (t) => {
  const moto = await startMoto()
  t.teardown(() => moto.stop())
  const credentials = { accessKeyId: 'test', secretAccessKey: 'test' }
  const iam = new IAMClient({ endpoint: moto.url, region: 'us-east-1', credentials, maxAttempts: 1 })
  await t.rejects(iam.send(new GetRoleCommand({ RoleName: 'cart' })), { name: 'NoSuchEntityException' })
  await iam.send(new CreateRoleCommand({ RoleName: 'cart', Path: '/team/', AssumeRolePolicyDocument: '{}' }))
  const { Role } = await iam.send(new GetRoleCommand({ RoleName: 'cart' }))
  t.equal(Role?.Arn, 'arn:aws:iam::123456789012:role/team/cart')
  await moto.requireAuthorization()
  await t.rejects(iam.send(new GetRoleCommand({ RoleName: 'cart' })), { name: 'InvalidClientTokenId' })
  await moto.allowEverybody()
  t.match(await iam.send(new GetRoleCommand({ RoleName: 'cart' })), { Role: { Path: '/team/' } })
})
