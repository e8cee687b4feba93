import type { Case } from '../support/rule-case.js'
import { annotation, policy, provider, silentTrustCases, statement, trustOf } from '../support/trust.js'

export const cases: readonly Case[] = [
  ...silentTrustCases,
  {
    why: 'the problem that the rule reports',
    annotation,
    facts: { trust: trustOf(policy(statement({ Principal: { Federated: `${provider}/` } }))) },
    message: /names "arn.*EXAMPLE\/"; expected "arn.*EXAMPLE": it has a trailing slash$/,
    fix: /write "Principal"/,
    atAdmission: 'error'
  }
]
