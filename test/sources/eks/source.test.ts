import { setImmediate as turn } from 'node:timers/promises'
import t, { type Test } from 'tap'
import type { Lookup } from '../../../src/facts/facts.js'
import { parseClusterArn } from '../../../src/model/cluster-arn.js'
import type { EksReader } from '../../../src/sources/eks/reader.js'
import { buildEksSource, type EksSourceOptions } from '../../../src/sources/eks/source.js'
import {
  eksAssociation,
  eksError,
  type EksReply,
  type EksRequest,
  type FakeEks,
  notFound,
  startFakeEks
} from '../../support/fake-eks.js'
import { buildHandClock, type HandClock } from '../../support/hand-clock.js'

const arn = 'arn:aws:eks:eu-west-1:111122223333:cluster/prod'
const cluster = parseClusterArn(arn)
if (cluster === undefined) throw new Error(arn)
const ask = (more: Partial<Lookup> = {}): Lookup => ({
  namespace: 'shop',
  deadline: { signal: AbortSignal.timeout(10_000) },
  ...more
})
const fresh = (): Lookup => ask({ fresh: true })
const accountOf = (name: string): { namespace: string; name: string } => ({ namespace: 'shop', name })
const [cart, mail] = [accountOf('cart'), accountOf('mail')]
const minute = 60_000

for (const name of Object.keys(process.env))
  if (name.startsWith('AWS_')) Reflect.deleteProperty(process.env, name)
Object.assign(process.env, {
  AWS_ACCESS_KEY_ID: 'AKIAOWN',
  AWS_SECRET_ACCESS_KEY: 's',
  AWS_EC2_METADATA_DISABLED: 'true',
  AWS_CONFIG_FILE: '/nonexistent',
  AWS_SHARED_CREDENTIALS_FILE: '/nonexistent'
})

interface Started {
  readonly eks: FakeEks
  readonly source: EksReader
  readonly clock: HandClock
  readonly results: string[]
  /** Moves the clock on in small steps, and lets the requests of each step end. */
  readonly pass: (milliseconds: number, step?: number) => Promise<void>
}

/** A source in front of a server with one association for each name. */
async function start(
  t: Test,
  {
    names = [],
    answer,
    account,
    ...options
  }: Partial<EksSourceOptions> & {
    names?: readonly string[]
    answer?: (request: EksRequest) => EksReply | Promise<EksReply> | undefined
    account?: string
  }
): Promise<Started> {
  const eks = await startFakeEks(answer, account)
  for (const [index, name] of names.entries()) {
    const association = eksAssociation(`a-${index}`, name)
    eks.associations.set(association.associationId, association)
  }
  process.env['AWS_ENDPOINT_URL'] = eks.url
  const clock = buildHandClock()
  const results: string[] = []
  const source = buildEksSource({
    cluster: cluster as NonNullable<typeof cluster>,
    clock,
    requestsPerSecond: 1000,
    onRequest: (operation, result) => results.push(`${operation} ${result}`),
    ...options
  })
  t.teardown(async () => {
    source.stop()
    await clock.pass(2000)
    await eks.close()
  })

  return {
    eks,
    source,
    clock,
    results,
    pass: async (milliseconds, step = 1000) => {
      for (let passed = 0; passed < milliseconds; passed += step) {
        await clock.pass(Math.min(step, milliseconds - passed))
        for (let quiet = 0; quiet < 5;) {
          const before = results.length + eks.operations.length
          await turn()
          quiet = eks.open() === 0 && results.length + eks.operations.length === before ? quiet + 1 : 0
        }
      }
    }
  }
}

const count = (eks: FakeEks, operation: string): number =>
  eks.operations.filter((each) => each.startsWith(operation)).length

t.test('tells of each account whether it has an association, and which', async (t) => {
  const { eks, source, results } = await start(t, {})
  eks.associations.set(
    'a-1',
    eksAssociation('a-1', 'cart', {
      ...{ targetRoleArn: 'arn:aws:iam::444455556666:role/data', externalId: 'x', policy: '{}' },
      ...{ disableSessionTags: true, ownerArn: 'arn:aws:eks:eu-west-1:111122223333:addon/prod/a/1' }
    })
  )
  t.match(await source.findAssociation(cart, ask()), {
    state: 'known',
    value: { exists: true, since: new Date('2026-11-01T00:00:00Z') },
    readAt: Date
  })
  t.match(await source.findAssociation(mail, ask()), {
    state: 'known',
    value: { exists: false },
    readAt: Date
  })
  t.strictSame(await source.readAssociation(cart, ask()), {
    state: 'known',
    value: {
      ...{ clusterName: 'prod', namespace: 'shop', serviceAccount: 'cart' },
      ...{
        roleArn: 'arn:aws:iam::111122223333:role/cart',
        targetRoleArn: 'arn:aws:iam::444455556666:role/data'
      },
      ...{ externalId: 'x', disableSessionTags: true, policy: '{}' },
      ownerArn: 'arn:aws:eks:eu-west-1:111122223333:addon/prod/a/1',
      modifiedAt: new Date('2026-11-02T00:00:00Z')
    },
    readAt: new Date('2026-11-24T00:00:00Z')
  })
  t.match(await source.readAssociation(mail, ask()), { state: 'moot' })
  t.strictSame(results, ['ListPodIdentityAssociations found', 'DescribePodIdentityAssociation found'])
  t.equal(source.trouble(), undefined)
})

t.test('5,000 associations: 50 lists in a round, and each one described again within an hour', async (t) => {
  const names = Array.from({ length: 5000 }, (_, index) => `account-${index}`)
  const described = new Map<string, number>()
  let longest = 0
  const { eks, source, pass, clock } = await start(t, {
    names,
    requestsPerSecond: 3,
    answer: ({ id }) => {
      if (id === '') return undefined
      const before = described.get(id)
      if (before !== undefined) longest = Math.max(longest, clock.now() - before)
      described.set(id, clock.now())
      return undefined
    }
  })
  source.start()
  source.start() // a second start changes nothing
  await pass(minute)
  t.equal(count(eks, 'List'), 50)
  await pass(30 * minute)
  t.equal(described.size, 5000, 'new ones are described at once')
  const [lists, all] = [count(eks, 'List'), eks.operations.length]
  t.equal(lists, 350)
  t.ok(all <= 3 * (60 + 30 * 60) + 3, `${all} requests are within the budget`)
  await pass(65 * minute)
  t.equal(count(eks, 'List') - lists, 650)
  t.ok(longest > 44 * minute && longest <= 60 * minute, `${longest / minute} minutes`)
  const oldest = Math.min(...described.values())
  t.ok(clock.now() - oldest <= 60 * minute, 'none is older than an hour')
  t.ok(count(eks, 'Describe') < 13_500, `${count(eks, 'Describe')} descriptions`)
})

t.test('lists show what came and went; a list that fails or ends early removes nothing', async (t) => {
  let fails = false
  const { eks, source, pass } = await start(t, {
    names: Array.from({ length: 150 }, (_, index) => `account-${index}`),
    answer: ({ query }) => (fails && query.has('nextToken') ? eksError(400, 'ServerException') : undefined)
  })
  const [first, last] = [accountOf('account-0'), accountOf('account-149')]
  source.start()
  await pass(10_000)
  eks.associations.delete('a-0')
  eks.associations.delete('a-149')
  eks.associations.set('new', eksAssociation('new', 'mail'))
  t.match(await source.findAssociation(first, ask()), { value: { exists: true } }, 'not seen yet')
  await pass(5 * minute)
  t.match(await source.findAssociation(first, ask()), { value: { exists: false } })
  t.match(await source.findAssociation(mail, ask()), { value: { exists: true } })

  fails = true
  eks.associations.delete('a-1')
  await pass(9 * minute)
  t.match(
    source.trouble(),
    /^EKS gave no usable answer to eks:ListPodIdentityAssociations \(ServerException\)/
  )
  t.match(await source.findAssociation(accountOf('account-1'), ask()), { value: { exists: true } })
  t.match(await source.findAssociation(last, ask()), { value: { exists: false } }, 'within two rounds')
  await pass(2 * minute)
  t.match(await source.findAssociation(last, ask()), { state: 'unknown', because: /ServerException/ })
  t.match(await source.readAssociation(last, ask()), { state: 'unknown', because: /ServerException/ })
  fails = false
  await pass(6 * minute)
  t.match(await source.findAssociation(last, ask()), { value: { exists: false } })
  t.match(await source.findAssociation(accountOf('account-1'), ask()), { value: { exists: false } })
  t.equal(source.trouble(), undefined)
})

t.test('an association that EKS cannot confirm for an hour is unknown', async (t) => {
  let fails = false
  const { source, pass } = await start(t, {
    names: ['cart'],
    answer: () => (fails ? eksError(403, 'AccessDeniedException') : undefined)
  })
  await source.findAssociation(cart, ask())
  fails = true
  await pass(59 * minute, 10 * minute)
  t.match(await source.findAssociation(cart, ask()), { value: { exists: true } })
  t.match(await source.readAssociation(cart, ask()), { state: 'known' })
  await pass(2 * minute)
  for (const fact of [await source.findAssociation(cart, ask()), await source.readAssociation(cart, ask())])
    t.match(fact, { state: 'unknown', because: /^EKS denied eks:(List|Describe)PodIdentityAssociation/ })
})

t.test('reads again at once what a denial rests on', async (t) => {
  const { eks, source, clock } = await start(t, { names: ['cart'] })
  const role = 'arn:aws:iam::111122223333:role/new'
  await source.readAssociation(cart, ask())
  eks.associations.set('a-0', eksAssociation('a-0', 'cart', { roleArn: role }))
  t.match(await source.readAssociation(cart, fresh()), { value: { roleArn: /role\/cart$/ } }, 'just read')
  await clock.pass(11_000)
  t.match(await source.readAssociation(cart, ask()), { value: { roleArn: /role\/cart$/ } })
  t.match(await source.readAssociation(cart, fresh()), { value: { roleArn: role } })
  t.match(await source.findAssociation(cart, fresh()), { value: { exists: true } })
  t.equal(count(eks, 'Describe'), 2)

  t.equal(count(eks, 'List'), 1)
  t.match(await source.findAssociation(mail, ask()), { value: { exists: false } })
  eks.associations.set('a-1', eksAssociation('a-1', 'mail'))
  const both = await Promise.all([
    source.findAssociation(mail, fresh()),
    source.findAssociation(mail, fresh()),
    source.readAssociation(mail, fresh())
  ])
  t.match(both, [{ value: { exists: true } }, { value: { exists: true } }, { state: 'known' }])
  t.equal(count(eks, 'List'), 2, 'one list of this account for all of them')
  t.match(await source.findAssociation(accountOf('none'), fresh()), { value: { exists: false } })
  t.match(await source.readAssociation(accountOf('none'), fresh()), { state: 'moot' })
  t.equal(count(eks, 'List'), 3, 'that there is none holds for ten seconds')
})

t.test('an association that is deleted, or deleted and created again', async (t) => {
  const { eks, source, clock } = await start(t, { names: ['cart', 'mail', 'web'] })
  t.match(await source.findAssociation(accountOf('x'), ask()), { value: { exists: false } })
  eks.associations.clear()
  eks.associations.set('a-9', eksAssociation('a-9', 'mail'))
  t.match(await source.readAssociation(cart, ask()), { state: 'moot' }, 'deleted while it is described')
  t.match(await source.findAssociation(cart, ask()), { value: { exists: false } })
  await clock.pass(11_000)
  t.match(await source.findAssociation(mail, fresh()), { value: { exists: true } }, 'with another ID')
  t.match(await source.readAssociation(mail, ask()), { state: 'known' })
  t.match(await source.findAssociation(accountOf('web'), fresh()), { value: { exists: false } })
})

t.test('what a change names is described or listed again soon', async (t) => {
  const changed: (string | undefined)[] = []
  const { eks, source, clock, pass } = await start(t, {
    names: ['cart', 'mail', 'web'],
    onChange: (namespace) => changed.push(namespace)
  })
  const change = (id: string | undefined, at = clock.now()): string => source.noteChange({ id, at })
  const roleOf = async (name: string): Promise<unknown> => {
    const fact = await source.readAssociation(accountOf(name), ask())
    return fact.state === 'known' ? fact.value.roleArn : fact.state
  }
  t.equal(change('a-0', clock.now() - minute), 'outdated', 'it is read anyway')
  source.start()
  await pass(minute)
  const other = 'arn:aws:iam::111122223333:role/other'
  eks.associations.set('a-1', eksAssociation('a-1', 'mail', { roleArn: other }))
  eks.associations.delete('a-2')
  changed.length = 0
  const before = eks.operations.length
  t.equal(change('a-1'), 'used')
  t.equal(change('a-1'), 'duplicate')
  t.equal(change('a-1', clock.now() - 10_000), 'duplicate', 'out of order')
  t.equal(change('a-2'), 'used')
  await pass(4_000)
  t.equal(eks.operations.length, before, 'the changes settle first')
  await pass(3_000)
  t.equal(eks.operations.length, before + 2)
  t.equal(await roleOf('mail'), other)
  t.equal(await roleOf('web'), 'moot', 'it was deleted')
  t.strictSame(changed, ['shop', 'shop'])
  t.equal(change('a-1', clock.now() - minute), 'outdated')

  eks.associations.set('new', eksAssociation('new', 'new'))
  t.equal(change('new'), 'used')
  t.equal(change(undefined), 'duplicate', 'the list shows every new one')
  const lists = count(eks, 'List')
  await pass(7_000)
  t.match(await roleOf('new'), /^arn:/)
  t.equal(count(eks, 'List'), lists + 1)
  t.equal(change('gone', clock.now() - minute), 'outdated', 'it was listed since')
})

t.test('an association that changes while it is described is described again', async (t) => {
  const { eks, source, clock, pass } = await start(t, { names: ['cart'] })
  await source.findAssociation(mail, ask()) // lists cart, which waits for its description
  t.equal(source.noteChange({ id: 'a-0', at: clock.now() }), 'used')
  source.start()
  await pass(2_000)
  t.equal(count(eks, 'Describe'), 1)
  await pass(5_000)
  t.equal(count(eks, 'Describe'), 2)
  await pass(10_000)
  t.equal(count(eks, 'Describe'), 2)
})

t.test('a flood of changes neither spends more than the limit nor stops the reading by age', async (t) => {
  const names = Array.from({ length: 60 }, (_, index) => `account-${index}`)
  const described = new Set<string>()
  const { eks, source, clock, pass } = await start(t, {
    names,
    requestsPerSecond: 1,
    maxAge: 2 * minute,
    answer: ({ id }) => {
      described.add(id)
      return undefined
    }
  })
  source.start()
  await pass(2 * minute)
  eks.operations.length = 0
  described.clear()
  for (let passed = 0; passed < 4 * minute; passed += 1000) {
    for (let index = 0; index < 30; index++) source.noteChange({ id: `a-${index}`, at: clock.now() })
    for (let index = 0; index < 100; index++) source.noteChange({ id: `x-${index}`, at: clock.now() })
    await pass(1000)
  }
  t.ok(eks.operations.length <= 4 * 60 + 1, `${eks.operations.length} requests in four minutes`)
  t.ok(count(eks, 'List') <= 9, `${count(eks, 'List')} lists`)
  const quiet = names.flatMap((_, index) => (index < 30 || described.has(`a-${index}`) ? [] : [index]))
  t.strictSame(quiet, [], 'each of the others was described, too')
})

t.test('a failure makes facts unknown, with the reason', async (t) => {
  const foreign = (associationArn: string): EksReply => ({
    body: { associations: [{ ...eksAssociation('a-0', 'cart'), associationArn }], nextToken: null }
  })
  const other = 'podidentityassociation/prod/a-0'
  const table: readonly (readonly [string, EksReply, RegExp])[] = [
    [
      'refused',
      eksError(403, 'AccessDeniedException'),
      /^EKS denied eks:ListPodIdentityAssociations \(AccessDeniedException\); allow this action for irsa-guard's role$/
    ],
    [
      'throttled',
      eksError(429, 'TooManyRequestsException'),
      /^EKS throttled eks:ListPodIdentityAssociations/
    ],
    [
      'no such cluster',
      notFound,
      /^EKS has no cluster prod in region eu-west-1 of account 111122223333; check the cluster's ARN$/
    ],
    [
      'fails',
      eksError(500, 'ServerException'),
      /^EKS answered eks:ListPodIdentityAssociations with HTTP 500$/
    ],
    ['hangs', 'hang', /^EKS did not answer eks:ListPodIdentityAssociations in time$/],
    ['resets', 'reset', /^EKS is not reachable for eks:ListPodIdentityAssociations/],
    ["a proxy's page", { body: '<html>' }, /^EKS gave no usable answer/],
    ['without a list', { body: {} }, /without the requested data; check for a proxy in between$/],
    ['without fields', { body: { associations: [{}] } }, /without the requested data/],
    [
      'the endpoint of another region',
      foreign(`arn:aws:eks:us-east-1:111122223333:${other}`),
      /^EKS answered eks:ListPodIdentityAssociations for cluster arn:aws:eks:eu-west-1:111122223333:cluster\/prod with association "arn:aws:eks:us-east-1:.*" of another cluster; check/
    ],
    [
      'a cluster of that name in another account',
      foreign(`arn:aws:eks:eu-west-1:444455556666:${other}`),
      /444455556666/
    ],
    ['no ARN', foreign(''), /with association "" of another cluster/],
    ['the same page again and again', { body: { associations: [], nextToken: 'x' } }, /did not end the list/]
  ]
  for (const [name, reply, because] of table) {
    const failures: string[] = []
    const { source } = await start(t, {
      answer: () => reply,
      onFailure: ({ because }) => failures.push(because)
    })
    for (const fact of [
      await source.findAssociation(cart, ask()),
      await source.readAssociation(cart, ask())
    ]) {
      t.match(fact, { state: 'unknown', because }, name)
      t.notMatch(fact, { because: /secret/ })
    }
    t.match(failures, [because])
  }
})

t.test('an account that is not the one of the credentials is never asked', async (t) => {
  const { eks, source } = await start(t, { names: ['cart'], account: '444455556666' })
  t.match(await source.findAssociation(cart, ask()), {
    state: 'unknown',
    because: /^account 111122223333 differs from that of irsa-guard's credentials \(444455556666\)/
  })
  t.strictSame(eks.operations, [])
  t.throws(() => buildEksSource({ cluster, accounts: [{ account: '1', roleArn: 'x' }] }), {
    code: 'ERR_CONFIG'
  })
})

t.test('a request is signed for the region of the cluster', async (t) => {
  const regions: string[] = []
  const { source } = await start(t, {
    names: ['cart'],
    answer: ({ region, cluster, query, operation }) => {
      regions.push(region)
      t.equal(cluster, 'prod')
      if (operation.startsWith('List')) t.equal(query.get('maxResults'), '100')
      return undefined
    }
  })
  await source.readAssociation(cart, ask())
  t.strictSame(regions, ['eu-west-1', 'eu-west-1'])
})

t.test('a Describe that never answers, or answers with something else', async (t) => {
  let reply: EksReply | undefined = 'hang'
  const { eks, source, clock } = await start(t, {
    names: ['cart', 'mail'],
    answer: ({ id }) => (id === 'a-0' ? reply : undefined)
  })
  await source.findAssociation(accountOf('x'), ask())
  const soon = new AbortController()
  const waiting = source.readAssociation(cart, ask({ deadline: soon }))
  await turn()
  soon.abort()
  t.match(await waiting, { state: 'unknown', because: /did not answer before the deadline/ })
  t.match(await source.readAssociation(cart, ask()), {
    state: 'unknown',
    because: 'EKS did not answer eks:DescribePodIdentityAssociation in time'
  })
  t.match(await source.readAssociation(mail, ask()), { state: 'known' }, 'the others are not affected')
  const asked = count(eks, 'Describe')
  t.match(await source.readAssociation(cart, ask()), { state: 'unknown' })
  t.equal(count(eks, 'Describe'), asked, 'not asked again for ten seconds')
  for (const body of [
    { association: eksAssociation('a-0', 'another') },
    { association: { ...eksAssociation('a-0', 'cart'), roleArn: null } },
    { association: eksAssociation('a-0', 'cart', { associationArn: 'arn:aws:eks:eu-west-1:1:x' }) }
  ]) {
    reply = { body }
    await clock.pass(5 * minute)
    t.match(await source.readAssociation(cart, fresh()), {
      state: 'unknown',
      because: /without the requested data|of another cluster/
    })
  }
})

t.test('the breaker: throttled calls are repeated less and less often', async (t) => {
  const { eks, source, pass } = await start(t, {
    names: ['cart'],
    answer: ({ operation }) =>
      operation.startsWith('List') ? undefined : eksError(429, 'TooManyRequestsException')
  })
  source.start()
  await pass(5000)
  t.equal(count(eks, 'Describe'), 1)
  t.match(await source.readAssociation(cart, ask()), { state: 'unknown', because: /^EKS throttled/ })
  await pass(12 * minute)
  t.ok(count(eks, 'Describe') < 15, `${count(eks, 'Describe')} calls`)
  eks.operations.length = 0
  const others = await Promise.all([1, 2, 3].map(async () => source.readAssociation(cart, fresh())))
  t.match(others, [{ state: 'unknown' }, { state: 'unknown' }, { state: 'unknown' }])
  t.equal(count(eks, 'Describe'), 0, 'a caller is told at once')
})

t.test('the budget: who cannot have a turn before the deadline is told so', async (t) => {
  const { source, clock } = await start(t, { names: ['cart', 'mail', 'web'], requestsPerSecond: 1 })
  const soon = new AbortController()
  const found = source.findAssociation(accountOf('x'), ask())
  await clock.pass(1000)
  await found
  const late = Promise.all([
    source.readAssociation(cart, ask()),
    source.readAssociation(mail, ask({ deadline: soon })),
    source.findAssociation(accountOf('x'), ask())
  ])
  await turn()
  soon.abort()
  t.match(await late, [
    { state: 'known' },
    { state: 'unknown', because: 'the limit of 1 EKS requests per second has been reached' },
    { value: { exists: false } }
  ])
  await clock.pass(11_000)
  const waits = new AbortController()
  const again = source.findAssociation(accountOf('x'), ask({ fresh: true, deadline: waits }))
  const more = source.findAssociation(accountOf('y'), ask({ fresh: true, deadline: waits }))
  await turn()
  waits.abort()
  t.match(await more, { state: 'unknown', because: /has been reached/ })
  await again
})
