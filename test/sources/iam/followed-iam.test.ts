import t from 'tap'
import type { IamSource, Lookup, ProviderLookup, RoleLookup } from '../../../src/facts/facts.js'
import { noDeadline } from '../../../src/model/deadline.js'
import { type Fact, known, unknown } from '../../../src/model/fact.js'
import { parseRoleArn, type RoleArn } from '../../../src/model/role-arn.js'
import { buildFollowedIam } from '../../../src/sources/iam/followed-iam.js'
import { buildHandClock } from '../../support/hand-clock.js'

const minute = 60_000
const arn = (name: string): RoleArn => parseRoleArn(`arn:aws:iam::111122223333:role/${name}`) as RoleArn // it is valid
const by = (namespace: string): Lookup => ({ namespace, deadline: noDeadline })
const provider = { account: '111122223333', partition: 'aws', issuer: 'https://oidc.example.com/a' }

function start() {
  const clock = buildHandClock()
  const roles = new Map<string, Fact<RoleLookup>>()
  const asked: string[] = []
  const changed: string[][] = []
  const iam = buildFollowedIam({
    clock,
    maxAge: 15 * minute,
    onChange: (namespaces) => changed.push([...namespaces]),
    build: (onFailure): IamSource => ({
      readRole: async (of, { fresh }) => {
        asked.push(`${of.name}${fresh === true ? ' fresh' : ''}`)
        const fact = roles.get(of.name) ?? known<RoleLookup>({ exists: false }, new Date(clock.now()))
        if (fact.state === 'unknown') onFailure({ kind: 'refused', because: fact.because }, of)
        return fact
      },
      readProvider: async () => known<ProviderLookup>({ registered: true, arn: 'p', clientIds: [] })
    })
  })
  t.teardown(() => iam.stop())

  return { clock, roles, asked, changed, iam }
}
const existing = (at: number): Fact<RoleLookup> => known({ exists: true, arn: 'x' }, new Date(at))

t.test('answers at once, reads in the background, and reports what changed to those who asked', async (t) => {
  const { clock, roles, asked, changed, iam } = start()
  t.match(iam.readRole(arn('cart'), by('shop')), { state: 'unknown', because: /has not read it yet/ })
  t.strictSame(asked, [], 'nothing is read before the start')
  iam.start()
  await clock.pass(0)
  t.match(iam.readRole(arn('cart'), by('pay')), { state: 'known', value: { exists: false } })
  t.strictSame(changed, [['shop']])

  await clock.pass(12 * minute)
  t.strictSame(asked, ['cart fresh', 'cart fresh'], 'it was read again')
  t.equal(changed.length, 1, 'the same answer is no change')
  roles.set('cart', existing(clock.now()))
  await clock.pass(12 * minute)
  t.strictSame(changed.at(-1), ['shop', 'pay'])
  t.match(iam.readRole(arn('cart'), by('shop')), { value: { exists: true } })
  t.ok((iam.oldestRead()?.getTime() ?? 0) >= clock.now() - 15 * minute)
})

t.test('each of 500 roles is read at least every 15 minutes', async (t) => {
  const { clock, asked, iam } = start()
  const names = Array.from({ length: 500 }, (_, index) => `role-${index}`)
  iam.start()
  for (const name of names) iam.readRole(arn(name), by('shop'))
  await clock.pass(15 * minute)
  await clock.pass(15 * minute)
  const counts = names.map((name) => asked.filter((each) => each === `${name} fresh`).length)
  t.ok(
    counts.every((count) => count === 3),
    `read ${Math.min(...counts)} to ${Math.max(...counts)} times`
  )
})

t.test('the last answer is used while AWS refuses, for an hour', async (t) => {
  const { clock, roles, changed, iam } = start()
  roles.set('cart', existing(clock.now()))
  iam.start()
  iam.readRole(arn('cart'), by('shop'))
  await clock.pass(0)
  roles.set('cart', unknown('IAM denied iam:GetRole'))
  await clock.pass(59 * minute)
  t.match(iam.readRole(arn('cart'), by('shop')), { state: 'known', value: { exists: true } })
  t.equal(changed.length, 1)
  await clock.pass(2 * minute)
  t.match(iam.readRole(arn('cart'), by('shop')), { state: 'unknown', because: 'IAM denied iam:GetRole' })
  roles.set('cart', existing(clock.now()))
  await clock.pass(10 * minute)
  t.equal(changed.length, 2, 'the answer is back')
})

t.test('forgets what no question is about any more', async (t) => {
  const { clock, asked, iam } = start()
  iam.start()
  iam.readRole(arn('old'), by('shop'))
  iam.readRole(arn('cart'), by('shop'))
  await clock.pass(0)
  iam.forgetUnasked()
  iam.readRole(arn('cart'), by('shop'))
  iam.forgetUnasked()
  await clock.pass(13 * minute)
  t.strictSame(asked, ['old fresh', 'cart fresh', 'cart fresh'])
})

t.test('reads providers, but none with an issuer that AWS cannot have', async (t) => {
  const { clock, iam } = start()
  iam.start()
  iam.start()
  iam.readProvider(provider, by('shop'))
  await clock.pass(0)
  t.match(iam.readProvider(provider, by('shop')), { value: { registered: true } })
  t.match(iam.readProvider({ ...provider, issuer: 'http://a' }, by('shop')), { state: 'unknown' })
})
