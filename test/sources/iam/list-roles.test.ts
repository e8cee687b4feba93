import t from 'tap'
import type { RoleList, RoleListSource } from '../../../src/facts/facts.js'
import { buildIamSource } from '../../../src/sources/iam/source.js'
import {
  absentReply,
  assumeRoleReply,
  errorReply,
  type IamReply,
  type IamRequest,
  identityReply,
  rolesReply,
  startFakeIam
} from '../../support/fake-iam.js'

const own = '111122223333'
const other = '444455556666'
const page = (arns: readonly string[], marker?: string | null): IamReply =>
  rolesReply(
    arns.map((arn, index) => ({ arn, ...(index === 0 && { trustPolicy: {} }) })),
    marker
  )
const arnOf = (name: string, account = own): string => `arn:aws:iam::${account}:role/${name}`

let answer: (request: IamRequest) => IamReply
const iam = await startFakeIam((request) => {
  if (request.action === 'GetCallerIdentity') return identityReply(own)
  if (request.action === 'AssumeRole') return assumeRoleReply('reader')

  return answer(request)
})
t.teardown(() => iam.close())
for (const name of Object.keys(process.env))
  if (name.startsWith('AWS_')) Reflect.deleteProperty(process.env, name)
Object.assign(process.env, {
  AWS_ENDPOINT_URL: iam.url,
  AWS_ACCESS_KEY_ID: 'own',
  AWS_SECRET_ACCESS_KEY: 's',
  AWS_REGION: 'us-east-1'
})
const readers = [{ account: other, roleArn: arnOf('reader', other) }]
const build = (accounts: typeof readers = []): RoleListSource =>
  buildIamSource({ requestsPerSecond: 1000, accounts })
const list = async (source = build()): Promise<RoleList> => source.listRoles('aws')

t.test('reads all pages, with the trust policies', async (t) => {
  const markers: (string | null)[] = []
  answer = ({ parameters }) => {
    const marker = parameters.get('Marker')
    markers.push(marker)
    return marker === null ? page([arnOf('a'), arnOf('b')], 'next') : page([arnOf('team/c')])
  }
  t.strictSame(await list(), {
    roles: [
      { exists: true, arn: arnOf('a'), trustPolicy: { document: '%7B%7D', encoding: 'url' } },
      { exists: true, arn: arnOf('b') },
      { exists: true, arn: arnOf('team/c'), trustPolicy: { document: '%7B%7D', encoding: 'url' } }
    ],
    unread: []
  })
  t.strictSame(markers, [null, 'next'])
})

t.test('reads the accounts that have a role, and reports those that refuse', async (t) => {
  answer = ({ accessKey }) => (accessKey === 'reader' ? errorReply(403, 'AccessDenied') : page([arnOf('a')]))
  t.match(await list(build(readers)), {
    roles: [{ arn: arnOf('a') }],
    unread: [
      `account ${other}: IAM denied iam:ListRoles (AccessDenied); allow this action for irsa-guard's role`
    ]
  })
  answer = ({ accessKey }) => page([arnOf('a', accessKey === 'reader' ? other : own)])
  t.match(await list(build(readers)), {
    roles: [{ arn: arnOf('a') }, { arn: arnOf('a', other) }],
    unread: []
  })
  t.strictSame(
    await build(readers).listRoles('aws-cn'),
    { roles: [], unread: [] },
    'no account of another partition can be read'
  )
  t.match(await build().listRoles('aws-unknown'), { roles: [], unread: [] })
})

t.test('no list is partial', async (t) => {
  const table: readonly (readonly [string, (request: IamRequest) => IamReply, RegExp])[] = [
    ['throttled', () => errorReply(400, 'Throttling'), /IAM throttled iam:ListRoles \(Throttling\)/],
    [
      'refused on the second page',
      ({ parameters }) =>
        parameters.get('Marker') === null ? page([arnOf('a')], 'm') : errorReply(403, 'AccessDenied'),
      /IAM denied iam:ListRoles/
    ],
    ['a list that does not end', () => page([arnOf('a')], 'same'), /IAM did not end the list of roles/],
    ['more pages, but no marker', () => page([arnOf('a')], null), /without the requested data/],
    ['roles of another account', () => page([arnOf('a', other)]), /without the requested data/],
    ['something else', () => ({ body: '<html></html>', type: 'text/html' }), /iam:ListRoles/],
    ['absent', () => absentReply, /no usable answer to iam:ListRoles/],
    ['the connection is reset', () => 'reset', /IAM is not reachable for iam:ListRoles/]
  ]
  for (const [why, reply, because] of table) {
    answer = reply
    const { roles, unread } = await list()
    t.strictSame(roles, [], why)
    t.equal(unread.length, 1, why)
    t.match(unread[0], because, why)
  }
})

t.test('a reset is retried', async (t) => {
  let count = 0
  answer = () => (count++ === 0 ? 'reset' : page([arnOf('a')]))
  t.match(await list(), { roles: [{ arn: arnOf('a') }], unread: [] })
})

t.test('a command waits while IAM throttles', async (t) => {
  let count = 0
  answer = () => (count++ < 2 ? errorReply(400, 'Throttling') : page([arnOf('a')]))
  t.match(await buildIamSource({ patient: true }).listRoles('aws'), {
    roles: [{ arn: arnOf('a') }],
    unread: []
  })
})

t.test('no usable credentials', async (t) => {
  const { AWS_ACCESS_KEY_ID: key } = process.env
  Reflect.deleteProperty(process.env, 'AWS_ACCESS_KEY_ID')
  process.env['AWS_EC2_METADATA_DISABLED'] = 'true'
  process.env['HOME'] = t.testdir({})
  const { roles, unread } = await list(build(readers))
  process.env['AWS_ACCESS_KEY_ID'] = key
  t.strictSame(roles, [])
  t.match(unread, [/no usable AWS credentials were found/])
})
