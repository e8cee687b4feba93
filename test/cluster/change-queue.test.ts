// An edit in AWS is found by its event, while the reading by age would take an hour.
import {
  CreateOpenIDConnectProviderCommand,
  CreateRoleCommand,
  DeleteOpenIDConnectProviderCommand,
  DeleteRoleCommand,
  IAMClient,
  UpdateAssumeRolePolicyCommand
} from '@aws-sdk/client-iam'
import {
  CreateQueueCommand,
  DeleteQueueCommand,
  SendMessageBatchCommand,
  SQSClient
} from '@aws-sdk/client-sqs'
import t from 'tap'
import { startGuard } from '../control-plane/guard.ts'
import { startMoto } from '../control-plane/moto.ts'
import { startControlPlane } from '../control-plane/start.ts'
import { waitFor } from '../control-plane/wait.ts'
import { changeEvent } from '../support/change-events.js'
import { eksAssociation, startFakeEks } from '../support/fake-eks.js'
import { runInProcess } from '../support/guard-in-process.js'
import { kubectlWith, namespace, serviceAccount } from '../support/pod-cluster.js'
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
const sqs = new SQSClient({})
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
const associate = (roleArn: string): unknown =>
  eks.associations.set(
    'a-mail',
    eksAssociation('a-mail', 'mail', {
      roleArn,
      associationArn: `arn:aws:eks:us-east-1:${account}:podidentityassociation/prod/a-mail`
    })
  )

await createProvider()
await createRole('cart', trusting('shop:cart'))
await createRole('mail', trustingPods)
associate(arnOf('mail'))
await kubectl(
  'apply -f -',
  namespace('shop'),
  serviceAccount('shop', 'cart', { 'eks.amazonaws.com/role-arn': arnOf('cart') }),
  serviceAccount('shop', 'mail', {})
)

const { QueueUrl: url = '' } = await sqs.send(new CreateQueueCommand({ QueueName: 'irsa-guard-changes' }))
async function send(...bodies: string[]): Promise<void> {
  for (let first = 0; first < bodies.length; first += 10)
    await sqs.send(
      new SendMessageBatchCommand({
        QueueUrl: url,
        Entries: bodies
          .slice(first, first + 10)
          .map((body, index) => ({ Id: String(index), MessageBody: body }))
      })
    )
}
const edited = (role: string, at = new Date()): string =>
  changeEvent('UpdateAssumeRolePolicy', { roleName: role, policyDocument: '{}' }, { account, at })

const guard = await startGuard(controlPlane, {
  config: {
    scan: { interval: '1h', changeQueue: url },
    // No pods run here, and the role of mail limits neither the cluster nor the namespace.
    rules: {
      'identity-webhook-missing': { severity: 'off' },
      'pod-identity-too-broad': { severity: 'off' }
    },
    eks: {
      clusterArn: `arn:aws:eks:us-east-1:${account}:cluster/prod`,
      endpoint: eks.url,
      requestsPerSecond: 100
    }
  },
  run: runInProcess
})
t.teardown(() => guard.stop())

const metrics = async (): Promise<string> => (await fetch(`${guard.controllerHealth}/metrics`)).text()
const foundAre = async (...rules: string[]): Promise<unknown> =>
  waitFor(
    `the findings ${rules.join(', ')}`,
    async () => {
      const found = [
        ...(await metrics()).matchAll(/^irsa_guard_findings\{rule="([^"]+)",severity="[^"]+"\} [1-9]/gm)
      ]
        .map(([, rule = '']) => rule)
        .filter((rule) => !rule.startsWith('ca-bundle-')) // the test's own certificates
        .sort()
      if (found.join() === rules.join()) return true
      throw new Error(`found ${found.join(', ')}`)
    },
    patience
  )
const messages = async (result: string): Promise<number> =>
  Number(
    new RegExp(`^irsa_guard_change_queue_messages_total\\{result="${result}"\\} (\\d+)`, 'm').exec(
      await metrics()
    )?.[1] ?? 0
  )
const iamRequests = async (): Promise<number> =>
  [
    ...(await metrics()).matchAll(
      /^irsa_guard_iam_requests_total\{operation="Get(?:Role|OpenID)[^}]*\} (\d+)/gm
    )
  ]
    .map(([, count]) => Number(count))
    .reduce((sum, count) => sum + count, 0)

t.test('everything is read once, and nothing is found', async () => {
  await waitFor('the first answers', async () =>
    /^irsa_guard_background_scan_oldest_iam_answer_timestamp_seconds [1-9]/m.test(await metrics())
  )
  await waitFor('the roles and the provider', async () => (await iamRequests()) >= 3, patience)
  await foundAre()
})

t.test('an edit without an event is not seen before the interval ends', async (t) => {
  await update('cart', trusting('shop:web'))
  const before = await iamRequests()
  // The queue works meanwhile: an event about another role comes after the edit.
  await send(edited('other'))
  await waitFor('the event about another role', async () => (await messages('unrelated')) === 1, patience)
  await foundAre()
  t.equal(await iamRequests(), before)
})

t.test('an edited trust policy is found by its event, and gone by that of the fix', async () => {
  await send(edited('cart'))
  await foundAre('trust-subject-mismatch')
  await update('cart', trusting('shop:cart'))
  await send(edited('cart'))
  await foundAre()
})

t.test('a deleted role, a removed provider and a changed association', async (t) => {
  await iam.send(new DeleteRoleCommand({ RoleName: 'cart' }))
  await send(changeEvent('DeleteRole', { roleName: 'cart' }, { account }))
  await foundAre('role-missing')
  await createRole('cart', trusting('shop:cart'))
  await send(changeEvent('CreateRole', { roleName: 'cart' }, { account }))
  await foundAre()

  await iam.send(new DeleteOpenIDConnectProviderCommand({ OpenIDConnectProviderArn: provider }))
  await send(changeEvent('DeleteOpenIDConnectProvider', { openIDConnectProviderArn: provider }, { account }))
  await foundAre('oidc-provider-missing')
  await createProvider()
  await send(changeEvent('CreateOpenIDConnectProvider', { url: controlPlane.issuer }, { account }))
  await foundAre()

  const changed = (): Promise<void> =>
    send(
      changeEvent(
        'UpdatePodIdentityAssociation',
        { clusterName: 'prod', associationId: 'a-mail' },
        { account }
      )
    )
  associate(arnOf('cart'))
  await changed()
  await waitFor(
    'a finding about the association',
    async () => /pod-identity-principal-missing",severity="[^"]+"\} [1-9]/.test(await metrics()),
    patience
  )
  associate(arnOf('mail'))
  await changed()
  await foundAre()
  t.pass('each was found, and gone after the fix')
})

t.test(
  'hundreds of old, repeated and malformed messages cause few reads, and the next edit is seen',
  async (t) => {
    const before = await iamRequests()
    const old = (index: number): string => edited(index % 2 === 0 ? 'cart' : 'mail', new Date(index * 1000))
    const now = new Date()
    await send(
      ...Array.from({ length: 200 }, (_, index) => old(index)),
      ...Array.from({ length: 50 }, () => edited('cart', now)),
      ...Array.from({ length: 20 }, (_, index) => `garbage ${index}`)
    )
    await waitFor('the old messages', async () => (await messages('outdated')) >= 200, patience)
    await waitFor('the garbage', async () => (await messages('malformed')) === 20, patience)
    await waitFor('the repeated messages', async () => (await messages('duplicate')) > 0, patience)
    // Each read takes one request, and one role is read again at most once in five seconds.
    const limit = 2 + (Date.now() - now.getTime()) / 5000
    const reads = (await iamRequests()) - before
    t.ok(reads <= limit, `${reads} reads for 270 messages`)

    await update('cart', trusting('shop:web'))
    await send(edited('cart'))
    await foundAre('trust-subject-mismatch')
    t.notMatch(guard.controllerLog(), /changeQueue/, 'nothing of this is an error')
  }
)

t.test('the queue is deleted: that is said once, and the scan goes on', async (t) => {
  await sqs.send(new DeleteQueueCommand({ QueueUrl: url }))
  await waitFor(
    'the trouble',
    async () =>
      /^\[!\] changeQueue: the queue does not exist; check scan\.changeQueue$/m.test(
        await (await fetch(`${guard.controllerHealth}/readyz?verbose`)).text()
      ),
    patience
  )
  await kubectl('apply -f -', serviceAccount('shop', 'web', { 'eks.amazonaws.com/role-arn': arnOf('cart') }))
  await kubectl('delete serviceaccount cart -n shop')
  await foundAre()
  t.equal(guard.controllerLog().split('"work":"changeQueue"').length - 1, 1)
})
