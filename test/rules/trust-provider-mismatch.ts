import type { Case } from '../support/rule-case.js'
import { annotation, asks, policy, provider, statement, trustOf } from '../support/trust.js'

export const cases: readonly Case[] = [
  {
    why: 'a policy that admits the service account',
    annotation,
    facts: { trust: trustOf(policy(statement())) }
  },
  {
    why: 'a different problem, which another rule reports',
    annotation,
    facts: { trust: trustOf(policy(statement({ Condition: asks({ sub: 'system:serviceaccount:a:b' }) }))) }
  },
  {
    why: 'the problem that the rule reports',
    annotation,
    facts: { trust: trustOf(policy(statement({ Principal: { Federated: `${provider}/` } }))) },
    message: /names "arn.*EXAMPLE\/"; expected "arn.*EXAMPLE": it has a trailing slash$/,
    fix: /write "Principal"/,
    atAdmission: 'error'
  }
]
