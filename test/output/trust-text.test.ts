import t from 'tap'
import { evaluateTrust } from '../../src/library/evaluate-trust.js'
import { type TrustReport, trustTextOf } from '../../src/output/trust-text.js'

const allowed: TrustReport = { subject: 'shop/cart', verdict: 'allowed', overPermissive: false, findings: [] }
const statement = { Effect: 'Allow' }

t.test('marks the statement that decides', async (t) => {
  const table: readonly (readonly [
    why: string,
    policy: object,
    statement: number | undefined,
    marked: readonly string[]
  ])[] = [
    [
      'the second of two',
      { Version: '2012-10-17', Statement: [{ Effect: 'Deny' }, statement] },
      1,
      ['{', '"Effect": "Allow"', '}']
    ],
    [
      'not in a list',
      { Statement: statement, Version: '2012-10-17' },
      0,
      ['"Statement": {', '"Effect": "Allow"', '},']
    ],
    ['none', { Statement: [statement] }, undefined, []]
  ]
  for (const [why, policy, index, marked] of table) {
    const text = trustTextOf({ ...allowed, ...(index !== undefined && { statement: index }) }, policy)
    const lines = text.split('\n').filter((line) => line.startsWith('>'))
    t.strictSame(
      lines.map((line) => line.slice(1).trim()),
      marked,
      why
    )
    t.match(
      text,
      index === undefined
        ? /^shop\/cart: allowed$/m
        : new RegExp(`^shop/cart: allowed by statement ${index}$`, 'm'),
      why
    )
  }
})

t.test('says denied by a statement only of an explicit Deny', async (t) => {
  const question = {
    roleAccount: '111122223333',
    issuer: 'https://a.example',
    namespace: 'shop',
    serviceAccount: 'cart',
    audience: 'aws'
  }
  const of = (Effect: string, account: string): object => ({
    Effect,
    Principal: { Federated: 'arn:aws:iam::111122223333:oidc-provider/a.example' },
    Action: 'sts:AssumeRoleWithWebIdentity',
    Condition: {
      StringEquals: { 'a.example:sub': `system:serviceaccount:shop:${account}`, 'a.example:aud': 'aws' }
    }
  })
  const table: readonly (readonly [why: string, list: unknown, headline: string])[] = [
    ['a Deny', [of('Allow', 'cart'), of('Deny', 'cart')], 'denied by statement 1'],
    ['a Deny not in a list', of('Deny', 'cart'), 'denied by statement 0'],
    [
      'an Allow that does not match',
      [of('Allow', 'search'), of('Deny', 'x')],
      'denied: no statement allows it; statement 0 comes nearest'
    ],
    [
      'an Allow not in a list',
      of('Allow', 'search'),
      'denied: no statement allows it; statement 0 comes nearest'
    ],
    ['no Allow at all', of('Deny', 'x'), 'denied: no statement allows it']
  ]
  for (const [why, Statement, headline] of table) {
    const policy = { Version: '2012-10-17', Statement }
    const text = trustTextOf(
      { ...evaluateTrust({ document: policy, ...question }), subject: 'shop/cart' },
      policy
    )
    t.equal(/^shop\/cart: (.*)$/m.exec(text)?.[1], headline, why)
  }
})

t.test('tells what is wrong, and the way out', async (t) => {
  const report: TrustReport = {
    ...allowed,
    overPermissive: true,
    findings: [
      { rule: 'a-rule', severity: 'warning', field: 'spec', message: 'a\u001b[31m', fix: 'b', docs: 'c' }
    ],
    suggested: { Statement: [] }
  }
  const text = trustTextOf(report, { Statement: [statement] })
  t.match(
    text,
    /^shop\/cart: allowed; the role admits others, too\nwarning a-rule: a\\u\{1b\}\[31m\n {2}fix: b\n\n--- trust policy\n\+\+\+ corrected\n/m
  )
  t.match(text, '\n-      "Effect": "Allow"\n')
})

t.test('shows no policy where there is none', async (t) => {
  for (const policy of [undefined, 'text', ['a']]) {
    t.equal(
      trustTextOf({ ...allowed, verdict: 'unknown', suggested: {} }, policy),
      'shop/cart: unknown\n',
      JSON.stringify(policy)
    )
  }
})
