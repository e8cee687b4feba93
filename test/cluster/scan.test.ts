import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import { Readable } from 'node:stream'
import { text as readStream } from 'node:stream/consumers'
import t from 'tap'
import { scan, type ScanCommandOptions } from '../../src/commands/scan.js'
import type { ScanReport } from '../../src/output/scan-report.js'
import { startIdentityWebhook } from '../control-plane/identity-webhook.ts'
import { startControlPlane } from '../control-plane/start.ts'
import { waitFor } from '../control-plane/wait.ts'
import { startFakeIam } from '../support/fake-iam.js'
import { account, kubectlWith, namespace, serviceAccount, standInWith } from '../support/pod-cluster.js'
import { schemaErrors } from '../support/schemas.js'
import { asks, policy, statement } from '../support/trust.js'

const controlPlane = await startControlPlane()
t.teardown(() => controlPlane.stop())
const { issuer } = controlPlane
const kubectl = kubectlWith(controlPlane)
const directory = t.testdir({})
const file = (name: string): string => `${directory}/${name}`
const arnOf = (role: string): string => `arn:aws:iam::${account}:role/${role}`
const asksFor = (role: string): Record<string, string> => ({ 'eks.amazonaws.com/role-arn': arnOf(role) })

const deployment = (space: string, name: string, replicas: number): object => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name, namespace: space },
  spec: {
    replicas,
    selector: { matchLabels: { app: name } },
    template: {
      metadata: { labels: { app: name } },
      spec: { serviceAccountName: name, containers: [{ name: 'app', image: 'a' }] }
    }
  }
})
const podsOf = async (space: string, name: string, count: number): Promise<unknown> =>
  waitFor(
    `${count} pods of ${space}/${name}`,
    async () => {
      const { stdout } = await kubectl(`get pods -n ${space} -l app=${name} -o name`)
      return stdout.split('\n').filter((line) => line !== '').length === count
    },
    60_000
  )

/** IAM, in which role cart trusts shop:cart, role old trusts shop:gone, and role web trusts shop:web. */
const provider = `arn:aws:iam::${account}:oidc-provider/${issuer.replace('https://', '')}`
const trusting = (subject: string): object =>
  policy(
    statement({
      Principal: { Federated: provider },
      Condition: asks({ sub: `system:serviceaccount:${subject}` })
    })
  )
writeFileSync(
  file('iam.json'),
  JSON.stringify({
    apiVersion: 'irsa-guard.io/v1',
    kind: 'IamSnapshot',
    issuer,
    accounts: [account],
    roles: [
      { arn: arnOf('cart'), trustPolicy: trusting('shop:cart') },
      { arn: arnOf('web'), trustPolicy: trusting('shop:web') },
      { arn: arnOf('old'), trustPolicy: trusting('shop:gone') }
    ],
    oidcProviders: [{ arn: provider, clientIds: ['sts.amazonaws.com'] }]
  })
)

// The pods of web start before the identity webhook is registered, those of cart afterwards.
await kubectl('apply -f -', namespace('shop'), namespace('pay'), namespace('idle'))
await kubectl(
  'apply -f -',
  serviceAccount('shop', 'web', asksFor('web')),
  serviceAccount('shop', 'cart', asksFor('cart')),
  ...['a', 'b', 'c', 'd'].map((name) => serviceAccount('pay', name, asksFor('cart'))),
  serviceAccount('idle', 'typo', { 'eks.amazonaws.com/role-arn': `arn:aws:iam::${account}:policy/x` }),
  deployment('shop', 'web', 3)
)
await podsOf('shop', 'web', 3)
const webhook = await startIdentityWebhook(controlPlane, { command: standInWith(file('fault')) })
t.teardown(() => webhook.stop())
await kubectl('apply -f -', deployment('shop', 'cart', 1))
await podsOf('shop', 'cart', 1)
const beforeTheLast = new Date(Date.now() + 1000).toISOString()

/** A kubeconfig with the contexts of an administrator, of a user with few rights, and of a cluster that is gone. */
const viewer = await controlPlane.clientCertificate('viewer')
const admin = JSON.parse(readFileSync(controlPlane.kubeconfig, 'utf8')) as {
  users: { user: object }[]
}
const base64 = (pem: string): string => Buffer.from(pem).toString('base64')
const kubeconfig = file('kubeconfig')
const contextOf = (name: string, cluster: string, user: string): object => ({
  name,
  context: { cluster, user }
})
writeFileSync(
  kubeconfig,
  JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [
      { name: 'c', cluster: { server: controlPlane.url, 'certificate-authority': controlPlane.caFile } },
      { name: 'gone', cluster: { server: 'https://127.0.0.1:1' } }
    ],
    users: [
      { name: 'admin', user: admin.users[0]?.user },
      {
        name: 'viewer',
        user: {
          'client-certificate-data': base64(viewer.certPem),
          'client-key-data': base64(viewer.keyPem)
        }
      },
      { name: 'expired', user: { token: 'expired' } },
      {
        name: 'plugin',
        user: { exec: { apiVersion: 'client.authentication.k8s.io/v1', command: 'no-such-plugin' } }
      }
    ],
    contexts: [
      contextOf('prod-eu', 'c', 'admin'),
      contextOf('limited', 'c', 'viewer'),
      contextOf('gone', 'gone', 'admin'),
      contextOf('expired', 'c', 'expired'),
      contextOf('plugin', 'c', 'plugin')
    ],
    'current-context': 'prod-eu'
  })
)

const run = async (
  options: Partial<ScanCommandOptions> = {}
): Promise<{ code: number; stdout: string; stderr: string }> => {
  const printed = { stdout: '', stderr: '' }
  const terminal = {
    stdin: Readable.from([]),
    stdout: (text: string) => (printed.stdout += text),
    stderr: (text: string) => (printed.stderr += text),
    screen: { columns: 80, hasColors: false, isDumb: false }
  }
  const code = await scan(
    [],
    { kubeconfig, iam: [file('iam.json')], failOn: 'error', ...options },
    terminal,
    {}
  )

  return { code, ...printed }
}
const reportOf = async (
  options: Partial<ScanCommandOptions> = {}
): Promise<{ code: number; stderr: string; report: ScanReport }> => {
  const { code, stdout, stderr } = await run({ ...options, output: [{ format: 'json', file: undefined }] })

  const report = JSON.parse(stdout) as ScanReport
  t.strictSame(schemaErrors('report', report, { closed: true }), [])

  return { code, stderr, report }
}
const rulesIn = ({ findings }: ScanReport): string[] => [...new Set(findings.map(({ rule }) => rule))].sort()

t.test('finds what is broken, by cause, with the pods of a workload as one', async (t) => {
  const { code, stdout, stderr } = await run()
  t.comment(stdout)
  t.equal(code, 1)
  t.equal(stderr, '')
  t.match(
    stdout,
    /^prod-eu · Kubernetes 1\.\d+ · \d+ service accounts: 6 IRSA, Pod Identity unknown ·\n {2}4 pods\n/
  )
  t.match(
    stdout,
    /^✗ +3 pods {2}.*\n(?: .*\n)*? +Deployment shop\/web\n +irsa-guard explain pod-not-mutated$/m
  )
  t.match(
    stdout,
    /^✗ 4 accounts {2}.*\n(?: .*\n)* +pay\/a, pay\/b, pay\/c and 1 more\n +irsa-guard explain trust-subject-mismatch$/m
  )
  t.match(stdout, /^ {2}worst namespaces +pay ✗4, idle ✗1, shop ✗1$/m)
  t.ok(
    stdout.split('\n').every((line) => line.length <= 80 || line.includes('irsa-guard ca ')),
    'it fits into 80 columns, except for a command, which is never wrapped'
  )

  const { report } = await reportOf()
  t.match(report.clusters, [{ name: 'prod-eu', irsa: 6, pods: 4 }])
  t.strictSame(rulesIn(report), [
    'ca-bundle-expiring', // the certificates of the test are short-lived
    'pod-not-mutated',
    'role-arn-malformed',
    'trust-subject-mismatch'
  ])
  const pods = report.findings.filter(({ rule }) => rule === 'pod-not-mutated')
  t.match(pods[0]?.object, { cluster: 'prod-eu', owner: { kind: 'Deployment', name: 'web' } })
  t.match(
    report.causes.find(({ rule }) => rule === 'pod-not-mutated'),
    { count: 3 }
  )
})

t.test('scans a part of a cluster', async (t) => {
  const found = async (options: Partial<ScanCommandOptions>): Promise<string[]> =>
    rulesIn((await reportOf(options)).report).filter((rule) => rule !== 'ca-bundle-expiring')
  t.strictSame(await found({ namespace: 'idle' }), ['role-arn-malformed'])
  t.strictSame(await found({ selector: 'app=web' }), ['pod-not-mutated'])
  t.strictSame(await found({ selector: 'app=cart' }), [])
  t.strictSame(await found({ rule: ['role-arn-malformed'] }), ['role-arn-malformed'])
  t.strictSame(await found({ createdAfter: beforeTheLast }), [])
  t.strictSame(await found({ createdAfter: '2020-01-01T00:00Z', namespace: 'pay' }), [
    'trust-subject-mismatch'
  ])
  await t.rejects(run({ namespace: 'shpo' }), {
    code: 'ERR_INPUT',
    message: /^there is no namespace shpo in/
  })
})

t.test('lists what nobody uses', async (t) => {
  const { report } = await reportOf({ unused: true })
  t.strictSame(
    report.unused?.serviceAccounts?.map(({ namespace, name }) => `${namespace}/${name}`).sort(),
    ['pay/a', 'pay/b', 'pay/c', 'pay/d'],
    'an account whose annotation is no role has none'
  )
  t.match(report.unused?.roles, [{ arn: arnOf('old'), trusts: ['system:serviceaccount:shop:gone'] }])
})

t.test('compares with an earlier report', async (t) => {
  const baseline = file('baseline.json')
  await run({ output: [{ format: 'json', file: baseline }] })
  t.match(await run({ baseline, failOnNew: true }), {
    code: 0,
    stdout: /^ {2}against baseline +\+0 new, −0 gone$/m
  })

  await kubectl('delete serviceaccount typo -n idle')
  await kubectl('apply -f -', serviceAccount('idle', 'late', asksFor('gone')))
  const { code, report } = await reportOf({ baseline, failOnNew: true })
  t.equal(code, 1)
  const [fresh] = report.findings.filter(({ fingerprint }) => report.baseline?.new.includes(fingerprint))
  t.match(fresh, { rule: 'role-missing', object: { name: 'late' } })
  t.match(report.baseline?.gone, [{ rule: 'role-arn-malformed', object: { name: 'typo' } }])
  const before = JSON.parse(readFileSync(baseline, 'utf8')) as ScanReport
  const since = new Map(before.findings.map((finding) => [finding.fingerprint, finding.since]))
  for (const finding of report.findings.filter((finding) => finding !== fresh))
    t.equal(finding.since, since.get(finding.fingerprint), 'the time of the first report is kept')

  const elsewhere = await reportOf({ baseline, namespace: 'shop' })
  t.strictSame(elsewhere.report.baseline, { new: [], gone: [] }, 'nothing outside the namespace is gone')
  t.match(await run({ baseline, selector: 'app=web' }), { stdout: /it is unknown which ones are gone/ })
  await kubectl('delete serviceaccount late -n idle')
})

t.test('a user who may read only a part of the cluster', async (t) => {
  await t.rejects(run({ context: ['limited'] }), {
    code: 'ERR_INPUT',
    message:
      /^you are not allowed to read anything in the cluster https:\S+ \(403\); check: kubectl auth can-i list namespaces --kubeconfig \S+ --context limited$/
  })
  await kubectl('create clusterrole some --verb=list --resource=serviceaccounts,pods')
  await kubectl('create clusterrolebinding some --clusterrole=some --user=viewer')
  const { code, stdout, stderr } = await run({ context: ['limited'] })
  t.comment(stdout)
  t.equal(code, 1, 'what could be read was judged')
  t.equal(stderr, '')
  t.match(stdout, /^✗ 4 accounts /m)
  t.match(
    stdout,
    /^ {2}not checked +11 kinds of objects that you are not allowed to read\. Check:\n {4}kubectl auth can-i (?:.*\n)+ {4}kubectl auth can-i list namespaces --kubeconfig \S+ --context limited\n(?: .*\n)* {4}kubectl auth can-i list deployments\.apps -A --kubeconfig \S+ --context limited\n/m
  )
})

t.test('several clusters, of which some cannot be read', async (t) => {
  const two = await reportOf({ context: ['prod-eu,limited'] })
  t.match(two.report.clusters, [{ name: 'prod-eu' }, { name: 'limited' }])
  t.equal(two.code, 1)
  t.strictSame([...new Set(two.report.findings.map(({ object }) => object.cluster))], ['prod-eu', 'limited'])

  const some = await run({ context: ['prod-eu', 'gone,expired'] })
  t.equal(some.code, 2)
  t.match(some.stdout, /^prod-eu · /)
  t.match(
    some.stderr,
    /^irsa-guard: context gone: the cluster https:\/\/127\.0\.0\.1:1 could not be queried: .*ECONNREFUSED.*\nirsa-guard: context expired: the cluster https:\S+ does not accept the credentials .*\(401\)/
  )
  const all = await run({ allContexts: true })
  t.equal(all.stderr.split('\n').length, 4, 'three contexts cannot be read')

  const table: readonly (readonly [Partial<ScanCommandOptions>, RegExp])[] = [
    [{ context: ['prod-eu,prod-ue'] }, /no context "prod-ue"; did you mean "prod-eu"\?/],
    [{ context: ['x'] }, /no context "x"; its contexts are "prod-eu", "limited", /],
    [{ context: ['plugin'] }, /the exec plugin no-such-plugin was not found; install it/],
    [{ context: ['gone'] }, /could not be queried/],
    [{ kubeconfig: file('none') }, /none cannot be used: it does not exist$/],
    [{ context: ['prod-eu'], allContexts: true }, /given together/],
    [{ rule: ['pod-not-mutatd'] }, /did you mean pod-not-mutated\?/],
    [{ rule: ['nothing-like-it'] }, /there is no such rule/],
    [{ failOnNew: true }, /without --baseline FILE/],
    [{ baseline: file('iam.json') }, /iam\.json is not a report of irsa-guard/],
    [{ createdAfter: 'yesterday' }, /expected a time with a time zone/],
    [
      { output: [{ format: 'json', file: file('no/such/file') }] },
      /cannot be written: there is no directory /
    ]
  ]
  for (const [options, message] of table) await t.rejects(run(options), { name: 'GuardError', message })
})

t.test('Ctrl-C prints what was found so far', async (t) => {
  const iam = await startFakeIam(() => 'hang')
  t.teardown(() => iam.close())
  const child = spawn(process.execPath, ['dist/cli.js', 'scan', '--kubeconfig', kubeconfig, '--aws'], {
    env: {
      PATH: process.env['PATH'],
      AWS_ENDPOINT_URL: iam.url,
      AWS_ACCESS_KEY_ID: 'a',
      AWS_SECRET_ACCESS_KEY: 's',
      AWS_REGION: 'us-east-1'
    },
    stdio: ['ignore', 'pipe', 'pipe']
  })
  const output = Promise.all([readStream(child.stdout), readStream(child.stderr)])
  const ended = once(child, 'exit') as Promise<[number | null]>
  await waitFor('a request to IAM', async () => iam.actions.length > 0, 60_000)
  child.kill('SIGINT')
  const [code] = await ended
  const [stdout] = await output
  t.equal(code, 130)
  t.match(stdout, /^prod-eu · /)
  t.match(stdout, /^✗ +3 pods {2}/m)
  t.match(stdout, /objects: irsa-guard was interrupted\n/)
})
