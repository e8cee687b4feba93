import type { Case } from '../support/rule-case.js'
import { annotation, policy, silentTrustCases, statement, trustOf } from '../support/trust.js'

export const cases: readonly Case[] = [
  ...silentTrustCases,
  {
    why: 'the problem that the rule reports',
    annotation,
    facts: {
      trust: trustOf(
        policy(
          statement(),
          statement({ Effect: 'Deny', Condition: { StringNotEquals: { 'aws:PrincipalOrgID': 'o-1' } } })
        )
      )
    },
    message:
      /^role cart rejects system:serviceaccount:shop:cart: its statement 1 is a Deny that applies because StringNotEquals "aws:PrincipalOrgID" "o-1" is met \(the request does not have the key\)$/,
    fix: /narrow that Deny/,
    atAdmission: 'error'
  },
  {
    why: 'a Deny with no conditions',
    annotation,
    facts: { trust: trustOf(policy(statement(), statement({ Effect: 'Deny', Condition: undefined }))) },
    message: /statement 1 is a Deny that applies$/
  },
  {
    why: 'a key that the token has',
    annotation,
    facts: { trust: trustOf(policy(statement(), statement({ Effect: 'Deny' }))) },
    message: /is met \(the request has "system:serviceaccount:shop:cart"\)/
  },
  {
    why: 'a key that every request has',
    annotation,
    facts: {
      trust: trustOf(
        policy(
          statement(),
          statement({ Effect: 'Deny', Condition: { StringLike: { 'sts:RoleSessionName': '*' } } })
        )
      )
    },
    message: /because StringLike "sts:RoleSessionName" "\*" is met \(any value meets it\)$/
  }
]
