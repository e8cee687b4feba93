import { accountOf, annotated, identityWebhook } from '../support/accounts.js'
import type { Case } from '../support/rule-case.js'

const facts = { identityWebhook }

export const cases: readonly Case[] = [
  {
    why: 'default with a role',
    object: accountOf(annotated, 'default'),
    facts,
    message: /^every pod in shop that names no service account gets role .*cart$/
  },
  { why: 'default without a role', object: accountOf({}, 'default'), facts },
  {
    why: 'default with an empty role',
    object: accountOf({ 'eks.amazonaws.com/role-arn': '' }, 'default'),
    facts
  },
  { why: 'a different service account', object: accountOf(annotated, 'default-2'), facts }
]
