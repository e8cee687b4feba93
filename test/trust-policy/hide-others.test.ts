import t from 'tap'
import { defaultIdentityWebhook } from '../../src/identity-webhook/settings.js'
import { known } from '../../src/model/fact.js'
import { parseSubject } from '../../src/model/subject.js'
import { rules } from '../../src/rules/index.js'
import { hideOthers } from '../../src/trust-policy/hide-others.js'
import { judgeTrust } from '../../src/trust-policy/judge.js'
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
    `the role does not trust system:serviceaccount:shop:cart: in its statement 1, StringEquals "${host}:sub" requires a service account in another namespace, but the token has "system:serviceaccount:shop:cart": namespace and name differ`
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

t.test('leaves the verdict, and what is not about subjects', async (t) => {
  for (const document of [
    sub('system:serviceaccount:a:b'),
    policy(statement({ Action: 'sts:AssumeRole' })),
    policy(statement())
  ]) {
    const judgement = judgeTrust(question(document))
    const shown = hideOthers(judgement, 'shop')
    t.strictSame({ ...shown, miss: shown.miss?.kind }, { ...judgement, miss: judgement.miss?.kind })
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
