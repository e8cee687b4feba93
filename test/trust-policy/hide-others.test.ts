import t from 'tap'
import { defaultIdentityWebhook } from '../../src/identity-webhook/settings.js'
import { known } from '../../src/model/fact.js'
import { parseSubject } from '../../src/model/subject.js'
import { rules } from '../../src/rules/index.js'
import { hideOthers } from '../../src/trust-policy/hide-others.js'
import { judgeTrust, type TrustJudgement } from '../../src/trust-policy/judge.js'
import { namesNamespace } from '../../src/trust-policy/names-namespace.js'
import { evaluate } from '../../src/verdict/evaluate.js'
import { buildPlanner } from '../../src/verdict/plan.js'
import { accountOf, identityWebhook } from '../support/accounts.js'
import { asks, host, issuer, policy, question, statement } from '../support/trust.js'

const hidden = 'system:serviceaccount:<another namespace>:<name>'
const sub = (value: unknown): object => policy(statement({ Condition: asks({ sub: value }) }))
const like = (value: unknown): object => ({ StringLike: { [`${host}:sub`]: value } })

/** What all rules say of a policy for shop/cart at admission. */
function messagesOf(document: unknown): string[] {
  const subject = parseSubject(accountOf(), { stage: 'admitted' })
  if (subject === undefined) throw new Error('not a subject')
  const trust = known(hideOthers(judgeTrust(question(document)), 'shop'))
  const facts = { trust, issuer: known(issuer), identityWebhook }

  return evaluate(buildPlanner(rules)(subject, defaultIdentityWebhook), subject, facts, {
    at: new Date()
  }).findings.map(({ message, fix }) => `${message} ${fix}`)
}

t.test('names no service account in another namespace', async (t) => {
  const table: Readonly<Record<string, object>> = {
    'another subject': sub('system:serviceaccount:billing:invoices'),
    'a namesake': sub('system:serviceaccount:billing:cart'),
    'among ours': sub(['system:serviceaccount:shop:web', 'system:serviceaccount:billing:invoices']),
    'in another form': sub('billing/invoices'),
    'in another case': sub('System:ServiceAccount:Billing:invoices'),
    'a literal wildcard': sub(['system:serviceaccount:shop:*', 'system:serviceaccount:billing:*']),
    'under the key of an audience': policy(
      statement({ Condition: asks({ aud: 'system:serviceaccount:billing:invoices' }) })
    ),
    'under the key of another issuer': policy(
      statement({ Condition: { StringEquals: { 'a.example:sub': 'billing:invoices' } } })
    ),
    'under a key with a blank': policy(
      statement({ Condition: { StringEquals: { [`${host}:sub `]: 'billing:invoices' } } })
    ),
    'a Deny': policy(
      statement(),
      statement({
        Effect: 'Deny',
        Condition: { StringNotEquals: { [`${host}:sub`]: 'system:serviceaccount:billing:invoices' } }
      })
    ),
    'a pattern that lets others in': policy(
      statement(),
      statement({ Condition: like('system:serviceaccount:billing*:*') })
    ),
    'a document that is invalid': policy(['system:serviceaccount:billing:invoices'])
  }
  for (const [why, document] of Object.entries(table)) {
    const messages = messagesOf(document)
    t.ok(messages.length > 0, `${why}: something is wrong`)
    t.notMatch(messages.join('\n'), /billing|invoices/i, why)
  }
})

t.test('still tells what helps', async (t) => {
  t.match(messagesOf(sub(['system:serviceaccount:billing:a', 'system:serviceaccount:billing:b'])), [
    `the role does not trust system:serviceaccount:shop:cart: in its statement 1, StringEquals "${host}:sub" requires a service account in another namespace, but the token has "system:serviceaccount:shop:cart" add "system:serviceaccount:shop:cart" to that condition, or point the annotation at a role for this service account`
  ])
  for (const [value, difference] of [
    ['system:serviceaccount:shop:web', /requires "system:serviceaccount:shop:web".*the name differs/],
    [
      'system:serviceaccount:Shop:cart',
      /requires "system:serviceaccount:Shop:cart".*the capitalization differs/
    ],
    [
      'system:serviceaccount:cart:shop',
      /requires "system:serviceaccount:cart:shop".*namespace and name are swapped/
    ],
    ['shop/cart', /requires "shop\/cart".*not of the form/],
    ['system:serviceaccount:shop:*', /requires "system:serviceaccount:shop:\*".*literally/],
    ['*', /requires "\*".*literally/]
  ] as const) {
    t.match(messagesOf(sub(value)), [difference], value)
  }
  t.match(
    messagesOf(
      policy(
        statement({ Condition: { ...like('system:serviceaccount:*:cart'), ...asks({ sub: undefined }) } })
      )
    ),
    [
      /admits service accounts in other namespaces through "system:serviceaccount:\*:cart" in its statement 1 list/
    ]
  )
  t.strictSame(messagesOf(policy(statement())), [])
})

const secrets = /secret|billing|444455556666|vpce-1|o-1|lambda|oidc-1|StringNotLike|aws:/i
const aboutNobody = {
  'AWS principals': statement({
    Principal: { AWS: 'arn:aws:iam::444455556666:role/secret' },
    Action: 'sts:AssumeRole',
    Condition: undefined
  }),
  'an AWS service': statement({
    Principal: { Service: 'lambda.amazonaws.com' },
    Action: 'sts:AssumeRole',
    Condition: undefined
  }),
  "another cluster's provider": statement({
    Principal: { Federated: 'arn:aws:iam::444455556666:oidc-provider/oidc-1.example' },
    Condition: { StringEquals: { 'oidc-1.example:sub': 'system:serviceaccount:billing:secret' } }
  }),
  'the key of another cluster': statement({
    Condition: { StringEquals: { 'oidc-1.example:sub': 'system:serviceaccount:billing:secret' } }
  }),
  'an audience': statement({ Condition: { StringEquals: { [`${host}:aud`]: 'secret' } } }),
  'a condition that no pod meets': statement({
    Condition: { StringEquals: { 'aws:PrincipalOrgID': 'o-1' } }
  }),
  'a Deny': statement({ Effect: 'Deny', Condition: { StringNotLike: { 'aws:SourceVpce': 'vpce-1' } } }),
  'two issuers': statement({
    Condition: {
      StringEquals: {
        [`${host}:sub`]: 'system:serviceaccount:shop:cart',
        'oidc-1.example:sub': 'system:serviceaccount:billing:secret'
      }
    }
  })
}

t.test('shows nothing else of a policy that does not name the namespace', async (t) => {
  for (const [what, ours] of Object.entries(aboutNobody)) {
    const shown = messagesOf(policy(ours))
    t.not(shown.length, 0, what)
    if (what === 'two issuers') {
      t.match(shown, [/oidc-1/], 'one that does is shown')
      continue
    }
    t.notMatch(shown.join('\n'), secrets, what)
    t.match(
      shown,
      [
        /^the role does not admit system:serviceaccount:shop:cart; its trust policy names no service account of the namespace, so the reason is not shown here point the annotation at a role for this service account, or have the owner of the role admit it; users who can read the role see the reason with irsa-guard trust$/
      ],
      what
    )
  }
  t.match(messagesOf({ Version: '2012-10-17', Statement: [{ Effect: 'secret' }] }), [
    /^IAM would reject the trust policy of the role: the document: a part of it is invalid correct/
  ])
})

t.test('the rules and their severities are the same as without hiding', async (t) => {
  const findingsOf = (trust: TrustJudgement) => {
    const subject = parseSubject(accountOf(), { stage: 'admitted' })
    if (subject === undefined) throw new Error('not a subject')
    const facts = { trust: known(trust), issuer: known(issuer), identityWebhook }
    return evaluate(buildPlanner(rules)(subject, defaultIdentityWebhook), subject, facts, { at: new Date() })
      .findings.filter(({ rule }) => !/too-broad|unchecked|near-limit/.test(rule)) // about what the role admits in addition
      .map(({ rule, severity }) => `${rule} ${severity}`)
  }
  for (const [what, ours] of Object.entries(aboutNobody)) {
    const judgement = judgeTrust(question(policy(ours)))
    t.strictSame(findingsOf(hideOthers(judgement, 'shop')), findingsOf(judgement), what)
  }
})

t.test('a policy names the namespace', async (t) => {
  const table: readonly (readonly [document: object, names: boolean])[] = [
    [sub('system:serviceaccount:shop:web'), true],
    [sub('system:serviceaccount:Shop:web'), true],
    [sub(['system:serviceaccount:a:b', 'shop/cart']), true],
    [policy(statement({ Condition: like('system:serviceaccount:sh*:web') })), true],
    [
      policy(
        statement({ Condition: { StringEquals: { 'a.example:sub': 'system:serviceaccount:shop:web' } } })
      ),
      true
    ],
    [policy(statement({ Condition: asks({ sub: 'a', aud: 'system:serviceaccount:shop:cart' }) })), true],
    [sub('system:serviceaccount:shopping:web'), false],
    [sub('system:serviceaccount:shop-a:cart'), false],
    [
      policy(statement({ Principal: '*', Condition: { StringEquals: { 'aws:PrincipalTag/a': 'shop' } } })),
      false
    ]
  ]
  for (const [document, names] of table)
    t.equal(
      namesNamespace(document, { namespace: 'shop', serviceAccount: 'cart' }),
      names,
      JSON.stringify(document)
    )
})

t.test('leaves the verdict, and what is not about subjects', async (t) => {
  for (const document of [
    sub('system:serviceaccount:a:b'),
    policy(statement({ Action: 'sts:AssumeRole' })),
    policy(statement())
  ]) {
    const judgement = judgeTrust(question(document))
    const shown = hideOthers(judgement, 'shop')
    const { size } = shown // of a policy that does not name the namespace, not even the length is shown
    t.strictSame({ ...shown, miss: shown.miss?.kind }, { ...judgement, size, miss: judgement.miss?.kind })
  }
})

t.test('tells of an account that gets in only when it is of ours', async (t) => {
  const judgement = judgeTrust(question(policy(statement())))
  const table: readonly (readonly [value: string, example: string, shown: object])[] = [
    [
      'system:serviceaccount:shop:*',
      'system:serviceaccount:shop:a',
      { value: 'system:serviceaccount:shop:*', example: 'system:serviceaccount:shop:a' }
    ],
    [
      'system:serviceaccount:*:cart',
      'system:serviceaccount:billing:cart',
      { value: 'system:serviceaccount:*:cart' }
    ],
    ['system:serviceaccount:bill*:*', 'system:serviceaccount:billing:a', { value: hidden }]
  ]
  for (const [value, example, shown] of table) {
    const { breadth } = hideOthers(
      { ...judgement, breadth: [{ kind: 'other-namespaces', statement: 0, value, example }] },
      'shop'
    )
    t.strictSame(breadth, [{ kind: 'other-namespaces', statement: 0, ...shown }], value)
  }
})
