import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import {
  CreateOpenIDConnectProviderCommand,
  CreateRoleCommand,
  DeleteOpenIDConnectProviderCommand,
  DeleteRoleCommand,
  IAMClient,
  UpdateAssumeRolePolicyCommand
} from '@aws-sdk/client-iam'
import t from 'tap'
import { scan } from '../../src/commands/scan.js'
import { startGuard } from '../control-plane/guard.ts'
import { startMoto } from '../control-plane/moto.ts'
import { startControlPlane } from '../control-plane/start.ts'
import { waitFor } from '../control-plane/wait.ts'
import { eksAssociation, startFakeEks } from '../support/fake-eks.js'
import { runInProcess } from '../support/guard-in-process.js'
import { kubectlWith, namespace, serviceAccount } from '../support/pod-cluster.js'
import { openReportsDefinition, policyReportsDefinition } from '../support/report-crds.js'
import { policy, statement } from '../support/trust.js'

const account = '123456789012' // moto's own
const patience = 120_000
const [controlPlane, moto] = await Promise.all([startControlPlane(), startMoto()])
t.teardown(() => moto.stop())
t.teardown(() => controlPlane.stop())
const eks = await startFakeEks(undefined, account)
t.teardown(() => eks.close())
const kubectl = kubectlWith(controlPlane)
Object.assign(process.env, {
  AWS_ENDPOINT_URL: moto.url,
  AWS_ACCESS_KEY_ID: 'AKIAOWN',
  AWS_SECRET_ACCESS_KEY: 's',
  AWS_REGION: 'us-east-1'
})

const arnOf = (role: string): string => `arn:aws:iam::${account}:role/${role}`
const host = controlPlane.issuer.replace('https://', '')
const provider = `arn:aws:iam::${account}:oidc-provider/${host}`
const trusting = (subject: string): string =>
  JSON.stringify(
    policy(
      statement({
        Principal: { Federated: provider },
        Condition: {
          StringEquals: {
            [`${host}:sub`]: `system:serviceaccount:${subject}`,
            [`${host}:aud`]: 'sts.amazonaws.com'
          }
        }
      })
    )
  )
const trustingPods = JSON.stringify(
  policy({
    Effect: 'Allow',
    Principal: { Service: 'pods.eks.amazonaws.com' },
    Action: ['sts:AssumeRole', 'sts:TagSession'],
    Condition: { StringEquals: { 'aws:SourceAccount': account } }
  })
)
const iam = new IAMClient({})
const createProvider = (): Promise<unknown> =>
  iam.send(
    new CreateOpenIDConnectProviderCommand({
      Url: controlPlane.issuer,
      ClientIDList: ['sts.amazonaws.com'],
      ThumbprintList: ['a'.repeat(40)]
    })
  )
const createRole = (RoleName: string, AssumeRolePolicyDocument: string): Promise<unknown> =>
  iam.send(new CreateRoleCommand({ RoleName, AssumeRolePolicyDocument }))
const update = (RoleName: string, PolicyDocument: string): Promise<unknown> =>
  iam.send(new UpdateAssumeRolePolicyCommand({ RoleName, PolicyDocument }))

await createProvider()
await createRole('cart', trusting('shop:cart'))
await createRole('mail', trustingPods)
const associate = (roleArn: string): unknown =>
  eks.associations.set(
    'a-mail',
    eksAssociation('a-mail', 'mail', {
      roleArn,
      associationArn: `arn:aws:eks:us-east-1:${account}:podidentityassociation/prod/a-mail`
    })
  )
associate(arnOf('mail'))
await kubectl(
  'apply -f -',
  namespace('shop'),
  serviceAccount('shop', 'cart', { 'eks.amazonaws.com/role-arn': arnOf('cart') }),
  serviceAccount('shop', 'mail', {})
)

const scanConfig = { interval: '1s', enabled: true }
let heapShare: number | undefined
const guard = await startGuard(controlPlane, {
  config: {
    scan: scanConfig,
    // No pods run here, and the role of mail limits neither the cluster nor the namespace.
    rules: {
      'identity-webhook-missing': { severity: 'off' },
      'pod-identity-too-broad': { severity: 'off' }
    },

    eks: {
      clusterArn: `arn:aws:eks:us-east-1:${account}:cluster/prod`,
      endpoint: eks.url,
      requestsPerSecond: 100
    },
    iam: { requestsPerSecond: 100 }
  },
  run: async (process) => runInProcess(process, undefined, heapShare)
})
t.teardown(() => guard.stop())

const metrics = async (): Promise<string> => (await fetch(`${guard.controllerHealth}/metrics`)).text()
/** The rules that the metric reports; a warning about the test's own certificates does not count. */
const rulesFound = async (): Promise<string[]> =>
  [...(await metrics()).matchAll(/^irsa_guard_findings\{rule="([^"]+)",severity="[^"]+"\} [1-9]/gm)]
    .map(([, rule = '']) => rule)
    .filter((rule) => !rule.startsWith('ca-bundle-'))
    .sort()
const foundAre = async (...rules: string[]): Promise<unknown> =>
  waitFor(
    `the findings ${rules.join(', ')}`,
    async () => {
      const found = await rulesFound()
      if (found.join() === rules.join()) return true
      throw new Error(`found ${found.join(', ')}`)
    },
    patience
  )

interface StoredReport {
  summary: Record<string, number>
  results: {
    policy: string
    result: string
    message: string
    properties: Record<string, string>
    resources: object[]
  }[]
}
const reportIn = async (
  space: string,
  kind = 'reports.openreports.io'
): Promise<StoredReport | undefined> => {
  const { code, stdout } = await kubectl(`get ${kind} irsa-guard -n ${space} -o json`)
  return code === 0 ? (JSON.parse(stdout) as StoredReport) : undefined
}
const isReported = async (space: string, policies: string[], kind?: string): Promise<StoredReport> =>
  waitFor(
    `a report on ${policies.join(', ')}`,
    async () => {
      const report = await reportIn(space, kind)
      return report?.results.map(({ policy }) => policy).join() === policies.join() && report
    },
    patience
  )
const isNotReported = async (space: string, kind?: string): Promise<unknown> =>
  waitFor(`no report in ${space}`, async () => (await reportIn(space, kind)) === undefined, patience)
const eventsIn = async (space: string): Promise<{ reason: string; message: string; type: string }[]> => {
  const { stdout } = await kubectl(`get events -n ${space} -o json`)
  return (JSON.parse(stdout) as { items: { reason: string; message: string; type: string }[] }).items
}
const hasEvents = async (reason: string, count: number): Promise<unknown> =>
  waitFor(
    `${count} Events ${reason}`,
    async () => (await eventsIn('shop')).filter((event) => event.reason === reason).length === count,
    patience
  )
const linesWith = (text: string): number => guard.controllerLog().split(text).length - 1

t.test('nothing is found while all is right, and the scan is complete', async (t) => {
  await waitFor(
    'a complete scan',
    async () => /^irsa_guard_background_scan_timestamp_seconds [1-9]/m.test(await metrics()),
    patience
  )
  await waitFor('an answer from IAM', async () =>
    /^irsa_guard_background_scan_oldest_iam_answer_timestamp_seconds [1-9]/m.test(await metrics())
  )
  await foundAre()
  const ready = await (await fetch(`${guard.controllerHealth}/readyz?verbose`)).text()
  t.match(ready, /^\[\+\] backgroundScan: ok$/m)
  t.match(ready, /^\[\+\] eksAssociations: ok$/m)
  t.equal(linesWith('no report kind is installed'), 1, 'which is said once')
})

t.test('an edited trust policy is found, reported, and gone after the fix', async (t) => {
  await kubectl('apply -f -', openReportsDefinition)
  await update('cart', trusting('shop:web'))
  await foundAre('trust-subject-mismatch')
  const { results, summary } = await isReported('shop', ['trust-subject-mismatch'])
  t.match(results, [
    {
      result: 'fail',
      message: /^role cart does not trust system:serviceaccount:shop:cart/,
      resources: [{ kind: 'ServiceAccount', namespace: 'shop', name: 'cart' }],
      properties: { fix: /./, since: /^\d{4}-/, docs: /^https:/ }
    }
  ])
  t.match(summary, { fail: 1, warn: 0 })
  t.ok((summary['pass'] ?? 0) > 0, 'the report has a count of passes')
  await hasEvents('TrustSubjectMismatch', 1)
  t.equal(linesWith('findings are written to reports'), 1)

  t.comment('the same findings as scan')
  let printed = ''
  await scan(
    [],
    {
      kubeconfig: controlPlane.kubeconfig,
      iam: [],
      aws: true,
      failOn: 'error',
      output: [{ format: 'json', file: undefined }]
    },
    {
      stdin: process.stdin,
      stdout: (text: string) => (printed += text),
      stderr: () => undefined,
      screen: { columns: 80, isDumb: false }
    },
    {}
  )
  const scanned = JSON.parse(printed) as { findings: { rule: string; message: string }[] }
  t.strictSame(
    scanned.findings.filter(({ rule }) => rule === 'trust-subject-mismatch').map(({ message }) => message),
    results.map(({ message }) => message)
  )

  t.comment('a report that was edited by hand is corrected')
  const since = results[0]?.properties['since']
  const edit = JSON.stringify({ results: [], summary: { fail: 0 } })
  t.match(
    await controlPlane.kubectl([
      'patch',
      'reports.openreports.io',
      'irsa-guard',
      '-n',
      'shop',
      '--type=merge',
      '-p',
      edit
    ]),
    { code: 0 }
  )
  const corrected = await isReported('shop', ['trust-subject-mismatch'])
  t.equal(corrected.results[0]?.properties['since'], since)
  t.equal(corrected.summary['fail'], 1)

  t.comment('the time of a finding outlives the controller, and there is no second Event')
  await guard.stopController()
  await guard.startController()
  await foundAre('trust-subject-mismatch')
  t.equal((await isReported('shop', ['trust-subject-mismatch'])).results[0]?.properties['since'], since)

  await update('cart', trusting('shop:cart'))
  await foundAre()
  await isNotReported('shop')
  await hasEvents('TrustSubjectMismatchResolved', 1)
  await hasEvents('TrustSubjectMismatch', 1)
})

t.test('a deleted role, a removed provider and a changed association', async (t) => {
  await iam.send(new DeleteRoleCommand({ RoleName: 'cart' }))
  await foundAre('role-missing')
  await createRole('cart', trusting('shop:cart'))
  await foundAre()

  await iam.send(new DeleteOpenIDConnectProviderCommand({ OpenIDConnectProviderArn: provider }))
  await foundAre('oidc-provider-missing')
  await createProvider()
  await foundAre()

  associate(arnOf('cart'))
  await waitFor(
    'a finding about the association',
    async () => (await rulesFound()).includes('pod-identity-principal-missing'),
    patience
  )
  associate(arnOf('mail'))
  await foundAre()
  await isNotReported('shop')
  t.pass('each was found, and gone after the fix')
})

t.test('changes in the cluster, an excluded namespace, and kinds of reports that come and go', async (t) => {
  await kubectl('apply -f -', namespace('pay', { 'irsa-guard.io/mode': 'audit' })) // enforce would deny the account
  const typo = serviceAccount('pay', 'typo', {
    'eks.amazonaws.com/role-arn': `arn:aws:iam::${account}:policy/x`
  })
  await waitFor(
    'a webhook that only audits',
    async () => (await kubectl('apply -f -', typo)).code === 0,
    patience
  )
  await foundAre('role-arn-malformed')
  await isReported('pay', ['role-arn-malformed'])
  await kubectl('label namespace pay irsa-guard.io/mode=off --overwrite')
  await foundAre()
  await isNotReported('pay')
  await kubectl('label namespace pay irsa-guard.io/mode-')
  await isReported('pay', ['role-arn-malformed'])

  await kubectl('delete customresourcedefinition reports.openreports.io')
  await kubectl('apply -f -', policyReportsDefinition)
  await isReported('pay', ['role-arn-malformed'], 'policyreports.wgpolicyk8s.io')
  const edit = JSON.stringify({ results: [] })
  await controlPlane.kubectl([
    'patch',
    'policyreports',
    'irsa-guard',
    '-n',
    'pay',
    '--type=merge',
    '-p',
    edit
  ])
  await isReported('pay', ['role-arn-malformed'], 'policyreports.wgpolicyk8s.io')
  await kubectl('apply -f -', openReportsDefinition)
  await isReported('pay', ['role-arn-malformed'])
  await isNotReported('pay', 'policyreports.wgpolicyk8s.io')

  await kubectl('delete serviceaccount typo -n pay')
  await foundAre()
  await isNotReported('pay')
  t.notMatch(guard.controllerLog(), /a report was not written|reports cannot be watched/)
})

t.test('a scan that is switched off deletes its reports, and no others', async (t) => {
  await update('cart', trusting('shop:web'))
  await isReported('shop', ['trust-subject-mismatch'])
  const of = (name: string): object => ({
    apiVersion: 'openreports.io/v1alpha1',
    kind: 'Report',
    metadata: { name, namespace: 'shop' },
    summary: { fail: 0 },
    results: []
  })
  t.match(await kubectl('apply -f -', of('another-tool')), { code: 0 })
  await guard.stopController()
  scanConfig.enabled = false
  await guard.startController()
  await isNotReported('shop')
  t.match(await kubectl('get reports.openreports.io another-tool -n shop'), { code: 0 })
  t.strictSame(await rulesFound(), [])
  t.match(await eventsIn('shop'), { length: Number }, 'the Events stay')
})

t.test('the scan stops before the heap is full, and the rest of the controller goes on', async (t) => {
  await guard.stopController()
  scanConfig.enabled = true
  heapShare = 0.0001
  await guard.startController()
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void // by the flag
  const ready = await waitFor(
    'a scan that was stopped',
    async () => {
      collect()
      const text = await (await fetch(`${guard.controllerHealth}/readyz?verbose`)).text()
      return text.includes('lack of memory') && text
    },
    patience
  )
  t.match(
    ready,
    /^\[!\] backgroundScan: stopped for lack of memory \(\d+ of \d+ MiB of heap in use\); raise the container's memory limit$/m
  )
  t.match(ready, /^\[\+\] certificates: ok$/m)
  collect()
  t.equal(linesWith('the background scan does not work'), 1)
})
