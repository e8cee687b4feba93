import { known, moot } from '../../src/model/fact.js'
import { registeredWebhooksOf } from '../../src/model/registered-webhooks.js'
import { configurationOf, configurationSubject, eksWebhook } from '../support/webhooks.js'
import type { Case } from '../support/rule-case.js'

const annotation = 'arn:aws:iam::111122223333:role/cart'
const none = { identityWebhooks: known([]) }

export const cases: readonly Case[] = [
  {
    why: 'there is one',
    annotation,
    facts: { identityWebhooks: known(registeredWebhooksOf([configurationSubject(configurationOf([eksWebhook()]))])) }
  },
  { why: 'nobody sees the whole cluster', annotation, facts: { identityWebhooks: moot('') } },
  {
    why: 'there is none; it may come in a moment',
    annotation,
    facts: none,
    atAdmission: 'warning',
    message: /^no identity webhook is registered in the cluster, so no pod of an annotated service account gets its role$/,
    fix: /register it again/
  },
  { why: 'it asks for no role', annotation: undefined, facts: none },
  { why: 'emptied', annotation: '', facts: none },
  { why: 'a key of somebody else', annotation: undefined, annotations: { 'other.example/role-arn': annotation }, facts: none }
]
