import { readFileSync } from 'node:fs'
import { CreateRoleCommand, IAMClient, PutRolePolicyCommand } from '@aws-sdk/client-iam'
import {
  CreateQueueCommand,
  GetQueueAttributesCommand,
  SendMessageBatchCommand,
  SQSClient
} from '@aws-sdk/client-sqs'
import { AssumeRoleCommand, STSClient } from '@aws-sdk/client-sts'
import { pino } from 'pino'
import t, { type Test } from 'tap'
import {
  type ChangesOptions,
  followChanges,
  resultOf
} from '../../src/controller/background-scan/change-queue.js'
import { parseClusterArn } from '../../src/model/cluster-arn.js'
import { buildMetrics } from '../../src/process/metrics.js'
import type { AssociationChange, Change } from '../../src/sources/changes/change.js'
import { startMoto } from '../control-plane/moto.ts'
import { waitFor } from '../control-plane/wait.ts'
import { changeEvent } from '../support/change-events.js'

const account = '123456789012' // moto's own
const patience = 120_000
const moto = await startMoto()
t.teardown(() => moto.stop())
for (const name of Object.keys(process.env))
  if (name.startsWith('AWS_')) Reflect.deleteProperty(process.env, name)
const useCredentials = (accessKey: string, secret: string, session = ''): unknown =>
  Object.assign(process.env, {
    ...{ AWS_REGION: 'us-east-1', AWS_EC2_METADATA_DISABLED: 'true' },
    ...{ AWS_ACCESS_KEY_ID: accessKey, AWS_SECRET_ACCESS_KEY: secret, AWS_SESSION_TOKEN: session }
  })
useCredentials('AKIAOWN', 's')

const admin = {
  endpoint: moto.url,
  region: 'us-east-1',
  credentials: { accessKeyId: 'admin', secretAccessKey: 's' }
}
const sqs = new SQSClient(admin)
const createQueue = async (name: string): Promise<string> =>
  (await sqs.send(new CreateQueueCommand({ QueueName: name }))).QueueUrl ?? ''
async function send(url: string, bodies: readonly string[]): Promise<void> {
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
/** Sends a request to another service of moto, which tells services apart by the signature. */
async function post(
  service: string,
  { headers = {}, body }: { headers?: object; body: string | URLSearchParams }
): Promise<string> {
  const authorization = `AWS4-HMAC-SHA256 Credential=admin/20260101/us-east-1/${service}/aws4_request, SignedHeaders=host, Signature=0`
  const answer = await fetch(moto.url, { method: 'POST', headers: { ...headers, authorization }, body })
  const text = await answer.text()
  if (!answer.ok) throw new Error(`${service}: HTTP ${answer.status}: ${text}`)

  return text
}
const remaining = async (url: string): Promise<number> => {
  const { Attributes } = await sqs.send(
    new GetQueueAttributesCommand({ QueueUrl: url, AttributeNames: ['All'] })
  )
  return (
    Number(Attributes?.['ApproximateNumberOfMessages']) +
    Number(Attributes?.['ApproximateNumberOfMessagesNotVisible'])
  )
}
const isEmptied = (url: string): Promise<unknown> =>
  waitFor('an empty queue', async () => (await remaining(url)) === 0, patience)

interface Started {
  readonly changes: Awaited<ReturnType<typeof followChanges>>
  readonly noted: Change[]
  readonly results: () => Promise<Record<string, number>>
  readonly timestamp: () => Promise<number | undefined>
  readonly log: () => string
}
async function start(t: Test, url: string | undefined, more: Partial<ChangesOptions> = {}): Promise<Started> {
  const noted: Change[] = []
  const metrics = buildMetrics()
  let output = ''
  const changes = await followChanges({
    config: {
      scan: { enabled: true, interval: 900_000, changeQueue: url },
      eks: { clusterArn: undefined, requestsPerSecond: 3, endpoint: undefined }
    },
    followed: {
      noteChange: (change) => {
        noted.push(change)
        return 'used'
      }
    },
    eks: undefined,
    metrics,
    log: pino({}, { write: (line: string) => (output += line) }),
    ...more
  })
  t.teardown(() => changes?.stop())

  return {
    changes,
    noted,
    results: async () =>
      Object.fromEntries(
        (await metrics.changeMessages.get()).values.map(
          ({ labels, value }) => [String(labels.result), value] as const
        )
      ),
    timestamp: async () => (await metrics.changeQueue.get()).values[0]?.value,
    log: () => output
  }
}
const edited = (role: string, options = {}): string =>
  changeEvent('UpdateAssumeRolePolicy', { roleName: role, policyDocument: '{}' }, { account, ...options })

t.test('messages are passed on, counted and deleted, whatever they contain', async (t) => {
  const url = await createQueue('changes')
  const { noted, results, changes, timestamp, log } = await start(t, url)
  await send(url, [
    ...['{', 'null', 'not JSON', '[]', '<xml/>', 'x'.repeat(200_000)],
    ...[edited('cart'), edited('cart'), edited('mail', { at: new Date(0) })],
    ...[
      edited('web', { detail: { errorCode: 'AccessDenied' } }),
      changeEvent('PutRolePolicy', { roleName: 'cart' })
    ],
    changeEvent('UpdatePodIdentityAssociation', { clusterName: 'prod', associationId: 'a-1' })
  ])
  await isEmptied(url)
  t.strictSame(noted.map((change) => 'name' in change && change.name).sort(), ['cart', 'cart', 'mail'])
  t.strictSame(await results(), {
    ...{ malformed: 6, used: 3, 'failed-call': 1, 'other-event': 1, unrelated: 1 }
  })
  t.ok(((await timestamp()) ?? 0) > Date.now() / 1000 - 600)
  await send(url, [edited('later')])
  await waitFor('the next message', async () => noted.length === 4, patience)
  await waitFor('no trouble', async () => changes?.trouble() === undefined, patience)
  t.equal(log(), '')
})

t.test('hundreds of old messages are deleted', async (t) => {
  const url = await createQueue('old')
  const { noted, results } = await start(t, url) // at once, because moto is slow with a full queue
  await send(
    url,
    Array.from({ length: 300 }, (_, index) => edited(`role-${index % 7}`, { at: new Date(index * 1000) }))
  )
  await isEmptied(url)
  t.equal(noted.length, 300)
  t.strictSame(await results(), { used: 300 })
})

t.test('a queue that does not exist is reported once, and used as soon as it exists', async (t) => {
  const url = `${moto.url}/${account}/later`
  const { changes, log, noted, timestamp } = await start(t, url)
  await waitFor(
    'the trouble',
    async () => changes?.trouble() === 'the queue does not exist; check scan.changeQueue'
  )
  await waitFor('further attempts', async () => log().includes('changeQueue'))
  await new Promise((resolve) => setTimeout(resolve, 3000))
  t.equal(log().split('does not work').length - 1, 1)
  t.equal(await timestamp(), undefined)
  t.equal(await createQueue('later'), url)
  await send(url, [edited('cart')])
  await waitFor('the message', async () => noted.length === 1, patience)
})

t.test('an unreachable queue, and missing credentials', async (t) => {
  const unreachable = await start(t, `http://127.0.0.1:1/${account}/changes`)
  await waitFor('the trouble', async () => /^SQS is not reachable/.test(unreachable.changes?.trouble() ?? ''))
  useCredentials('', '')
  Object.assign(process.env, { AWS_CONFIG_FILE: '/nonexistent', AWS_SHARED_CREDENTIALS_FILE: '/nonexistent' })
  const anonymous = await start(t, await createQueue('anonymous'))
  await waitFor('the trouble', async () =>
    /^no usable AWS credentials were found/.test(anonymous.changes?.trouble() ?? '')
  )
  useCredentials('AKIAOWN', 's')
})

t.test('the documented permissions suffice, and without one of them the log says which', async (t) => {
  const page = readFileSync('docs/aws.md', 'utf8')
  const documented = /```json\n([^`]*sqs:ReceiveMessage[^`]*)```/.exec(page)?.[1] ?? ''
  // In AWS, this permission covers the batch, and none is named after the batch; moto wants that one:
  // https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-batch-api.html
  const policy = documented
    .replaceAll('111122223333', account)
    .replace('"sqs:DeleteMessage"', '"sqs:DeleteMessageBatch"')
    .replace('irsa-guard-changes', 'permitted')
  const url = await createQueue('permitted')
  const iam = new IAMClient(admin)
  const sts = new STSClient(admin)
  await iam.send(
    new CreateRoleCommand({
      RoleName: 'irsa-guard',
      AssumeRolePolicyDocument: JSON.stringify({ Version: '2012-10-17', Statement: [] })
    })
  )
  const allow = (text: string): Promise<unknown> =>
    iam.send(new PutRolePolicyCommand({ RoleName: 'irsa-guard', PolicyName: 'docs', PolicyDocument: text }))
  const { Credentials: given } = await sts.send(
    new AssumeRoleCommand({ RoleArn: `arn:aws:iam::${account}:role/irsa-guard`, RoleSessionName: 'test' })
  )
  await allow(policy)
  await send(url, [edited('cart')])
  useCredentials(given?.AccessKeyId ?? '', given?.SecretAccessKey ?? '', given?.SessionToken ?? '')
  await moto.requireAuthorization()
  t.teardown(async () => {
    await moto.allowEverybody()
    useCredentials('AKIAOWN', 's')
  })
  const { noted, changes } = await start(t, url)
  await waitFor('the message', async () => noted.length === 1, patience)
  await waitFor('no trouble', async () => changes?.trouble() === undefined, patience)
  await changes?.stop()
  await moto.allowEverybody()
  await isEmptied(url)

  for (const [without, trouble] of [
    ['sqs:ReceiveMessage', /^SQS denied sqs:ReceiveMessage /],
    ['sqs:DeleteMessageBatch', /^SQS denied sqs:DeleteMessage /]
  ] as const) {
    await moto.allowEverybody()
    await allow(policy.replace(without, 'sqs:ListQueues'))
    await send(url, [edited('cart')])
    await moto.requireAuthorization()
    const refused = await start(t, url)
    await waitFor(without, async () => trouble.test(refused.changes?.trouble() ?? ''), patience)
    await refused.changes?.stop()
  }
})

t.test('the documented stack sends the events that are read, and no others', async (t) => {
  const page = readFileSync('docs/background-scan.md', 'utf8')
  const template = /```yaml\n(AWSTemplateFormatVersion[^]*?)```/.exec(page)?.[1] ?? ''
  await post('cloudformation', {
    body: new URLSearchParams({ Action: 'CreateStack', StackName: 'changes', TemplateBody: template })
  })
  const stacks = await post('cloudformation', {
    body: new URLSearchParams({ Action: 'DescribeStacks', StackName: 'changes' })
  })
  const output = /<OutputValue>https:\/\/[^/]+([^<]+)</.exec(stacks)?.[1] ?? ''
  const { noted, results } = await start(t, `${moto.url}${output}`)
  const role = { roleName: 'cart' }
  const provider = { openIDConnectProviderArn: `arn:aws:iam::${account}:oidc-provider/example.com` }
  const association = { clusterName: 'prod', associationId: 'a-1' }
  const events = [
    ...['CreateRole', 'DeleteRole', 'UpdateAssumeRolePolicy', 'PutRolePolicy', 'GetRole'].map((name) =>
      changeEvent(name, role)
    ),
    changeEvent('CreateOpenIDConnectProvider', { url: 'https://example.com' }),
    ...['DeleteOpenIDConnectProvider', 'AddClientIDToOpenIDConnectProvider'].map((name) =>
      changeEvent(name, provider)
    ),
    changeEvent('RemoveClientIDFromOpenIDConnectProvider', provider),
    ...['Create', 'Update', 'Delete', 'Describe'].map((verb) =>
      changeEvent(`${verb}PodIdentityAssociation`, association)
    )
  ].map((text) => JSON.parse(text) as { source: string; 'detail-type': string; detail: object })
  const entries = events.map((event) => ({
    Source: event.source,
    DetailType: event['detail-type'],
    Detail: JSON.stringify(event.detail)
  }))
  for (let first = 0; first < entries.length; first += 10)
    await post('events', {
      headers: { 'x-amz-target': 'AWSEvents.PutEvents', 'content-type': 'application/x-amz-json-1.1' },
      body: JSON.stringify({ Entries: entries.slice(first, first + 10) })
    })
  await waitFor(
    'all events',
    async () => (await results())['unrelated'] === 3 && noted.length === 7,
    patience
  )
  t.strictSame(await results(), { used: 7, unrelated: 3 })
})

t.test('without a queue, or without anything to read again, nothing is requested', async (t) => {
  const { changes } = await start(t, undefined)
  t.equal(changes, undefined)
  const unused = await start(t, `${moto.url}/${account}/changes`, { followed: undefined })
  t.equal(unused.changes, undefined)
  t.match(unused.log(), /scan\.changeQueue is not used/)
})

t.test('an association counts only for the cluster that it belongs to', async (t) => {
  const options = (arn: string | undefined): ChangesOptions =>
    ({
      config: { eks: { clusterArn: arn === undefined ? undefined : parseClusterArn(arn) } },
      followed: undefined,
      eks: { noteChange: () => 'duplicate' }
    }) as unknown as ChangesOptions // the other fields are not used
  const change: AssociationChange = {
    ...{ kind: 'association', account, region: 'us-east-1', cluster: 'prod', id: 'a-1', at: 0 }
  }
  const ours = options(`arn:aws:eks:us-east-1:${account}:cluster/prod`)
  t.equal(resultOf(change, ours), 'duplicate')
  t.equal(resultOf({ ...change, cluster: undefined }, ours), 'duplicate')
  for (const other of [{ account: '111122223333' }, { region: 'eu-west-1' }, { cluster: 'test' }])
    t.equal(resultOf({ ...change, ...other }, ours), 'unrelated', JSON.stringify(other))
  t.equal(resultOf(change, options(undefined)), 'unrelated')
  t.equal(resultOf(change, { ...ours, eks: undefined }), 'unrelated')
  t.equal(resultOf({ kind: 'role', account, name: 'cart', at: 0 }, ours), 'unrelated')
})
