import t, { type Test } from 'tap'
import type { IamSource, Lookup } from '../../../src/facts/facts.js'
import { parseRoleArn, type RoleArn } from '../../../src/model/role-arn.js'
import { buildIamSource, type IamSourceOptions } from '../../../src/sources/iam/source.js'
import {
  absentReply,
  assumeRoleReply,
  errorReply,
  type FakeIam,
  type IamReply,
  type IamRequest,
  identityReply,
  providerReply,
  providersReply,
  roleReply,
  startFakeIam
} from '../../support/fake-iam.js'

const account = '111122223333'
const other = '444455556666'
const issuer = 'https://oidc.eks.us-east-1.amazonaws.com/id/EXAMPLED539D4633E53DE1B71EXAMPLE'
const arnOf = (name: string, of = account): RoleArn => {
  const arn = parseRoleArn(`arn:aws:iam::${of}:role/${name}`)
  if (arn === undefined) throw new Error(`${name} makes no ARN`)
  return arn
}
const shop = (milliseconds = 10_000): Lookup => ({
  namespace: 'shop',
  deadline: { signal: AbortSignal.timeout(milliseconds) }
})

/**
 * A source in front of a server that answers as told; STS says that we are of `account` unless `answer` says
 * otherwise.
 */
async function start(
  t: Test,
  answer: (request: IamRequest) => IamReply | Promise<IamReply> | undefined,
  options: Partial<IamSourceOptions> = {}
): Promise<{ iam: FakeIam; source: IamSource; results: string[] }> {
  const iam = await startFakeIam(
    (request) =>
      answer(request) ?? (request.action === 'GetCallerIdentity' ? identityReply(account) : absentReply)
  )
  t.teardown(() => iam.close())
  process.env['AWS_ENDPOINT_URL'] = iam.url
  const results: string[] = []
  const source = buildIamSource({
    requestsPerSecond: 1000,
    onRequest: (operation, result) => results.push(`${operation} ${result}`),
    ...options
  })

  return { iam, source, results }
}

// Nothing of the machine's own AWS set-up may reach these tests.
for (const name of Object.keys(process.env))
  if (name.startsWith('AWS_')) Reflect.deleteProperty(process.env, name)
Object.assign(process.env, {
  AWS_ACCESS_KEY_ID: 'AKIAOWN',
  AWS_SECRET_ACCESS_KEY: 's',
  AWS_EC2_METADATA_DISABLED: 'true',
  AWS_CONFIG_FILE: '/nonexistent',
  AWS_SHARED_CREDENTIALS_FILE: '/nonexistent'
})

t.test('reads a role with its trust policy and the time of the answer', async (t) => {
  const policy = { Version: '2012-10-17', Statement: [{ Effect: 'Allow', Sid: 'ä&%' }] }
  const { iam, source, results } = await start(t, ({ action }) =>
    action === 'GetRole' ? roleReply(`arn:aws:iam::${account}:role/team/Cart`, policy) : undefined
  )
  const fact = await source.readRole(arnOf('cart'), shop())
  if (fact.state !== 'known' || !fact.value.exists || fact.value.trustPolicy === undefined)
    return t.fail(JSON.stringify(fact))
  t.equal(fact.value.arn, `arn:aws:iam::${account}:role/team/Cart`)
  t.equal(fact.value.trustPolicy.encoding, 'url')
  t.strictSame(JSON.parse(decodeURIComponent(String(fact.value.trustPolicy.document))), policy)
  t.ok(fact.readAt && Date.now() - fact.readAt.getTime() < 10_000)
  t.strictSame(iam.actions, ['GetCallerIdentity', 'GetRole'])
  t.strictSame(results, ['GetCallerIdentity found', 'GetRole found'])
})

t.test('looks twice before it says that there is no such role', async (t) => {
  let asked = 0
  const { iam, source } = await start(t, ({ action, parameters }) => {
    if (action !== 'GetRole' || parameters.get('RoleName') !== 'new') return
    return ++asked === 1 ? absentReply : roleReply(arnOf('new').text)
  })
  t.match(await source.readRole(arnOf('gone'), shop()), {
    state: 'known',
    value: { exists: false },
    readAt: Date
  })
  t.strictSame(iam.actions, ['GetCallerIdentity', 'GetRole', 'GetRole'])
  t.match(
    await source.readRole(arnOf('new'), shop()),
    { state: 'known', value: { exists: true } },
    'made a moment ago'
  )
})

t.test('says in plain words why IAM gave no answer, and never that the role is absent', async (t) => {
  const html: IamReply = { body: '<html><body>Please log in</body></html>', type: 'text/html' }
  const table: readonly (readonly [string, IamReply, RegExp])[] = [
    [
      'AccessDenied',
      errorReply(403, 'AccessDenied'),
      /^IAM denied iam:GetRole \(AccessDenied\); allow this action for irsa-guard's role$/
    ],
    ['throttled', errorReply(400, 'Throttling'), /^IAM throttled iam:GetRole \(Throttling\)/],
    ['429', { status: 429, body: 'slow down' }, /^IAM throttled iam:GetRole/],
    [
      'expired',
      errorReply(403, 'ExpiredToken'),
      /^AWS did not accept the credentials \(ExpiredToken\); renew/
    ],
    [
      'unknown key',
      errorReply(403, 'InvalidClientTokenId'),
      /^AWS did not accept the credentials \(InvalidClientTokenId\)/
    ],
    ['500', errorReply(500, 'ServiceFailure'), /^IAM answered iam:GetRole with HTTP 500$/],
    ['502 that is no XML', { status: 502, body: 'Bad gateway' }, /^IAM answered iam:GetRole with HTTP 502$/],
    [
      "a proxy's page",
      html,
      /^IAM answered iam:GetRole without the requested data; check for a proxy in between$|^IAM gave no usable answer/
    ],
    ['an empty body', { body: '' }, /^IAM (?:answered iam:GetRole without|gave no usable answer)/],
    ['no XML at all', { body: 'ok' }, /^IAM (?:answered iam:GetRole without|gave no usable answer)/],
    ['404 of a proxy', { status: 404, body: '<html>not found</html>' }, /^IAM gave no usable answer/],
    [
      'bad request',
      errorReply(400, 'ValidationError'),
      /^IAM gave no usable answer to iam:GetRole \(ValidationError\)$/
    ],
    ['hangs', 'hang', /^IAM did not answer iam:GetRole in time$/],
    ['begins and does not end', 'stall', /^IAM did not answer iam:GetRole in time$/],
    [
      'resets',
      'reset',
      /^IAM is not reachable for iam:GetRole \(ECONNRESET\); check the network, the proxy and the endpoint$/
    ],
    ['another account', roleReply(arnOf('cart', other).text), /without the requested data/]
  ]
  for (const [why, reply, because] of table) {
    const { source } = await start(t, ({ action }) => (action === 'GetRole' ? reply : undefined))
    t.match(await source.readRole(arnOf('cart'), shop()), { state: 'unknown', because }, why)
  }
})

t.test('asks once more where that helps', async (t) => {
  for (const passing of ['reset', errorReply(503, 'ServiceUnavailable')] as const) {
    let asked = 0
    const { source } = await start(t, ({ action }) =>
      action === 'GetRole' ? (++asked === 1 ? passing : roleReply(arnOf('cart').text)) : undefined
    )
    t.match(await source.readRole(arnOf('cart'), shop()), { state: 'known', value: { exists: true } })
  }
})

t.test('repeats throttled requests when somebody can wait', async (t) => {
  let asked = 0
  const { source } = await start(
    t,
    ({ action }) =>
      action === 'GetRole'
        ? ++asked < 3
          ? errorReply(400, 'Throttling')
          : roleReply(arnOf('cart').text)
        : undefined,
    { patient: true }
  )
  t.match(await source.readRole(arnOf('cart'), shop()), { state: 'known', value: { exists: true } })
})

t.test('waits no longer than the signal', async (t) => {
  const { source } = await start(t, () => 'hang')
  const before = performance.now()
  t.match(await source.readRole(arnOf('cart'), shop(200)), {
    state: 'unknown',
    because: /before the deadline/
  })
  t.ok(performance.now() - before < 700, 'a hanging server')
})

t.test('says what is wrong with the credentials', async (t) => {
  const { AWS_ACCESS_KEY_ID: key } = process.env
  delete process.env['AWS_ACCESS_KEY_ID']
  t.teardown(() => Object.assign(process.env, { AWS_ACCESS_KEY_ID: key }))
  const { iam, source } = await start(t, () => undefined)
  t.match(await source.readRole(arnOf('cart'), shop()), {
    state: 'unknown',
    because:
      'no usable AWS credentials were found; give irsa-guard a role, or a profile on the machine where it runs'
  })
  t.strictSame(iam.actions, [], 'nothing was sent')
})

t.test("says so when the guard's own service account gets no role", async (t) => {
  const { AWS_ACCESS_KEY_ID: key } = process.env
  delete process.env['AWS_ACCESS_KEY_ID']
  const token = `${t.testdir({ token: 'x.y.z' })}/token`
  Object.assign(process.env, { AWS_ROLE_ARN: arnOf('guard').text, AWS_WEB_IDENTITY_TOKEN_FILE: token })
  t.teardown(() => {
    Object.assign(process.env, { AWS_ACCESS_KEY_ID: key })
    delete process.env['AWS_ROLE_ARN']
    delete process.env['AWS_WEB_IDENTITY_TOKEN_FILE']
  })
  const { source } = await start(t, ({ action }) =>
    action === 'AssumeRoleWithWebIdentity' ? errorReply(403, 'AccessDenied') : undefined
  )
  t.match(await source.readRole(arnOf('cart'), shop()), {
    state: 'unknown',
    because:
      'irsa-guard got no AWS credentials (AccessDenied); check the role and the service account it runs with'
  })
})

t.test('asks STS again when it did not say whose credentials these are', async (t) => {
  let asked = 0
  const { source } = await start(t, ({ action, parameters }) => {
    if (action === 'GetRole') return roleReply(arnOf(parameters.get('RoleName') ?? '').text)
    return ++asked === 1 ? errorReply(403, 'AccessDenied') : asked === 2 ? { body: '<html/>' } : undefined
  })
  t.match(await source.readRole(arnOf('a'), shop()), {
    state: 'unknown',
    because: /^STS denied sts:GetCallerIdentity \(AccessDenied\)/
  })
  t.match(await source.readRole(arnOf('b'), shop()), {
    state: 'unknown',
    because: /^STS (?:answered sts:GetCallerIdentity without|gave no usable)/
  })
  t.match(await source.readRole(arnOf('c'), shop()), { state: 'known' })
})

t.test('leaves other accounts alone, unless the config names a role to read them with', async (t) => {
  const roleArn = arnOf('irsa-guard-reader', other).text
  const answer = ({ action, accessKey, parameters }: IamRequest): IamReply | undefined => {
    if (action === 'AssumeRole')
      return parameters.get('RoleArn') === roleArn && accessKey === 'AKIAOWN'
        ? assumeRoleReply('ASIAOTHER')
        : errorReply(403, 'AccessDenied')
    if (action === 'GetRole')
      return accessKey === 'ASIAOTHER' ? roleReply(arnOf('cart', other).text) : absentReply
    return
  }
  const without = await start(t, answer)
  t.match(await without.source.readRole(arnOf('cart', other), shop()), {
    state: 'unknown',
    because: `account ${other} differs from that of irsa-guard's credentials (${account}), and the config names no role to read it with`
  })
  t.strictSame(without.iam.actions, ['GetCallerIdentity'])

  const withRole = await start(t, answer, { accounts: [{ account: other, roleArn }] })
  t.match(await withRole.source.readRole(arnOf('cart', other), shop()), {
    state: 'known',
    value: { exists: true }
  })
  t.match(await withRole.source.readRole(arnOf('mail', other), shop()), { state: 'known' })
  t.strictSame(withRole.iam.actions, ['AssumeRole', 'GetRole', 'GetRole'], 'the role is assumed once')
  t.ok(withRole.results.includes('AssumeRole found'))

  const refused = await start(t, answer, {
    accounts: [{ account: other, roleArn: arnOf('not-allowed', other).text }]
  })
  t.match(await refused.source.readRole(arnOf('cart', other), shop()), {
    state: 'unknown',
    because: `STS denied sts:AssumeRole for ${arnOf('not-allowed', other).text} (AccessDenied); allow this action for irsa-guard's role`
  })
  t.ok(refused.results.includes('AssumeRole refused'))
  t.throws(() => buildIamSource({ accounts: [{ account, roleArn }] }), {
    code: 'ERR_CONFIG',
    message: /expected the ARN of a role of that account/
  })
})

t.test('obeys an endpoint for IAM alone, and the environment for the rest', async (t) => {
  const here = await startFakeIam(({ action }) =>
    action === 'GetRole' ? roleReply(arnOf('cart').text) : absentReply
  )
  t.teardown(() => here.close())
  const { iam, source } = await start(t, () => undefined, { endpoint: here.url })
  t.match(await source.readRole(arnOf('cart'), shop()), { state: 'known', value: { exists: true } })
  t.strictSame([iam.actions, here.actions], [['GetCallerIdentity'], ['GetRole']])
})

t.test('asks in the region of the partition when none is configured', async (t) => {
  const { source } = await start(t, ({ action }) =>
    action === 'GetCallerIdentity'
      ? identityReply(account, 'aws-cn')
      : action === 'GetRole'
        ? roleReply(`arn:aws-cn:iam::${account}:role/cart`)
        : undefined
  )
  const chinese = parseRoleArn(`arn:aws-cn:iam::${account}:role/cart`)
  const future = parseRoleArn(`arn:aws-moon:iam::${account}:role/cart`)
  if (!chinese || !future) return t.fail()
  t.match(await source.readRole(chinese, shop()), { state: 'known', value: { exists: true } })
  t.match(await source.readRole(arnOf('cart'), shop()), {
    state: 'unknown',
    because: `partition aws differs from that of irsa-guard's credentials (aws-cn)`
  })
  t.match(await source.readRole(future, shop()), {
    state: 'unknown',
    because: /the region for partition aws-moon is unknown; set AWS_REGION/
  })
})

t.test('reads the provider of the issuer, and what may have been meant to be it', async (t) => {
  const host = issuer.slice('https://'.length)
  const prefix = `arn:aws:iam::${account}:oidc-provider/`
  const question = { account, partition: 'aws', issuer }
  const there = await start(t, ({ action, parameters }) =>
    action === 'GetOpenIDConnectProvider' && parameters.get('OpenIDConnectProviderArn') === `${prefix}${host}`
      ? providerReply(host, ['sts.amazonaws.com', 'b'])
      : undefined
  )
  t.match(await there.source.readProvider(question, shop()), {
    state: 'known',
    value: { registered: true, arn: `${prefix}${host}`, clientIds: ['sts.amazonaws.com', 'b'] },
    readAt: Date
  })
  const empty = await start(t, ({ action }) =>
    action === 'GetOpenIDConnectProvider' ? providerReply(host, []) : undefined
  )
  t.match(await empty.source.readProvider(question, shop()), {
    state: 'known',
    value: { registered: true, clientIds: [] }
  })

  const near = await start(t, ({ action }) =>
    action === 'ListOpenIDConnectProviders'
      ? providersReply([`${prefix}${host}/`, `${prefix}example.com`])
      : undefined
  )
  t.match(await near.source.readProvider(question, shop()), {
    state: 'known',
    value: { registered: false, arn: `${prefix}${host}`, similar: [`${prefix}${host}/`] }
  })
  const blind = await start(t, ({ action }) =>
    action === 'ListOpenIDConnectProviders' ? errorReply(403, 'AccessDenied') : undefined
  )
  t.match(await blind.source.readProvider(question, shop()), {
    state: 'known',
    value: { registered: false, similar: [] }
  })

  let asked = 0
  const young = await start(t, ({ action }) => {
    if (action === 'ListOpenIDConnectProviders') return providersReply([`${prefix}${host}`])
    if (action === 'GetOpenIDConnectProvider') return ++asked === 1 ? absentReply : providerReply(host, ['a'])
    return
  })
  t.match(
    await young.source.readProvider(question, shop()),
    { state: 'known', value: { registered: true } },
    'listed already'
  )
  const odd = await start(t, ({ action }) =>
    action === 'GetOpenIDConnectProvider' ? { body: '<html/>' } : undefined
  )
  t.match(await odd.source.readProvider(question, shop()), { state: 'unknown' })
  const refused = await start(t, ({ action }) =>
    action === 'GetOpenIDConnectProvider' ? errorReply(403, 'AccessDenied') : undefined
  )
  t.match(await refused.source.readProvider(question, shop()), {
    state: 'unknown',
    because: /^IAM denied iam:GetOpenIDConnectProvider \(AccessDenied\)/
  })
  t.match(await odd.source.readProvider({ ...question, issuer: 'oidc.example' }, shop()), {
    state: 'unknown',
    because: /not an https URL/
  })
})

t.test('is asked for a role of 5,000 service accounts once', async (t) => {
  const { iam, source } = await start(
    t,
    ({ action }) => (action === 'GetRole' ? roleReply(arnOf('cart').text) : undefined),
    {
      requestsPerSecond: 5
    }
  )
  const facts = await Promise.all(
    Array.from({ length: 5000 }, (_, i) =>
      source.readRole(arnOf('cart'), {
        namespace: `namespace-${i % 50}`,
        deadline: { signal: AbortSignal.timeout(5000) }
      })
    )
  )
  t.equal(facts.filter(({ state }) => state === 'known').length, 5000)
  t.strictSame(iam.actions, ['GetCallerIdentity', 'GetRole'])
})

t.test('spends no more than its rate on 5,000 invented ARNs, and a real one gets its answer', async (t) => {
  const { iam, source } = await start(
    t,
    ({ action, parameters }) =>
      action === 'GetRole' && parameters.get('RoleName') === 'cart'
        ? roleReply(arnOf('cart').text)
        : undefined,
    { requestsPerSecond: 5 }
  )
  const before = performance.now()
  const invented = Array.from({ length: 5000 }, (_, i) =>
    source.readRole(arnOf(`invented-${i}`), {
      namespace: 'greedy',
      deadline: { signal: AbortSignal.timeout(2000) }
    })
  )
  const real = await source.readRole(arnOf('cart'), shop(2000))
  const waited = performance.now() - before
  t.match(real, { state: 'known', value: { exists: true } })
  const facts = await Promise.all(invented)
  const seconds = (performance.now() - before) / 1000
  const requests = iam.actions.filter((action) => action === 'GetRole').length
  t.ok(requests <= 5 + 5 * seconds, `${requests} requests in ${seconds} s`)
  t.ok(requests >= 5 + 5 * 1.5, 'and no less either')
  t.equal(facts.filter(({ state }) => state === 'unknown').length > 4980, true)
  t.match(facts[4999], {
    state: 'unknown',
    because: 'the limit of 5 IAM requests per second has been reached'
  })
  t.comment(`the real one waited ${Math.round(waited)} ms`)
})
