import fc from 'fast-check'
import t from 'tap'
import { contextOf, type KeyState, type RequestContext } from '../../src/trust-policy/context.js'
import { evaluatePolicy, webIdentityCall } from '../../src/trust-policy/evaluate.js'
import { askedOf, judgeTrust } from '../../src/trust-policy/judge.js'
import { parsePolicy, type Policy } from '../../src/trust-policy/policy.js'
import { suggestTrust } from '../../src/trust-policy/suggest.js'
import { account, host, provider, question } from '../support/trust.js'

const other = 'oidc.eks.eu-west-1.amazonaws.com/id/OTHERD539D4633E53DE1B71OTHEREXAM'
const providerOf = (issuer: string): string => `arn:aws:iam::${account}:oidc-provider/${issuer}`
const at = new Date('2026-11-24T00:00:00Z')

const subjects = ['shop:cart', 'shop:web', 'default:cart', 'prod-1:cart', 'a:b'].map(
  (name) => `system:serviceaccount:${name}`
)
const audiences = ['sts.amazonaws.com', 'team']
const patterns = [
  ...subjects,
  'system:serviceaccount:shop:*',
  'system:serviceaccount:*:cart',
  '*',
  'system:serviceaccount:prod-?:*',
  'shop/cart',
  ' system:serviceaccount:shop:cart',
  `\${${host}:sub}`
]

const operator = fc
  .tuple(
    fc.constantFrom('', '', '', 'ForAllValues:', 'ForAnyValue:'),
    fc.constantFrom(
      'StringEquals',
      'StringEquals',
      'StringLike',
      'StringNotEquals',
      'StringNotLike',
      'StringEqualsIgnoreCase'
    ),
    fc.constantFrom('', '', '', 'IfExists')
  )
  .map((parts) => parts.join(''))
const claimed = (key: string): fc.Arbitrary<[string, unknown]> =>
  fc.tuple(fc.constant(key), key.endsWith(':aud') ? some(audiences) : some(patterns))
const some = (values: readonly string[]): fc.Arbitrary<unknown> =>
  fc.oneof(
    fc.constantFrom(...values),
    fc.uniqueArray(fc.constantFrom(...values), { minLength: 1, maxLength: 3 })
  )
const onClaims = fc
  .tuple(
    operator,
    fc
      .constantFrom(
        `${host}:sub`,
        `${host}:sub`,
        `${host}:aud`,
        `${other}:sub`,
        `${provider}:sub`,
        `${host}/:sub`
      )
      .chain(claimed)
  )
  .map(([name, [key, value]]) => [name, { [key]: value }] as const)
const atRunTime = fc.constantFrom(
  ['IpAddress', { 'aws:SourceIp': ['10.0.0.0/8', '2001:db8::/32'] }] as const,
  ['NotIpAddress', { 'aws:SourceIp': '10.0.0.0/8' }] as const,
  ['StringLike', { 'sts:RoleSessionName': '*' }] as const,
  ['StringEqualsIfExists', { 'aws:SourceVpce': 'vpce-1' }] as const,
  ['Null', { 'aws:SourceVpce': 'true' }] as const,
  ['StringNotLike', { 'aws:UserAgent': 'aws-*' }] as const,
  ['DateLessThan', { 'aws:CurrentTime': '2030-01-01T00:00:00Z' }] as const,
  ['DateGreaterThan', { 'aws:CurrentTime': '2020-01-01T00:00:00Z' }] as const,
  ['NumericLessThan', { 'aws:EpochTime': '1577836800' }] as const,
  ['StringNotEquals', { 'aws:PrincipalOrgID': 'o-1' }] as const,
  ['Bool', { 'aws:SecureTransport': true }] as const
)
const condition = fc
  .array(fc.oneof({ weight: 3, arbitrary: onClaims }, { weight: 1, arbitrary: atRunTime }), { maxLength: 3 })
  .map(Object.fromEntries)
const statement = fc.record({
  Effect: fc.constantFrom('Allow', 'Allow', 'Allow', 'Deny'),
  Principal: fc.record({
    Federated: fc.oneof(
      { weight: 4, arbitrary: fc.constant(provider) },
      {
        weight: 1,
        arbitrary: fc.constantFrom(providerOf(other), `${provider}/`, [provider, providerOf(other)], '*')
      }
    )
  }),
  Action: fc.constantFrom(
    'sts:AssumeRoleWithWebIdentity',
    'sts:AssumeRoleWithWebIdentity',
    'sts:*',
    'sts:AssumeRole'
  ),
  Condition: condition
})
type StatementJson = Readonly<Record<string, unknown>>
const statements: fc.Arbitrary<StatementJson[]> = fc.array(statement, { minLength: 1, maxLength: 4 })
const policyOf = (list: readonly unknown[]): { Version: string; Statement: readonly unknown[] } => ({
  Version: '2012-10-17',
  Statement: list
})
const judge = (document: unknown): ReturnType<typeof judgeTrust> => judgeTrust(question(document, { at }))

const check = (property: fc.IRawProperty<unknown, false>, runs = 1000): void =>
  fc.assert(property, { numRuns: runs, seed: 20261124 })

t.test('one more Deny never turns denied into allowed', async () => {
  check(
    fc.property(statements, statement, fc.nat(4), (list, extra, index) => {
      const before = judge(policyOf(list)).verdict
      const after = judge(policyOf(list.toSpliced(index, 0, { ...extra, Effect: 'Deny' }))).verdict
      return before === 'denied' ? after === 'denied' : before !== 'depends' || after !== 'allowed'
    })
  )
})

t.test('the order of statements and values never matters', async () => {
  const reversed = (value: unknown): unknown =>
    Array.isArray(value)
      ? value.map(reversed).reverse()
      : typeof value === 'object' && value !== null
        ? Object.fromEntries(
            Object.entries(value)
              .map(([key, each]): [string, unknown] => [key, reversed(each)])
              .reverse()
          )
        : value
  check(
    fc.property(statements, (list) => {
      const [one, two] = [judge(policyOf(list)), judge(reversed(policyOf(list)))]
      return (
        one.verdict === two.verdict &&
        one.overPermissive === two.overPermissive &&
        one.dependsOn.join() === two.dependsOn.join()
      )
    })
  )
})

t.test('whether a policy is over-permissive does not depend on who asks', async () => {
  check(
    fc.property(statements, (list) => {
      const answers = subjects.map((subject) => {
        const [, , namespace = '', serviceAccount = ''] = subject.split(':')

        return judgeTrust({ ...question(policyOf(list), { at }), namespace, serviceAccount }).overPermissive
      })
      return new Set(answers).size === 1
    })
  )
})

t.test('the case of keys and actions never matters', async () => {
  const shouted = (list: readonly StatementJson[]): unknown[] =>
    list.map((each) => ({
      ...each,
      Action: String(each['Action']).toUpperCase(),
      Condition: Object.fromEntries(
        Object.entries(each['Condition'] ?? {}).map(([name, keys]: [string, object]) => [
          name,
          Object.fromEntries(
            Object.entries(keys).map(([key, value]: [string, unknown]) => [key.toUpperCase(), value])
          )
        ])
      )
    }))
  check(
    fc.property(statements, (list) => {
      const [one, two] = [judge(policyOf(list)), judge(policyOf(shouted(list)))]
      return one.verdict === two.verdict && one.overPermissive === two.overPermissive
    })
  )
})

/** A request that a context stands for: each key that it leaves open has one value, or none. */
function concrete(
  context: RequestContext,
  values: Readonly<Record<string, string | undefined>>,
  time: Date
): RequestContext {
  return {
    stateOf(key): KeyState {
      const state = context.stateOf(key)
      if (state.is === 'time') {
        return {
          is: 'known',
          value: key === 'aws:epochtime' ? String(Math.floor(time.getTime() / 1000)) : time.toISOString()
        }
      }
      if (state.is !== 'runtime' && state.is !== 'either') return state
      const value = values[key] ?? (state.is === 'runtime' && state.always ? 'x' : undefined)
      return value === undefined ? { is: 'absent' } : { is: 'known', value }
    }
  }
}

const parsed = (document: unknown): Policy => {
  const policy = parsePolicy(document)
  if ('reason' in policy) throw new Error(policy.reason)
  return policy
}

const requests = fc.tuple(
  fc.record({
    'aws:sourceip': fc.constantFrom('10.1.2.3', '2001:db8::1', '192.0.2.1', undefined),
    'aws:sourcevpce': fc.constantFrom('vpce-1', 'vpce-2', undefined),
    'aws:useragent': fc.constantFrom('aws-cli', 'x'),
    'sts:rolesessionname': fc.string({ minLength: 2 })
  }),
  fc.date({ min: at, max: new Date('2040-01-01'), noInvalidDate: true })
)

t.test('allowed and denied hold for every value of the keys that a request decides', async () => {
  check(
    fc.property(statements, fc.array(requests, { minLength: 5, maxLength: 10 }), (list, each) => {
      const { verdict } = judge(policyOf(list))
      const { token } = askedOf(question(undefined, { at }))
      const context = contextOf(token)
      const policy = parsed(policyOf(list))
      const decided = each.map(
        ([values, time]) =>
          evaluatePolicy(policy, webIdentityCall(provider, concrete(context, values, time))).verdict
      )
      return verdict === 'depends' || decided.every((each) => each === verdict || each === 'depends')
    })
  )
})

t.test('what is suggested lets the account in, and nobody else', async (t) => {
  let suggestions = 0
  const everyone = [host, other].flatMap((issuer) =>
    [
      ...subjects,
      'system:serviceaccount:shop:x',
      'system:serviceaccount:x:cart',
      'system:serviceaccount:x:y'
    ].flatMap((subject) =>
      audiences.map((audience) => ({
        issuer,
        subject,
        audience,
        roleAccount: account,
        provider: providerOf(issuer),
        at
      }))
    )
  )
  check(
    fc.property(statements, (list) => {
      const before = policyOf(list)
      const after = suggestTrust(question(before, { at }), judge(before))
      if (after === undefined) return true
      suggestions++
      return (
        judge(after).verdict === 'allowed' &&
        everyone.every((token) => {
          if (token.issuer === host && token.subject === 'system:serviceaccount:shop:cart') return true
          const [was, is] = [before, after].map(
            (document) =>
              evaluatePolicy(parsed(document), webIdentityCall(providerOf(token.issuer), contextOf(token)))
                .verdict
          )
          return is === 'denied' || is === was
        })
      )
    }),
    3000
  )
  t.ok(suggestions > 200, `${suggestions} suggestions were tried`)
})
