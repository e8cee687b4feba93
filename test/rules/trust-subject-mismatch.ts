import type { Case } from '../support/rule-case.js'
import { annotation, asks, policy, statement, trustOf } from '../support/trust.js'

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
      /^role cart does not trust system:serviceaccount:shop:cart: in its statement 0, StringEquals ".*:sub" requires "system:serviceaccount:default:cart" or "system:serviceaccount:a:b", but the token has "system:serviceaccount:shop:cart": the namespace differs$/,
    fix: /add "system:serviceaccount:shop:cart"/,
    atAdmission: 'error'
  }
]
