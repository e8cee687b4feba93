import { writeFileSync } from 'node:fs'
import { Readable } from 'node:stream'
import {
  CreateOpenIDConnectProviderCommand,
  CreateRoleCommand,
  GetRoleCommand,
  IAMClient,
  UpdateAssumeRolePolicyCommand
} from '@aws-sdk/client-iam'
import t from 'tap'
import { check } from '../../src/commands/check.js'
import { printMigrationPlan } from '../../src/commands/plan-migration.js'
import { evaluatePodIdentityTrust, evaluateTrust } from '../../src/library/index.js'
import type { AccountPlan, MigrationPlan, MigrationStep } from '../../src/migration/migration-plan.js'
import { startIdentityWebhook } from '../control-plane/identity-webhook.ts'
import { startMoto } from '../control-plane/moto.ts'
import { run } from '../control-plane/run.ts'
import { startControlPlane } from '../control-plane/start.ts'
import { waitFor } from '../control-plane/wait.ts'
import { eksAssociation, startFakeEks } from '../support/fake-eks.js'
import { kubectlWith, namespace, serviceAccount, standInWith } from '../support/pod-cluster.js'
import { asks, policy, statement } from '../support/trust.js'

const account = '123456789012' // moto's own
const clusterArn = `arn:aws:eks:us-east-1:${account}:cluster/prod`
const [controlPlane, moto, eks] = await Promise.all([startControlPlane(), startMoto(), startFakeEks()])
t.teardown(() => moto.stop())
t.teardown(() => eks.close())
t.teardown(() => controlPlane.stop())
const { issuer } = controlPlane
const kubectl = kubectlWith(controlPlane)
// The AWS SDK reads the environment of its own process, which is the test's.
Object.assign(process.env, {
  AWS_ENDPOINT_URL: moto.url,
  AWS_ACCESS_KEY_ID: 'admin',
  AWS_SECRET_ACCESS_KEY: 's',
  AWS_REGION: 'us-east-1'
})
const iam = new IAMClient({})
const directory = t.testdir({ 'config.yaml': `eks: { endpoint: "${eks.url}" }\n` })

/** The identity webhook knows the associations that EKS has. */
const identities = `${directory}/identities.json`
const tellWebhook = (): void =>
  writeFileSync(
    identities,
    JSON.stringify({
      identities: [...eks.associations.values()].map((each) => ({
        namespace: each.namespace,
        serviceAccount: each.serviceAccount
      }))
    })
  )
tellWebhook()
const webhook = await startIdentityWebhook(controlPlane, {
  command: standInWith(`${identities}.fault`),
  identities
})
t.teardown(() => webhook.stop())

const host = issuer.replace('https://', '')
const provider = `arn:aws:iam::${account}:oidc-provider/${host}`
const irsaStatement = (space: string, name: string): object =>
  statement({
    Principal: { Federated: provider },
    Condition: asks({ sub: `system:serviceaccount:${space}:${name}` })
  })
/** The statement that eksctl adds: https://github.com/eksctl-io/eksctl (pkg/actions/podidentityassociation). */
const eksctlStatement = {
  Effect: 'Allow',
  Action: ['sts:AssumeRole', 'sts:TagSession'],
  Principal: { Service: ['pods.eks.amazonaws.com'] }
}
await iam.send(
  new CreateOpenIDConnectProviderCommand({
    Url: issuer,
    ClientIDList: ['sts.amazonaws.com'],
    ThumbprintList: ['a'.repeat(40)]
  })
)
const arnOf = (role: string): string => `arn:aws:iam::${account}:role/${role}`
const putPolicy = async (role: string, document: object): Promise<unknown> =>
  iam.send(new UpdateAssumeRolePolicyCommand({ RoleName: role, PolicyDocument: JSON.stringify(document) }))

/** A namespace with a service account, its role for IRSA, and a Deployment. */
async function prepare(space: string, ...names: readonly string[]): Promise<void> {
  const trust = policy(...names.map((name) => irsaStatement(space, name)))
  await iam.send(new CreateRoleCommand({ RoleName: space, AssumeRolePolicyDocument: JSON.stringify(trust) }))
  await kubectl('apply -f -', namespace(space))
  for (const name of names) {
    const annotations = { 'eks.amazonaws.com/role-arn': arnOf(space) }
    await kubectl('apply -f -', serviceAccount(space, name, annotations), deployment(space, name))
    await newPods(space, name, 'AWS_ROLE_ARN')
  }
}

const deployment = (space: string, name: string): object => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name, namespace: space },
  spec: {
    strategy: { type: 'Recreate' }, // without kubelets, new pods never become ready
    selector: { matchLabels: { app: name } },
    template: {
      metadata: { labels: { app: name } },
      spec: { serviceAccountName: name, containers: [{ name: 'app', image: 'a' }] }
    }
  }
})

/** Waits until the only pod of a Deployment has this variable. */
const newPods = async (space: string, name: string, variable: string): Promise<unknown> =>
  waitFor(
    `a pod of ${space}/${name} with ${variable}`,
    async () => {
      const { stdout } = await kubectl(
        `get pods -n ${space} -l app=${name} -o jsonpath={range.items[*]}[{.spec.containers[*].env[*].name}]{end}`
      )
      return (stdout.match(/\[/g) ?? []).length === 1 && stdout.includes(variable)
    },
    60_000
  )

const printed = { stdout: '', stderr: '' }
const terminal = (): {
  stdin: Readable
  stdout: (text: string) => void
  stderr: (text: string) => void
} => {
  Object.assign(printed, { stdout: '', stderr: '' })
  return {
    stdin: Readable.from([]),
    stdout: (text) => (printed.stdout += text),
    stderr: (text) => (printed.stderr += text)
  }
}
const common = { iam: [], aws: true, config: `${directory}/config.yaml`, clusterArn } as const
const { kubeconfig } = controlPlane

async function planOf(space: string): Promise<{ code: number; plan: MigrationPlan }> {
  const options = {
    ...common,
    kubeconfig,
    namespace: space,
    tool: 'aws',
    output: [{ format: 'json', file: undefined }]
  } as const
  const code = await printMigrationPlan([], options, terminal())

  return { code, plan: JSON.parse(printed.stdout) as MigrationPlan }
}

/** The errors that `check` finds in everything of a namespace that runs. */
async function errorsIn(space: string): Promise<string[]> {
  const { stdout } = await kubectl(`get serviceaccounts,deployments,replicasets,pods -n ${space} -o json`)
  writeFileSync(`${directory}/dump.json`, stdout)
  await check(
    [`${directory}/dump.json`],
    {
      ...common,
      kubeconfig,
      output: [{ format: 'json', file: undefined }],
      failOn: 'error',
      failOnUnknown: false
    },
    terminal()
  )
  const { findings } = JSON.parse(printed.stdout) as { findings: { rule: string; severity: string }[] }

  return findings.filter(({ severity }) => severity === 'error').map(({ rule }) => rule)
}

/** How a pod that starts now gets the role; undefined if it gets none. */
async function roleOfNewPod(space: string, name: string): Promise<'irsa' | 'pod-identity' | undefined> {
  const pod = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'probe', namespace: space },
    spec: { serviceAccountName: name, containers: [{ name: 'app', image: 'a' }] }
  }
  const { stdout } = await kubectl('create --dry-run=server -o json -f -', pod)
  const { Role } = await iam.send(new GetRoleCommand({ RoleName: space }))
  const document = Role?.AssumeRolePolicyDocument ?? ''
  const asked = { document, encoding: 'url', namespace: space, serviceAccount: name } as const
  if (stdout.includes('AWS_CONTAINER_CREDENTIALS_FULL_URI')) {
    const isAssociated = [...eks.associations.values()].some(
      (each) => each.namespace === space && each.serviceAccount === name && each['roleArn'] === arnOf(space)
    )
    const { verdict } = evaluatePodIdentityTrust({ ...asked, clusterArn })
    return isAssociated && verdict === 'allowed' ? 'pod-identity' : undefined
  }
  if (!stdout.includes('AWS_WEB_IDENTITY_TOKEN_FILE')) return undefined
  const { verdict } = evaluateTrust({ ...asked, roleAccount: account, issuer })

  return verdict === 'allowed' ? 'irsa' : undefined
}

/** Runs a command of a plan. A shell splits it, as it would for a user. */
async function runCommand(command: string): Promise<string> {
  const { stdout } = await run('sh', ['-c', `printf '%s\\0' ${command}`])
  const words = stdout.split('\0').slice(0, -1)
  const valueOf = (flag: string): string => words[words.indexOf(flag) + 1] ?? ''
  const [program, ...args] = words
  if (program === 'kubectl') {
    const done = await controlPlane.kubectl(args)
    if (done.code !== 0) throw new Error(done.text)
    return done.stdout
  }
  if (args[0] === 'iam') {
    await putPolicy(valueOf('--role-name'), JSON.parse(valueOf('--policy-document')) as object)
    return ''
  }
  if (args[1] !== 'create-pod-identity-association') throw new Error(`unexpected command ${command}`)
  associate(valueOf('--namespace'), valueOf('--service-account'), valueOf('--role-arn'))

  return ''
}

function associate(space: string, name: string, roleArn: string): void {
  const id = `a-${space}${name}`
  const associationArn = `arn:aws:eks:us-east-1:${account}:podidentityassociation/prod/${id}`
  eks.associations.set(
    id,
    eksAssociation(id, name, { namespace: space, roleArn, associationArn, createdAt: 1_790_000_000 })
  )
  tellWebhook()
}

const states = ({ accounts }: MigrationPlan): string[] => accounts.map(({ state }) => state)
const steps = (plan: MigrationPlan): string[] | undefined => plan.accounts[0]?.steps.map(({ step }) => step)

t.test('the steps of a plan, one after the other: every pod has a role at any moment', async (t) => {
  await prepare('shop', 'cart', 'web')
  const { code, plan } = await planOf('shop')
  t.equal(code, 0)
  t.strictSame(states(plan), ['can-move', 'can-move'])
  t.strictSame(steps(plan), ['trust-policy', 'association', 'new-pods', 'check', 'annotation'])

  const applied = async ({ name }: AccountPlan, { step, commands }: MigrationStep): Promise<void> => {
    for (const command of commands) {
      const output = await runCommand(command)
      if (step === 'check') t.match(output, /^\S+ AWS_CONTAINER_CREDENTIALS_FULL_URI\n$/)
    }
    if (step === 'new-pods') await newPods('shop', name, 'AWS_CONTAINER_CREDENTIALS_FULL_URI')
    for (const each of ['cart', 'web'])
      t.ok(await roleOfNewPod('shop', each), `${each} after ${step} of ${name}`)
    t.strictSame(await errorsIn('shop'), [], `after ${step} of ${name}`)
    const again = await planOf('shop')
    t.equal(again.code, 0, `the plan after ${step} of ${name}`)
    const own = again.plan.accounts.find((one) => one.name === name)
    t.notOk(
      own?.steps.some((one) => one.step === step),
      `${step} is done`
    )
  }
  for (const one of plan.accounts) {
    for (const step of one.steps) await applied(one, step)
    t.equal(await roleOfNewPod('shop', one.name), 'pod-identity')
  }
  t.strictSame((await planOf('shop')).plan.accounts, [], 'nothing is left to move')
})

t.test('the order of eksctl utils migrate-to-pod-identity', async (t) => {
  await prepare('eksctl', 'app')
  const irsa = irsaStatement('eksctl', 'app')
  const expect = async (
    when: string,
    role: 'irsa' | 'pod-identity' | undefined,
    left: readonly string[] | undefined
  ): Promise<void> => {
    t.equal(await roleOfNewPod('eksctl', 'app'), role, when)
    const errors = await errorsIn('eksctl')
    const { plan } = await planOf('eksctl')
    if (role !== undefined) t.strictSame(errors, [], `${when}: no false denial`)
    t.strictSame(steps(plan), left, when)
  }
  await expect('before', 'irsa', ['trust-policy', 'association', 'new-pods', 'check', 'annotation'])
  await putPolicy('eksctl', policy(irsa, eksctlStatement))
  await expect('1: trust', 'irsa', ['association', 'new-pods', 'check', 'annotation'])
  await putPolicy('eksctl', policy(irsa, eksctlStatement, eksctlStatement))
  await expect('1 again', 'irsa', ['association', 'new-pods', 'check', 'annotation'])
  associate('eksctl', 'app', arnOf('eksctl'))
  await expect('3: association', 'pod-identity', ['new-pods', 'check', 'annotation'])
  t.match(await planOf('eksctl'), {
    plan: {
      accounts: [{ state: 'can-move', notes: [/^every association in AWS account \d+ can use role eksctl/] }]
    }
  })
  await kubectl('rollout restart deployment/app -n eksctl')
  await newPods('eksctl', 'app', 'AWS_CONTAINER_CREDENTIALS_FULL_URI')
  await expect('new pods', 'pod-identity', ['annotation'])
  t.strictSame(states((await planOf('eksctl')).plan), ['moved'])
})

t.test('eksctl with --remove-oidc-provider-trust-relationship removes IRSA first', async (t) => {
  await prepare('dropped', 'app')
  await putPolicy('dropped', policy(eksctlStatement))
  t.equal(await roleOfNewPod('dropped', 'app'), undefined, 'the annotation promises what the role refuses')
  t.not((await errorsIn('dropped')).length, 0, 'no false ok')
  t.strictSame(steps((await planOf('dropped')).plan), ['association', 'new-pods', 'check', 'annotation'])

  await kubectl('annotate serviceaccount app -n dropped eks.amazonaws.com/role-arn-')
  t.equal(await roleOfNewPod('dropped', 'app'), undefined)
  t.strictSame((await planOf('dropped')).plan.accounts, [], 'no annotation tells which role was meant')

  associate('dropped', 'app', arnOf('dropped'))
  t.equal(await roleOfNewPod('dropped', 'app'), 'pod-identity')
  t.strictSame(await errorsIn('dropped'), [], 'no false denial')
})

t.test('a cluster whose objects may not be read', async (t) => {
  const outsider = await controlPlane.clientCertificate('outsider')
  const file = `${directory}/outsider.kubeconfig`
  const base64 = (pem: string): string => Buffer.from(pem).toString('base64')
  writeFileSync(
    file,
    JSON.stringify({
      apiVersion: 'v1',
      kind: 'Config',
      clusters: [
        {
          name: 'c',
          cluster: { server: controlPlane.url, 'certificate-authority': controlPlane.caFile }
        }
      ],
      users: [
        {
          name: 'u',
          user: {
            'client-certificate-data': base64(outsider.certPem),
            'client-key-data': base64(outsider.keyPem)
          }
        }
      ],
      contexts: [{ name: 'c', context: { cluster: 'c', user: 'u' } }],
      'current-context': 'c'
    })
  )
  const options = { ...common, kubeconfig: file, namespace: 'shop', tool: 'aws' } as const
  await t.rejects(printMigrationPlan([], options, terminal()), {
    code: 'ERR_INPUT',
    message: /^serviceaccounts could not be read \(the API server answered 403\): cluster https:/
  })
})
