import { readFileSync } from 'node:fs'
import {
  CreateOpenIDConnectProviderCommand,
  CreateRoleCommand,
  DeleteRolePolicyCommand,
  IAMClient,
  PutRolePolicyCommand
} from '@aws-sdk/client-iam'
import { AssumeRoleCommand, type Credentials, STSClient } from '@aws-sdk/client-sts'
import t from 'tap'
import type { IamSource, Lookup } from '../../../src/facts/facts.js'
import { parseRoleArn, type RoleArn } from '../../../src/model/role-arn.js'
import { buildIamSource } from '../../../src/sources/iam/source.js'
import { startMoto } from '../../control-plane/moto.ts'

const own = '123456789012' // moto's own
const other = '444455556666'
const host = 'oidc.eks.us-east-1.amazonaws.com/id/EXAMPLED539D4633E53DE1B71EXAMPLE'
const shop = (): Lookup => ({ namespace: 'shop', deadline: { signal: AbortSignal.timeout(10_000) } })

// The page is written for account 111122223333; the policies on it are what is proved to suffice.
const policies = [...readFileSync('docs/aws.md', 'utf8').matchAll(/^```json\n([^]*?)^```/gm)].map(
  ([, json]) => (json ?? '').replaceAll('111122223333', own)
)
const [minimalPolicy = '', readerTrust = '', assumePolicy = ''] = policies
const listPolicy = policies.find((policy) => policy.includes('iam:ListRoles')) ?? ''

const arnOf = (account: string, role: string): RoleArn => {
  const arn = parseRoleArn(`arn:aws:iam::${account}:role/${role}`)
  if (arn === undefined) throw new Error(`${role} makes no ARN`)
  return arn
}

for (const name of Object.keys(process.env))
  if (name.startsWith('AWS_')) Reflect.deleteProperty(process.env, name)

t.test('a real IAM API', async (t) => {
  const moto = await startMoto()
  t.teardown(() => moto.stop())
  const base = { endpoint: moto.url, region: 'us-east-1' }
  const admin = { accessKeyId: 'admin', secretAccessKey: 's' }
  const iam = new IAMClient({ ...base, credentials: admin })

  const assume = async (account: string, role: string): Promise<Credentials> => {
    const sts = new STSClient({ ...base, credentials: admin })
    const { Credentials: credentials } = await sts.send(
      new AssumeRoleCommand({ RoleArn: `arn:aws:iam::${account}:role/${role}`, RoleSessionName: 'test' })
    )
    if (credentials === undefined) throw new Error('moto gave no credentials')
    return credentials
  }
  const clientOf = ({ AccessKeyId = '', SecretAccessKey = '', SessionToken = '' }: Credentials): IAMClient =>
    new IAMClient({
      ...base,
      credentials: { accessKeyId: AccessKeyId, secretAccessKey: SecretAccessKey, sessionToken: SessionToken }
    })
  const createRole = (client: IAMClient, name: string, path = '/', trust = readerTrust): Promise<unknown> =>
    client.send(new CreateRoleCommand({ RoleName: name, Path: path, AssumeRolePolicyDocument: trust }))
  const allow = (client: IAMClient, role: string, policy: string, name = 'docs'): Promise<unknown> =>
    client.send(new PutRolePolicyCommand({ RoleName: role, PolicyName: name, PolicyDocument: policy }))

  await createRole(iam, 'irsa-guard')
  await createRole(iam, 'cart', '/team/')
  await iam.send(
    new CreateOpenIDConnectProviderCommand({
      Url: `https://${host}`,
      ClientIDList: ['sts.amazonaws.com'],
      ThumbprintList: ['a'.repeat(40)]
    })
  )
  const otherIam = clientOf(await assume(other, 'admin')) // in moto, who assumes a role of another account acts there
  await createRole(otherIam, 'irsa-guard-reader')
  await createRole(otherIam, 'reports')
  await otherIam.send(
    new CreateOpenIDConnectProviderCommand({
      Url: `https://${host.toLowerCase()}`,
      ThumbprintList: ['a'.repeat(40)]
    })
  )
  await allow(otherIam, 'irsa-guard-reader', minimalPolicy)

  // The guard's own credentials, found as in a cluster: in the environment.
  const { AccessKeyId, SecretAccessKey, SessionToken } = await assume(own, 'irsa-guard')
  Object.assign(process.env, {
    AWS_ENDPOINT_URL: moto.url,
    AWS_ACCESS_KEY_ID: AccessKeyId,
    AWS_SECRET_ACCESS_KEY: SecretAccessKey,
    AWS_SESSION_TOKEN: SessionToken
  })
  const accounts = [{ account: other, roleArn: `arn:aws:iam::${other}:role/irsa-guard-reader` }]
  const build = (): IamSource => buildIamSource({ requestsPerSecond: 1000, accounts })
  const question = (account: string): Parameters<IamSource['readProvider']>[0] => ({
    account,
    partition: 'aws',
    issuer: `https://${host}`
  })
  await moto.requireAuthorization()

  await t.test('refuses who has no permission', async (t) => {
    const source = build()
    t.match(await source.readRole(arnOf(own, 'team/cart'), shop()), {
      state: 'unknown',
      because: /^IAM denied iam:GetRole \(AccessDenied\)/
    })
    t.match(await source.readProvider(question(own), shop()), {
      state: 'unknown',
      because: /^IAM denied iam:GetOpenIDConnectProvider/
    })
    t.match(await source.readRole(arnOf(other, 'reports'), shop()), {
      state: 'unknown',
      because: /^STS denied sts:AssumeRole for arn/
    })
  })

  await moto.allowEverybody()
  await allow(iam, 'irsa-guard', minimalPolicy)
  await moto.requireAuthorization()

  await t.test('answers with the policy of the documentation', async (t) => {
    const source = build()
    const cart = await source.readRole(arnOf(own, 'team/cart'), shop())
    t.match(cart, {
      state: 'known',
      value: { exists: true, arn: `arn:aws:iam::${own}:role/team/cart`, trustPolicy: { encoding: 'url' } }
    })
    t.match(JSON.stringify(cart), /sts%3AAssumeRole/, 'the trust policy comes percent-encoded')
    t.match(
      await source.readRole(arnOf(own, 'cart'), shop()),
      { value: { arn: `arn:aws:iam::${own}:role/team/cart` } },
      'another path'
    )
    t.match(await source.readRole(arnOf(own, 'gone'), shop()), { state: 'known', value: { exists: false } })
    t.match(await source.readProvider(question(own), shop()), {
      state: 'known',
      value: {
        registered: true,
        arn: `arn:aws:iam::${own}:oidc-provider/${host}`,
        clientIds: ['sts.amazonaws.com']
      }
    })
    t.match(await source.readProvider({ ...question(own), issuer: `https://${host}/` }, shop()), {
      state: 'known',
      value: { registered: false, similar: [`arn:aws:iam::${own}:oidc-provider/${host}`] }
    })
    t.match(await source.readRole(arnOf(other, 'reports'), shop()), {
      state: 'unknown',
      because: /^STS denied sts:AssumeRole/
    })
    t.match(await source.readRole(arnOf('999999999999', 'x'), shop()), {
      state: 'unknown',
      because: /differs from that of irsa-guard's credentials \(123456789012\)/
    })
  })

  await moto.allowEverybody()
  await allow(iam, 'irsa-guard', assumePolicy, 'other-accounts')
  await moto.requireAuthorization()

  await t.test('reads another account through its read-only role', async (t) => {
    const source = build()
    t.match(await source.readRole(arnOf(other, 'reports'), shop()), {
      state: 'known',
      value: { exists: true, arn: `arn:aws:iam::${other}:role/reports` }
    })
    t.match(
      await source.readRole(arnOf(other, 'cart'), shop()),
      { state: 'known', value: { exists: false } },
      'a role of our account only'
    )
    t.match(await source.readProvider(question(other), shop()), {
      state: 'known',
      value: { registered: false, similar: [`arn:aws:iam::${other}:oidc-provider/${host.toLowerCase()}`] }
    })
  })

  await t.test('lists roles only with the permission for it, page by page', async (t) => {
    const requests: string[] = []
    const source = buildIamSource({
      requestsPerSecond: 1000,
      onRequest: (operation, result) => requests.push(`${operation} ${result}`)
    })
    t.match(await source.listRoles('aws'), {
      roles: [],
      unread: [
        `account ${own}: IAM denied iam:ListRoles (AccessDenied); allow this action for irsa-guard's role`
      ]
    })

    await moto.allowEverybody()
    await allow(iam, 'irsa-guard', listPolicy, 'list')
    for (let index = 0; index < 210; index++) await createRole(iam, `role-${index}`)
    await moto.requireAuthorization()
    requests.length = 0
    const { roles, unread } = await source.listRoles('aws')
    t.strictSame(unread, [])
    t.equal(roles.length, 212, 'the 210 roles, cart and irsa-guard')
    t.match(
      roles.find(({ arn }) => arn.endsWith('/cart')),
      { arn: `arn:aws:iam::${own}:role/team/cart`, trustPolicy: { encoding: 'url' } }
    )
    t.strictSame(requests, ['ListRoles found', 'ListRoles found'], 'two pages')
  })

  await t.test('every action of the policy is needed', async (t) => {
    const {
      Statement: [statement]
    } = JSON.parse(minimalPolicy) as { Statement: [{ Action: string[] }] } // the page's own JSON
    for (const action of statement.Action) {
      await moto.allowEverybody()
      await iam.send(new DeleteRolePolicyCommand({ RoleName: 'irsa-guard', PolicyName: 'docs' }))
      const rest = { ...statement, Action: statement.Action.filter((each) => each !== action) }
      await allow(iam, 'irsa-guard', JSON.stringify({ Version: '2012-10-17', Statement: [rest] }))
      await moto.requireAuthorization()
      const results: string[] = []
      const source = buildIamSource({
        requestsPerSecond: 1000,
        onRequest: (operation, result) => results.push(`iam:${operation} ${result}`)
      })
      await source.readRole(arnOf(own, 'team/cart'), shop())
      await source.readProvider({ ...question(own), issuer: `https://${host}/` }, shop())
      t.strictSame(
        results.filter((result) => result.endsWith('refused')),
        [`${action} refused`]
      )
    }
  })
})
