import type { Case } from '../support/rule-case.js'
import { annotation, asks, policy, silentTrustCases, statement, trustOf } from '../support/trust.js'

export const cases: readonly Case[] = [
  ...silentTrustCases,
  {
    why: 'the problem that the rule reports',
    annotation,
    facts: {
      trust: trustOf(policy(statement({ Condition: asks({ sub: 'system:serviceaccount:shop:*' }) })))
    },
    message: /StringEquals compares \* and \? literally/,
    fix: /^write the exact value in that condition: "system:serviceaccount:shop:cart"$/,
    atAdmission: 'error'
  },
  {
    why: 'an audience',
    annotation,
    facts: { trust: trustOf(policy(statement({ Condition: asks({ aud: 'sts.*' }) }))) },
    message: /compares \* and \? literally/,
    fix: /^write the exact value in that condition: "sts.amazonaws.com"$/
  }
]
