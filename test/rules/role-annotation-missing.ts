import { defaultIdentityWebhook } from '../../src/identity-webhook/settings.js'
import { known } from '../../src/model/fact.js'
import { accountOf, annotated, identityWebhook } from '../support/accounts.js'
import { otherRole, role } from '../support/pods.js'
import type { Case } from '../support/rule-case.js'

const facts = { identityWebhook, rolesTrusting: known([role]) }

export const cases: readonly Case[] = [
  {
    why: 'no annotation',
    stage: 'source',
    object: accountOf(),
    facts,
    message: /role ".*role\/cart" trusts exactly this service account/,
    fix: /kubectl annotate serviceaccount cart -n shop/
  },
  {
    why: 'two roles trust it',
    stage: 'running',
    object: accountOf(),
    facts: { identityWebhook, rolesTrusting: known([role, otherRole]) },
    message: /\(and 1 more\)/
  },
  { why: 'annotated', stage: 'source', object: accountOf(annotated), facts },
  {
    why: 'emptied: another rule reports it',
    stage: 'source',
    object: accountOf({ 'eks.amazonaws.com/role-arn': '' }),
    facts
  },
  {
    why: 'role from the ConfigMap',
    stage: 'source',
    object: accountOf(),
    facts: {
      ...facts,
      identityWebhook: known({
        ...defaultIdentityWebhook,
        configured: known(new Map([['shop/cart', { role, audience: undefined }]]))
      })
    }
  },
  {
    why: 'no role trusts it',
    stage: 'source',
    object: accountOf(),
    facts: { identityWebhook, rolesTrusting: known([]) }
  },
  { why: 'never at admission', object: accountOf(), facts }
]
