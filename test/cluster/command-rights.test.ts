// Each command works with exactly the permissions that its documentation names, in the cluster and in AWS.
import { readFileSync, writeFileSync } from 'node:fs'
import t from 'tap'
import { parseAllDocuments } from 'yaml'
import { startGuard } from '../control-plane/guard.ts'
import { clientCertificate, writeKubeconfig } from '../control-plane/kubeconfig.ts'
import { auditFlags, readAudit } from '../support/audit.js'
import { clusterArn, startDiagnosedCluster } from '../support/diagnosed-cluster.js'
import { documentedActions, grantedBy } from '../support/rights.js'
import { runCli } from '../support/run-cli.js'

interface ClusterRole {
  readonly metadata: { readonly name: string }
  readonly rules: Parameters<typeof grantedBy>[0]
}

const directory = t.testdir()
const group = 'irsa-guard-users'
const audit = auditFlags(directory, `userGroups: [${group}]`)
const cluster = await startDiagnosedCluster(directory, { apiServerFlags: audit.flags })
const { controlPlane, eks, proxy } = cluster
await cluster.register()
await Promise.all([cluster.settled('cart'), cluster.settled('mail')])
const guard = await startGuard(controlPlane)
t.teardown(() => guard.stop())
writeFileSync(
  `${directory}/manifest.json`,
  JSON.stringify({
    apiVersion: 'v1',
    kind: 'List',
    items: [
      {
        apiVersion: 'v1',
        kind: 'ServiceAccount',
        metadata: {
          name: 'web',
          namespace: 'shop',
          annotations: { 'eks.amazonaws.com/role-arn': 'arn:aws:iam::123456789012:role/team/cart' }
        }
      },
      {
        apiVersion: 'apps/v1',
        kind: 'Deployment',
        metadata: { name: 'web', namespace: 'shop' },
        spec: {
          selector: { matchLabels: { app: 'web' } },
          template: {
            metadata: { labels: { app: 'web' } },
            spec: { serviceAccountName: 'cart', containers: [{ name: 'app', image: 'a' }] }
          }
        }
      },
      cluster.webhook.configurationFor(controlPlane.clusterCa.certificatePem)
    ]
  })
)

const podSpec = (serviceAccountName: string): object => ({
  serviceAccountName,
  restartPolicy: 'Never',
  containers: [{ name: 'app', image: 'a' }]
})
await cluster.kubectl(
  'apply -f -',
  {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'stuck', namespace: 'shop' },
    spec: {
      selector: { matchLabels: { app: 'stuck' } },
      template: {
        metadata: { labels: { app: 'stuck' } },
        spec: { ...podSpec('missing'), restartPolicy: 'Always' }
      }
    }
  },
  {
    apiVersion: 'batch/v1',
    kind: 'CronJob',
    metadata: { name: 'nightly', namespace: 'shop' },
    spec: { schedule: '0 3 * * *', jobTemplate: { spec: { template: { spec: podSpec('cart') } } } }
  }
)
const pod = (await cluster.kubectl('get pods -n shop -l app=cart -o jsonpath={.items[0].metadata.name}'))
  .stdout

const aws = ['--aws', '--cluster-arn', clusterArn]
/** The commands by the name of their ClusterRole, with the arguments of each run. */
const commands: Readonly<Record<string, readonly (readonly string[])[]>> = {
  'irsa-guard-check': [['check', `${directory}/manifest.json`, ...aws]],
  'irsa-guard-scan': [['scan', ...aws]],
  'irsa-guard-diagnose': [
    ['diagnose', 'deploy/cart', '-n', 'shop', ...aws, '--action', 's3:GetObject'],
    ['diagnose', 'deploy/mail', '-n', 'pay', ...aws],
    ['diagnose', 'deploy/stuck', '-n', 'shop'],
    ['diagnose', 'cronjob/nightly', '-n', 'shop'],
    ['diagnose', `pod/${pod}`, '-n', 'shop']
  ],
  'irsa-guard-wait': [
    ['wait', 'deploy/cart', '-n', 'shop'],
    ['wait', 'sa/cart', '-n', 'shop', ...aws]
  ],
  'irsa-guard-plan-migration': [['plan-migration', '-A', ...aws]],
  'irsa-guard-status': [['status']],
  'irsa-guard-ca': [['ca', 'mutatingwebhookconfiguration/pod-identity-webhook']],
  'irsa-guard-ca-preflight': [['ca', '--preflight']]
}
const roles = parseAllDocuments(readFileSync('examples/command-roles.yaml', 'utf8')).map(
  (document) => document.toJS() as ClusterRole
)
t.strictSame(
  roles.map(({ metadata }) => metadata.name),
  Object.keys(commands),
  'each command has its role'
)

const requestedOfAws = new Set<string>()
for (const {
  metadata: { name },
  rules
} of roles) {
  await t.test(name, async (t) => {
    const bound = await controlPlane.kubectl([
      'apply',
      '-f',
      'examples/command-roles.yaml',
      '-l',
      `app.kubernetes.io/name=${name}`
    ])
    t.match(bound, { code: 0 })
    t.match(
      await controlPlane.kubectl([
        'create',
        'clusterrolebinding',
        `use-${name}`,
        `--clusterrole=${name}`,
        `--user=${name}`
      ]),
      { code: 0 }
    )
    const kubeconfig = `${directory}/${name}.kubeconfig`
    const credentials = clientCertificate(await controlPlane.clientCertificate(name, [group]))
    await writeKubeconfig(kubeconfig, controlPlane.url, controlPlane.caFile, name, credentials)
    for (const args of commands[name] ?? []) {
      const [before, eksBefore] = [proxy.actions.length, eks.operations.length]
      const { code, stdout, stderr } = await runCli([...args, '--kubeconfig', kubeconfig], '', {
        ...cluster.aws,
        HOME: directory
      })
      const output = `${stdout}\n${stderr}`
      t.ok([0, 1].includes(code), `irsa-guard ${args.join(' ')}: ${code}\n${output}`)
      t.notMatch(output, /can-i|not allowed to|AccessDenied/, `irsa-guard ${args.join(' ')}`)
      const requested = [
        ...proxy.actions
          .slice(before)
          .map((action) => `${action === 'GetCallerIdentity' ? 'sts' : 'iam'}:${action}`),
        ...eks.operations.slice(eksBefore).map((operation) => `eks:${operation}`)
      ]
      for (const action of requested) requestedOfAws.add(action)
    }
    const { forbidden, used } = await readAudit(audit.file, name)
    t.strictSame(forbidden, [], 'no request is refused')
    t.strictSame(
      grantedBy(rules).filter((right) => !used.has(right)),
      [],
      'each right is used'
    )
  })
}

t.test('the commands request of AWS what the documentation names', async (t) => {
  const documented = new Set([...documentedActions(), 'iam:SimulatePrincipalPolicy', 'sts:GetCallerIdentity'])
  t.strictSame(
    [...requestedOfAws].filter((action) => !documented.has(action)),
    []
  )
  t.match(requestedOfAws, new Set(['iam:SimulatePrincipalPolicy', 'eks:DescribePodIdentityAssociation']))
})
