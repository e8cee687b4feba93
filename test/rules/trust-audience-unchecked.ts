import type { Case } from '../support/rule-case.js'
import { annotation, asks, policy, silentTrustCases, statement, trustOf } from '../support/trust.js'

export const cases: readonly Case[] = [
  ...silentTrustCases,
  {
    why: 'the problem that the rule reports',
    annotation,
    facts: { trust: trustOf(policy(statement({ Condition: asks({ aud: undefined }) }))) },
    message: /accepts tokens with any audience: its statement 1/,
    fix: /add a StringEquals condition/,
    atAdmission: 'warning'
  }
]
