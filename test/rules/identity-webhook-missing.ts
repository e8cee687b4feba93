import { registeredWebhooksOf } from '../../src/identity-webhook/registrations.js'
import { known, moot } from '../../src/model/fact.js'
import { accountOf, annotated } from '../support/accounts.js'
import type { Case } from '../support/rule-case.js'
import { configurationOf, configurationSubject, eksWebhook } from '../support/webhooks.js'

const none = { identityWebhooks: known([]) }

export const cases: readonly Case[] = [
  {
    why: 'an identity webhook exists',
    stage: 'running',
    object: accountOf(annotated),
    facts: {
      identityWebhooks: known(registeredWebhooksOf([configurationSubject(configurationOf([eksWebhook()]))]))
    }
  },
  {
    why: 'the list of webhooks is not known to be complete',
    stage: 'source',
    object: accountOf(annotated),
    facts: { identityWebhooks: moot('') }
  },
  ...(['running', 'source'] as const).map((stage) => ({
    why: `there is none, ${stage}`,
    stage,
    object: accountOf(annotated),
    facts: none,
    message:
      /^no identity webhook is registered in the cluster, so pods of annotated service accounts do not get their role$/,
    fix: /register the identity webhook again/
  })),
  { why: 'at admission, the webhook may be installed shortly', object: accountOf(annotated), facts: none },
  { why: 'no role requested', stage: 'running', object: accountOf(), facts: none },
  { why: 'emptied', stage: 'running', object: accountOf({ 'eks.amazonaws.com/role-arn': '' }), facts: none },
  {
    why: 'an unrelated annotation',
    stage: 'running',
    object: accountOf({ 'other.example/role-arn': 'arn:aws:iam::111122223333:role/cart' }),
    facts: none
  }
]
