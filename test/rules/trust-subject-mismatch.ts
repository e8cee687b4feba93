import { defaultIdentityWebhook } from '../../src/identity-webhook/settings.js'
import { known } from '../../src/model/fact.js'
import { accountOf } from '../support/accounts.js'
import type { Case } from '../support/rule-case.js'
import { annotation, asks, host, policy, statement, subject, trustOf } from '../support/trust.js'

export const cases: readonly Case[] = [
  {
    why: 'a policy that admits the service account',
    annotation,
    facts: { trust: trustOf(policy(statement())) }
  },
  {
    why: 'a different problem, which another rule reports',
    annotation,
    facts: { trust: trustOf(policy(statement({ Action: 'sts:AssumeRole' }))) }
  },
  {
    why: 'the problem that the rule reports',
    annotation,
    facts: {
      trust: trustOf(
        policy(
          statement({
            Condition: asks({ sub: ['system:serviceaccount:a:b', 'system:serviceaccount:default:cart'] })
          })
        )
      )
    },
    message:
      /^role cart does not trust system:serviceaccount:shop:cart: in its statement 1, StringEquals ".*:sub" requires "system:serviceaccount:default:cart" or "system:serviceaccount:a:b", but the token has "system:serviceaccount:shop:cart": the namespace differs$/,
    fix: /add "system:serviceaccount:shop:cart"/,
    atAdmission: 'error'
  },
  {
    why: 'the account that a condition excludes',
    annotation,
    facts: {
      trust: trustOf(policy(statement({ Condition: { StringNotEquals: { [`${host}:sub`]: subject } } })))
    },
    message: /StringNotEquals excludes this subject$/,
    fix: /^point the annotation at a role for this service account, because that condition excludes it by name$/
  },
  {
    why: 'an audience under the key of the subject, beside the right one',
    annotation,
    facts: { trust: trustOf(policy(statement({ Condition: asks({ sub: 'sts.amazonaws.com' }) }))) },
    message:
      /requires "sts.amazonaws.com", but the token has "system:serviceaccount:shop:cart": it is not of the form/,
    fix: /^replace "sts.amazonaws.com" with "system:serviceaccount:shop:cart" in that condition/
  },
  {
    why: "the identity webhook's ConfigMap names the role, so a new account that does not ask for it is not denied",
    object: accountOf(),
    facts: {
      trust: trustOf(policy(statement({ Condition: asks({ sub: 'system:serviceaccount:a:b' }) }))),
      identityWebhook: known({
        ...defaultIdentityWebhook,
        configured: known(new Map([['shop/cart', { role: annotation, audience: 'sts.amazonaws.com' }]]))
      })
    },
    message: /^role cart does not trust system:serviceaccount:shop:cart/,
    severity: 'warning'
  }
]
