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

t.test('while AWS refuses requests, the last answer is used for an hour', async (t) => {
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

t.test('what a change names is read again soon', async (t) => {
  const { clock, roles, asked, changed, iam } = start()
  const role = (name: string, at = clock.now(), account = '111122223333') =>
    iam.noteChange({ kind: 'role', account, name, at })
  t.equal(role('cart'), 'unrelated')
  iam.readRole(arn('team/Cart'), by('shop'))
  t.equal(role('cart', clock.now() - minute), 'outdated', 'it is read anyway')
  iam.start()
  await clock.pass(minute)
  t.strictSame(asked, ['Cart fresh'])

  t.equal(role('cart', clock.now(), '444455556666'), 'unrelated')
  t.equal(role('web'), 'unrelated')
  t.equal(role('CART'), 'used', 'IAM does not distinguish case')
  t.equal(role('cart'), 'duplicate')
  t.equal(role('cart', clock.now() - 10_000), 'duplicate', 'out of order')
  roles.set('Cart', existing(clock.now() + 6_000))
  await clock.pass(7_000)
  t.strictSame(asked, ['Cart fresh', 'Cart fresh'])
  t.equal(changed.length, 2, 'and its namespaces are judged again')
  await clock.pass(minute)
  t.equal(role('cart', clock.now() - 2 * minute), 'outdated')
  t.equal(asked.length, 2)

  iam.forgetUnasked()
  iam.forgetUnasked()
  t.equal(role('cart'), 'unrelated', 'no question is about it any more')
})

t.test('a change names one provider of an account, or none', async (t) => {
  const { clock, iam } = start()
  const change = (issuer: string | undefined) =>
    iam.noteChange({ kind: 'provider', account: provider.account, issuer, at: clock.now() })
  iam.readProvider(provider, by('shop'))
  iam.readProvider({ ...provider, issuer: 'https://oidc.example.com/b' }, by('shop'))
  iam.start()
  await clock.pass(minute)
  t.equal(change('token.actions.githubusercontent.com'), 'unrelated')
  t.equal(change('OIDC.example.com/a'), 'used')
  t.equal(change('oidc.example.com/a'), 'duplicate')
  t.equal(change(undefined), 'used', 'the other one')
  t.equal(change(undefined), 'duplicate')
})

t.test('a million changes of one role cause one read each five seconds', async (t) => {
  const { clock, asked, iam } = start()
  iam.readRole(arn('cart'), by('shop'))
  iam.start()
  await clock.pass(minute)
  for (let second = 0; second < 100; second++) {
    for (let index = 0; index < 10_000; index++)
      iam.noteChange({ kind: 'role', account: '111122223333', name: 'cart', at: clock.now() })
    await clock.pass(1000)
  }
  t.ok(asked.length >= 15 && asked.length <= 22, `${asked.length} reads in 100 seconds`)
})
