import type { Case } from '../support/rule-case.js'
import { annotation, asks, policy, silentTrustCases, statement, trustOf } from '../support/trust.js'

export const cases: readonly Case[] = [
  ...silentTrustCases,
  {
    why: 'the problem that the rule reports',
    annotation,
    facts: { trust: trustOf(policy(statement({ Action: 'sts:AssumeRole' }))) },
    message:
      /^role cart does not allow sts:AssumeRoleWithWebIdentity, which pods call: its statement 0 allows "sts:AssumeRole"$/,
    fix: /add sts:AssumeRoleWithWebIdentity/,
    atAdmission: 'error'
  },
  {
    why: 'no Allow statement',
    annotation,
    facts: {
      trust: trustOf(
        policy(statement({ Effect: 'Deny', Condition: asks({ sub: 'system:serviceaccount:a:b' }) }))
      )
    },
    message: /trusts no principal: its trust policy has no Allow statement/
  }
]
